"""What is said of a path that is not there, with what is: one letter is often all that is wrong."""

import difflib
from pathlib import Path


def missing(path: Path, what: str = "file") -> str:
    """ "There is no file '/data/pet.csv'; '/data' holds 'pets.csv'." """
    if path.exists():
        return f"{str(path)!r} is a {'folder' if path.is_dir() else 'file'}, and no {what}"
    said = f"There is no {what} {str(path)!r}"
    parent = next(folder for folder in (*path.absolute().parents,) if folder.is_dir())
    below = path.absolute().relative_to(parent).parts
    try:
        there = [found.name for found in parent.iterdir() if not found.name.startswith(".")]
    except OSError:
        return said
    by_lower = {name.lower(): name for name in there}
    near = difflib.get_close_matches(below[0].lower(), list(by_lower), 1)
    if near:
        return f"{said}; {str(parent)!r} holds {by_lower[near[0]]!r}"
    return said if len(below) == 1 else f"{said}; {str(parent)!r} has no {below[0]!r}"
