"""What a model that somebody brought is to be asked by: read, told, or found out, then measured.

``scalings``: the ways to normalise; ``orders``: the orders of the classes; ``looking``: one pass of
a model over a sample; ``search``: which way fits; ``words``: what is said of it.
"""
