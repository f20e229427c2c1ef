"""What the rows of a page's small cards are, each told in two lines.

A metric, a method and a knob tell themselves in their own files, and the words of the field stand
in ``cu_core.glossary``; here are the words between them.
"""

from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    "learn": "Training the original model and laying out its map: neither is done twice.",
    "forget": "The updates of this run, with a look at the network after every few of them.",
    "compare": "Training a model without the forget set, unless one is kept, and measuring all.",
    "disk": "What the pictures take in the home folder, until the run is deleted.",
    "tasks": "Whether whole classes or single samples can be forgotten by it.",
    "presets": "Values of all knobs that belong together, such as those of a paper.",
}
