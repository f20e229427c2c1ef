"""The words of the field that Lethe uses, each told in two lines: read by pages and command line.

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
    "forget set": "The training images that the model is to behave as if it had never seen.",
    "retain set": "All other training images, on which the model is to stay as it was.",
    "probe": "Some of the images, the same throughout a run, which are drawn on the map and from "
    "which live figures are estimated.",
    "map": "Each point is an image, placed by what the network makes of it: near points are alike "
    "to the network. Laid out once for the original model and followed from then on.",
    "verdict": "The run's outcome in words, from its figures beside the retrained model's.",
    "preset": "Values of all knobs that belong together, such as those of a paper.",
    "step": "One update of the network's weights from a batch of images.",
    "seed": "The number that decides all that is drawn at random: the same seed, the same run.",
    "reference map": "The original model's map, fitted once and kept with the model.",
    "class": "Images with the same label.",
}
