"""The argument of ``indices:``: a file and, after a #, the column or list in it that is meant."""

from pathlib import Path

from cu_core.files import given_path


def listed_file(argument: str) -> tuple[Path, str]:
    """(file, column) of "FILE" or "FILE#COLUMN"; a # of the file's own name is one."""
    path = given_path(argument.strip())
    before, found, column = argument.rpartition("#")
    if not found or not before or path.is_file():
        return path, ""
    return given_path(before.strip()), column.strip()
