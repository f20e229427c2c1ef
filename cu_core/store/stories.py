"""A person's own stories: a file each, which they may write and hand out by other means as well.

<home>/stories/<name>.md
"""

import re
from pathlib import Path

from cu_core.errors import StoreError
from cu_core.files import write_atomic
from cu_core.store.paths import Paths

ENDING = ".md"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LARGEST = 1_000_000  # bytes: a story is text, and more than this was never one


class Stories:
    """The part of the store that keeps stories. ``name``: of a file, without its ending."""

    paths: Paths

    def story_names(self) -> list[str]:
        """By name; files that no story could have written are left out."""
        found = (path.stem for path in self.paths.stories.glob(f"*{ENDING}") if path.is_file())
        return sorted(name for name in found if NAME.fullmatch(name))

    def story_text(self, name: str) -> str:
        """What the file says. StoreError when there is none, or it is no text."""
        path = self._story(name)
        try:
            if path.stat().st_size > LARGEST:
                raise StoreError(f"{path} is larger than any story; is it one?")
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise StoreError(f"{path} cannot be read as a story: {fault}.") from fault

    def save_story(self, name: str, text: str) -> Path:
        """Writes the file, in place of one of that name: whole or not at all."""
        path = self._story(name)
        write_atomic(path, text.encode())
        return path

    def delete_story(self, name: str) -> None:
        path = self._story(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            raise StoreError(f"{path} cannot be deleted: {fault.strerror or fault}.") from fault

    def _story(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise StoreError(f"{name!r} is no name of a story: small letters, figures and dashes.")
        return self.paths.stories / f"{name}{ENDING}"
