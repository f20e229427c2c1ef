"""The argument of ``indices:``: a file and, after a #, the column or list in it that is meant."""

from pathlib import Path


def listed_file(argument: str) -> tuple[Path, str]:
    """(file, column) of "FILE" or "FILE#COLUMN"; a # of the file's own name is one."""
    path = Path(argument.strip()).expanduser()
    before, found, column = argument.rpartition("#")
    if not found or not before or path.is_file():
        return path, ""
    return Path(before.strip()).expanduser(), column.strip()
