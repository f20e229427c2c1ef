"""What the columns of a table are for: by their names, then by what they hold."""

from dataclasses import dataclass

import numpy as np

from cu_core.data import roles
from cu_core.data._csv_files import Files
from cu_core.data._csv_sheet import Sheet
from cu_core.data._layout import SUFFIXES
from cu_core.data.partnames import listed
from cu_core.errors import BadData

SAMPLE = 100  # rows whose files are looked for
FEWEST = 16  # numbers in one text that make an image of it
FOUND = 0.5  # of them, at least, in the column of the images


@dataclass(frozen=True)
class Columns:
    """Names of columns. ``image``: "" where the samples are rows of numbers, ``features``, or one
    column with all numbers of an image, ``pixels``. ``label``: one, or one of each class."""

    label: tuple[str, ...]
    image: str = ""
    pixels: str = ""
    features: tuple[str, ...] = ()
    key: str = ""
    text: str = ""
    split: str = ""

    def rest(self, sheet: Sheet) -> list[str]:
        """Those that are not read."""
        read = {*self.label, *self.features, *vars(self).values()}
        return [name for name in sheet.names if name not in read]


def columns(sheet: Sheet, files: Files) -> Columns:
    """Of one table. BadData that names the candidates where a role is not clear."""
    split = _split(sheet)
    image = _image(sheet, files)
    pixels = "" if image else _pixels(sheet)
    left = [name for name in sheet.names if name not in (split, image, pixels)]
    label = _label(sheet, left, bool(image or pixels))
    left = [name for name in left if name not in label]
    key = roles.by_name(left, roles.KEY) or ""
    text = roles.by_name([name for name in left if name in sheet.texts], roles.TEXT) or ""
    left = [name for name in left if name not in (key, text)]
    if image or pixels:
        return Columns(label, image, pixels, (), key, text, split)
    texts = [name for name in left if name in sheet.texts]
    if not text and len(texts) == 1:
        text = texts[0]
    features = [name for name in left if name in sheet.numbers]
    others = (*roles.LABEL, *roles.KEY, *roles.SPLIT)
    features = [name for name in features if roles.by_name([name], others) is None]
    if not features:
        raise BadData(_no_samples(sheet, files))
    return Columns(label, features=tuple(features), key=key, text=text, split=split)


def _split(sheet: Sheet) -> str:
    name = roles.by_name(list(sheet.texts), roles.SPLIT)
    return name if name and roles.parts_in(sheet.texts[name]) else ""


def _image(sheet: Sheet, files: Files) -> str:
    """The column whose values are files that exist."""
    step = max(1, sheet.n // SAMPLE)
    fitting = [
        name
        for name in sheet.names
        if np.mean([bool(files.find(v)) for v in sheet.values(name)[::step]]) >= FOUND
    ]
    if not fitting:
        return ""
    named = roles.by_name(fitting, (*roles.FILE, *roles.IMAGE, *roles.KEY))
    if named is None and len(fitting) > 1:
        raise BadData(
            f"{sheet.path.name}: the files of several columns exist: {listed(fitting)}. Name the "
            "one of the images 'image'."
        )
    return named or fitting[0]


def _pixels(sheet: Sheet) -> str:
    """The column that holds all numbers of an image in one text, with spaces between them."""
    for name, values in sheet.texts.items():
        rows = [value.split() for value in values[:SAMPLE]]
        even = len(rows[0]) >= FEWEST and len({len(row) for row in rows}) == 1
        if even and all(word.isdecimal() for row in rows for word in row):
            return name
    return ""


def _label(sheet: Sheet, left: list[str], with_images: bool) -> tuple[str, ...]:
    """By name; else the only column whose values are those of classes; else 0 and 1 of each class.

    Beside numbers only a column of texts can be it by what it holds: all others are features.
    """
    if name := roles.by_name(left, roles.LABEL):
        return (name,)
    left = [n for n in left if roles.by_name([n], (*roles.KEY, *roles.TEXT)) is None]
    fitting = [n for n in left if with_images or n in sheet.texts]
    if with_images and len(left) > 1 and _are_one_hot(sheet, left):
        return tuple(left)
    several = [n for n in fitting if roles.few_values(sheet.values(n))]
    if len(several or fitting) == 1:
        return ((several or fitting)[0],)
    candidates = several or fitting or left
    raise BadData(
        f"{sheet.path.name} needs one label column, and it could be any of: {listed(candidates)}. "
        "Name it 'label'."
        if candidates
        else f"{sheet.path.name} has no column that could be the labels; add one, called 'label'."
    )


def _are_one_hot(sheet: Sheet, names: list[str]) -> bool:
    if not all(name in sheet.numbers for name in names):
        return False
    return bool(np.isin(np.stack([sheet.numbers[name] for name in names]), (0, 1)).all())


def _no_samples(sheet: Sheet, files: Files) -> str:
    named = {name: values[0] for name, values in sheet.texts.items() if values}
    looks = [n for n, value in named.items() if value.lower().endswith(SUFFIXES)]
    if looks:
        return (
            f"{sheet.path.name}: the column {looks[0]!r} names images such as "
            f"{named[looks[0]]!r}, and none is in {str(files.base)!r} or in a folder there. Put "
            "the table beside the images, or write their whole paths."
        )
    return (
        f"{sheet.path.name} has neither a column whose values are image files nor columns of "
        f"numbers; it has {listed(sheet.names)}."
    )
