"""Words: what the words of the field mean, each in two lines and a small drawing."""

from ui import blocks, session, words

ORDER = 4.5

session.notices()
blocks.headline("Words", "What the pages speak of, in two lines each. A word that is underlined in "
                "dots opens wherever it stands.")  # fmt: skip
words.page(session.store().catalog())
