"""Several machines that make the runs of a sweep, through Ray: one owns the store, the others help.

``hub`` stands on the machine of the home folder and answers for its runs; ``node`` is what happens
on the others; ``membership`` starts and joins machines, ``doctor`` looks at each of them, ``code``
brings Lethe along. Ray is imported inside of functions alone: it is an extra.
"""
