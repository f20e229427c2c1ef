"""The words of the field that Lethe uses, each told in two lines: read by pages.

A metric, a method and a knob tell themselves in their own files; here stand the words between them.
"""

from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    "original": "The model before anything was forgotten, trained on all of the data.",
    "retrained": "A model trained anew on everything but the forget set: what forgetting should "
    "look like. Numbers near its own are the aim, not 0 or 100 %.",
    "unlearned": "The original model after the updates of this run.",
    "gap to retrained": "The unlearned model's value less the retrained model's. The nearer to 0, "
    "the more alike they are.",
    "learn": "Training the original model and laying out its map: neither is done twice.",
    "forget": "The updates of this run, with a look at the network after every few of them.",
    "compare": "Training a model without the forget set, unless one is kept, and measuring all.",
    "steps": "Updates of the network's weights, each from a batch of images.",
    "pictures": "Looks at the network on the way: the frames that the map plays.",
    "disk": "What the pictures take in the home folder, until the run is deleted.",
    "epochs": "Passes over a set of images.",
    "tasks": "Whether whole classes or single samples can be forgotten by it.",
    "presets": "Values of all knobs that belong together, such as those of a paper.",
}
