"""Files that were made of runs to be handed over: kept for a day, so that a page which was closed
meanwhile finds them, and no more of them than so many bytes.

Each can be made again. It is found by what was asked and by what the run was at that moment: of a
run that has gone on, another name or exact figures since, there is none yet.
"""

import hashlib
import json
from pathlib import Path

from cu_core.files import sources_hash, stamp, write_atomic
from cu_core.spec import Export
from cu_core.store.paths import DAY_S
from cu_core.store.runs import Runs

KEPT_BYTES = 2_000_000_000  # of all together; the newest stays in any case


class Handouts(Runs):
    """The part of the store that keeps them."""

    def handout(self, asked: Export, ending: str) -> Path | None:
        """Where the file lies that answers this; None while there is none. UnknownRun."""
        path = self._handout_path(asked, ending)
        return path if path.is_file() else None

    def save_handout(self, asked: Export, ending: str, data: bytes, version: str = "") -> Path:
        """Keeps it, whole or not at all; old ones go. ``version``: of the run when the making
        began, "" where it is this moment's."""
        path = self._handout_path(asked, ending, version)
        write_atomic(path, data)
        self.paths.sweep(self.paths.handouts, "*", DAY_S)
        self._shrink(path)
        return path

    def version(self, run_id: str) -> str:
        """Another one as soon as what a file would say of the run has changed. UnknownRun."""
        record = self.run(run_id)
        generation = self.progress(record).generation
        summary = record.summary.model_dump_json()
        said = (record.name, record.state, record.step, generation, summary, sources_hash())
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _handout_path(self, asked: Export, ending: str, version: str = "") -> Path:
        key = f"{asked.model_dump_json()} {version or self.version(asked.run)}"
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        return self.paths.handouts / f"{name}{ending}"

    def _shrink(self, newest: Path) -> None:
        """The oldest go until the others fit."""
        found = {path: stamp(path) for path in self.paths.handouts.iterdir() if path != newest}
        ages = {path: stamped for path, stamped in found.items() if stamped is not None}
        room = KEPT_BYTES - newest.stat().st_size
        for path in sorted(ages, key=lambda path: ages[path][2], reverse=True):
            room -= ages[path][1]
            if room < 0:
                path.unlink(missing_ok=True)
