"""What a column or an array is for: by its name, then by what it holds, never by its place.

Names count in any case and with any marks between their words: ``Image_Path`` is ``imagepath``.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from cu_core.data.partnames import TEST, TRAIN, VAL, listed, part_of
from cu_core.errors import BadData
from cu_core.spec import Ints

IMAGE = (
    "image", "img", "images", "pixelvalues", "picture", "photo", "jpg", "jpeg", "png", "webp",
    "imagebytes", "imgbytes", "bytes", "pixels",
)  # fmt: skip
LABEL = (
    "label", "labels", "finelabel", "finelabels", "class", "category", "target", "targets", "y",
    "labelname", "classname", "categoryname", "labeltext", "labelid", "classid", "categoryid",
    "labelidx", "classidx", "cls", "species", "breed", "diagnosis", "emotion",
)  # fmt: skip
VECTOR = ("x", "embedding", "embeddings", "vector", "vectors", "features", "feature", "data")
TEXT = (
    "text", "texts", "sentence", "sentences", "content", "document", "documents", "review",
    "title", "prompt", "description", "caption",
)  # fmt: skip
FILE = (
    "file", "files", "filename", "filenames", "path", "paths", "filepath", "filepaths",
    "imagepath", "imagepaths", "imgpath", "imgpaths", "imagefile", "imagefiles", "imagename",
    "imgname", "relpath",
)  # fmt: skip
KEY = (
    "id", "ids", "key", "keys", "imageid", "imgid", "imageids", "sampleid", "sampleids", "uid",
    "uids", "uuid", "name", "names", "idx", "index", "indexlevel0", "unnamed0", "",
)  # fmt: skip
SPLIT = ("split", "set", "subset", "part", "partition", "usage", "fold", "phase")


def plain(name: str) -> str:
    """ "Image_Path" -> "imagepath"."""
    return re.sub(r"[\W_]+", "", name.lower())


def by_name(names: Iterable[str], wanted: Sequence[str]) -> str | None:
    """The one of ``names`` that comes first among the ``wanted``."""
    spelled = {plain(name): name for name in reversed(list(names))}
    return next((spelled[name] for name in wanted if name in spelled), None)


def only(what: str, fitting: Sequence[str], wanted: Sequence[str], where: str) -> str:
    """The column of a role: by its name among those that fit, or the only one. BadData else."""
    found = by_name(fitting, wanted)
    if found is None and len(fitting) == 1:
        found = fitting[0]
    if found is None:
        there = f"several columns that could be it: {listed(list(fitting))}" if fitting else "none"
        raise BadData(f"{where} needs one {what} column and has {there}. Name it {wanted[0]!r}.")
    return found


def few_values(values: Sequence[object]) -> bool:
    """Whether values look like those of classes: at least two, each of them several times."""
    return 2 <= len(set(values)) <= len(values) // 2


def parts_in(values: Sequence[object]) -> list[str] | None:
    """The part that each value names; None unless all name one."""
    found = [part_of(value) if isinstance(value, str) else None for value in values]
    named = [part for part in found if part]
    return named if named and len(named) == len(found) else None


def split_by(values: Sequence[object]) -> tuple[tuple[Ints, Ints] | None, list[str]]:
    """(training and test samples where each says its part, what became of those of validation);
    None where they do not say it, or all are of one part."""
    named = parts_in(values)
    if named is None or len(set(named)) == 1:
        return None, []
    part = np.array(named)
    test = TEST if TEST in named else VAL
    both = np.flatnonzero(part == TRAIN), np.flatnonzero(part == test)
    rest = int((part == VAL).sum())
    if not rest:
        return both, []
    if test == VAL:
        return both, [f"{rest:,} validation samples serve as the test part"]
    return both, [f"{rest:,} validation samples left aside"]
