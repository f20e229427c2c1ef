"""Who began a run or a sweep, and what paths they might name: ``begun.json`` in its folder.

Nothing of it is part of what was asked for, so it is not handed out with a run. A run that was
begun at this machine's own keyboard, with no path kept from anybody, has no such file.
"""

import os
from pathlib import Path

from pydantic import ValidationError

from cu_core.errors import StoreError
from cu_core.files import CONFINED, write_atomic
from cu_core.spec import Recorded

FILE = "begun.json"


class UnreadableBegun(StoreError):
    """The file is none of ours: what it confined is not known."""


class Begun(Recorded):
    """``visitor``: by the name that their browser has, "" for none; ``within``: the folders that
    paths were confined to, as $LETHE_DATA has them, "" for anywhere."""

    visitor: str = ""
    within: str = ""


def sign(folder: Path, visitor: str, within: str | None = None) -> None:
    """Keeps who began what lies there. ``within``: None for what confines this process."""
    said = Begun(visitor=visitor, within=os.environ.get(CONFINED, "") if within is None else within)
    if said != Begun():
        write_atomic(folder / FILE, said.model_dump_json().encode())


def begun(folder: Path) -> Begun:
    """Empty where there is none."""
    try:
        return Begun.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return Begun()
    except (OSError, ValidationError) as error:
        raise UnreadableBegun(
            f"{folder / FILE} cannot be read, so it is not known what this run may read. "
            "Delete the run and start it again."
        ) from error
