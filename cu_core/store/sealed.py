"""A run's record as it leaves this machine: consistent as of one moment, without this machine's
own paths.

The folder of the run is written as ``<record>``, that of the person as ``~`` and Lethe's as
``<lethe>``, wherever one begins a path in what was asked and noted; any other path is how a person
called their data, and stays.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cu_core.errors import StoreError
from cu_core.store.config import CONFIG, document, dump, read_config
from cu_core.store.parcels import RECORD, copy_of
from cu_core.store.reader import RunReader
from cu_core.store.runs import Runs
from cu_core.store.runtables import snapshot_path

RECORD_MARK, PERSON_MARK, LETHE_MARK = "<record>", "~", "<lethe>"
LISTS = ("forget", "after")  # folders of lists that the request names
WEIGHTS = "unlearned.safetensors"

Rename = Callable[[str], str]


def sealed(store: Runs, run_id: str) -> tuple[dict[str, bytes], bytes | None]:
    """(contents by name, weights of the unlearned model or None): what was asked, the record, the
    samples and the pictures that it names, and the lists of samples that were asked for.

    UnknownRun; StoreError when a part that the record names is not there.
    """
    folder, rename = store.paths.run(run_id), leaving(store, run_id)
    store.run(run_id)
    record, steps = _record(folder / RECORD, rename)
    files = {CONFIG: _config(folder, rename), RECORD: record}
    named = [
        RunReader(run_id, folder).probe_path,
        *(snapshot_path(folder, step) for step in steps),
        *_lists(folder),
    ]
    for path in named:
        files[path.relative_to(folder).as_posix()] = _read(path)
    weights = folder / WEIGHTS
    return files, _renamed_head(_read(weights), rename) if weights.exists() else None


def leaving(store: Runs, run_id: str) -> Rename:
    """Writes paths of this machine as others may read them."""
    person = Path.home()
    marks = {store.paths.run(run_id): RECORD_MARK, store.paths.home: LETHE_MARK}
    marks |= {person: PERSON_MARK} if len(person.parts) > 1 else {}
    return _replaced({str(path): mark for path, mark in marks.items()})


def arriving(record: Path) -> Rename:
    """The other way round: ``<record>`` is this folder, ``~`` whoever reads."""
    return _replaced({RECORD_MARK: str(record), PERSON_MARK: str(Path.home())}, before="(?<![^:])")


def renamed(value: Any, rename: Rename) -> Any:
    """Every text in plain values."""
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, Mapping):
        return {key: renamed(one, rename) for key, one in value.items()}
    return [renamed(one, rename) for one in value] if isinstance(value, list | tuple) else value


def _replaced(marks: Mapping[str, str], before: str = r"(?<![\w.-])") -> Rename:
    """A path only as a whole or up to a separator: /home/ada is no part of /home/adam, nor of
    /mnt/home/ada."""
    longest = sorted(marks, key=len, reverse=True)
    found = re.compile(f"{before}({'|'.join(map(re.escape, longest))})(?![\\w.-])")
    return lambda text: found.sub(lambda hit: marks[hit[1]], text)


def _config(folder: Path, rename: Rename) -> bytes:
    return dump(renamed(document(read_config(folder)), rename))


def _record(path: Path, rename: Rename) -> tuple[bytes, list[int]]:
    """(``run.db`` in one file, steps of its snapshots). What was overwritten is not in it."""
    if not path.exists():
        raise StoreError(f"{path} is missing, so there is nothing to hand over.")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.deserialize(copy_of(path))
        state = copy.execute("SELECT k, v FROM state").fetchall()
        said = [(json.dumps(renamed(json.loads(v), rename)), k) for k, v in state]
        copy.executemany("UPDATE state SET v = ? WHERE k = ?", said)
        events = copy.execute("SELECT id, text FROM event").fetchall()
        copy.executemany(
            "UPDATE event SET text = ? WHERE id = ?", [(rename(text), id) for id, text in events]
        )
        steps = [step for (step,) in copy.execute("SELECT step FROM snapshot ORDER BY step")]
        copy.execute("VACUUM")
        return copy.serialize(), steps


def _lists(folder: Path) -> Iterator[Path]:
    for name in LISTS:
        if (folder / name).is_dir():
            yield from sorted(path for path in (folder / name).iterdir() if path.is_file())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}), and is part of it.") from error


def _renamed_head(weights: bytes, rename: Rename) -> bytes:
    """A safetensors file whose head says of the network where its script lies: that too."""
    length = int.from_bytes(weights[:8], "little")
    head = json.loads(weights[8 : 8 + length])
    own = head.get("__metadata__", {})
    said = {key: rename(text) for key, text in own.items()}
    if said == own:
        return weights
    raw = json.dumps({**head, "__metadata__": said}, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)  # tensors begin at a multiple of 8 bytes
    return len(raw).to_bytes(8, "little") + raw + weights[8 + length :]
