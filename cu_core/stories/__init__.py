"""Stories: a run told in stops, each a moment of its picture with words, at times a question.

A story is one Markdown file that a person can write by hand (see ``story``); what a stop may ask is
a file of ``questions/``; those that come with Lethe lie in ``assets/stories``.
"""
