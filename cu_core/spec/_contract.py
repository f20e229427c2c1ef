"""How a model that somebody brought is to be asked, and what it answered when it came."""

from __future__ import annotations

from typing import Literal

from cu_core.spec._progress import Recorded


class ModelContract(Recorded):
    """Kept in the header of the model's file, in its record and in the record of every run.

    ``mean``, ``std``: of pixels in 0..1, one a channel, or of the columns of rows as they are;
    ``normalisation``: what these are called, "imagenet" say; ``said_by``: who says so: the file,
    the owner, the search over the usual ones, or the data's own mean and std. ``classes``: the
    class names in the order of the outputs that the file had (those of the model kept are in the
    data's order). ``shape``: of a sample as it was asked. ``accuracy``: percent, measured on the
    ``n`` samples of ``part``; None: never measured. ``claimed``: percent, what the owner says.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    normalisation: str
    said_by: Literal["file", "owner", "search", "data"]
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    accuracy: float | None = None
    claimed: float | None = None
    n: int = 0
    part: str = ""
