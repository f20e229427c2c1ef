"""Which files of a folder are which part, however the Hub and people call them."""

import re
from collections.abc import Callable
from pathlib import Path

from cu_core.data.missing import missing
from cu_core.data.partnames import TEST, TRAIN, VAL, listed, part_of
from cu_core.errors import BadData

NO_CONFIG = ("data", "parquet")  # folders that are no name of a configuration
Labelled = Callable[[Path, list[Path]], bool]
SHARD = re.compile(r"-(\d+)-of-(\d+)$")


def parts(root: Path, labelled: Labelled) -> tuple[list[Path], list[Path], list[str]]:
    """(training files, test files, notes). Without parts all files are training files.

    ``labelled(training file, files)``: whether some files have labels; hidden ones do not serve.
    """
    if root.is_file():
        return [root], [], _beside(root)
    if not root.is_dir():
        raise BadData(f"{missing(root, 'parquet file')}. Give a file or its folder.")
    files = [f for f in sorted(root.rglob("*.parquet")) if not _hidden(f, root)]
    if not files:
        raise BadData(f"There is no parquet file at {str(root)!r}; give a file or its folder.")
    files, aside = _one_config(root, files)
    found: dict[str | None, list[Path]] = {}
    for file in files:
        found.setdefault(_part(file, root), []).append(file)
    if TRAIN not in found and len(found) > 1:
        raise BadData(
            f"{str(root)!r} holds {listed(_names(files, root))}, and none is called train; "
            "call the training part train.parquet, or give one file."
        )
    train = found.pop(TRAIN, files)
    test: list[Path] = []
    notes = _missing(files)
    if train is not files:
        test, said = _test_part(root, train, found, labelled)
        notes += said
        aside += [file for of in found.values() for file in of]
    if aside:
        notes.append(f"left aside: {listed(_names(aside, root))}")
    return train, test, notes


def _test_part(
    root: Path, train: list[Path], found: dict[str | None, list[Path]], labelled: Labelled
) -> tuple[list[Path], list[str]]:
    """(the files of the test part or, with a note, of the validation part, notes): they are taken
    out of ``found``."""
    notes: list[str] = []
    for part in (TEST, VAL):
        some = found.get(part)
        if not some:
            continue
        del found[part]
        if labelled(train[0], some):
            said = [f"{listed(_names(some, root))}: serves as the test part"]
            return some, notes + (said if part == VAL else [])
        notes.append(f"left aside, without labels: {listed(_names(some, root))}")
    return [], notes


def _beside(file: Path) -> list[str]:
    """A note on the test part that lies beside a training part."""
    others = [
        f.name for f in sorted(file.parent.glob("*.parquet")) if part_of(f.stem) in (TEST, VAL)
    ]
    if part_of(file.stem) != TRAIN or not others:
        return []
    return [f"left aside: {listed(others)} beside it; parquet:{file.parent} reads both parts"]


def _hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def _names(files: list[Path], root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in files]


def _part(file: Path, root: Path) -> str | None:
    """By its own name, or that of the folder that it lies in."""
    inside = [file.stem, *reversed(file.relative_to(root).parts[:-1])]
    return next((part for name in inside if (part := part_of(name))), None)


def _one_config(root: Path, files: list[Path]) -> tuple[list[Path], list[Path]]:
    """(files of the only configuration, others). BadData that names several."""
    configs: dict[str, list[Path]] = {}
    for file in files:
        folders = file.relative_to(root).parts[:-1]
        named = [f for f in folders if not part_of(f) and f.lower() not in NO_CONFIG]
        configs.setdefault("/".join(named), []).append(file)
    if "" in configs:
        return configs[""], [f for name, of in configs.items() if name for f in of]
    if len(configs) > 1:
        raise BadData(
            f"{str(root)!r} holds several configurations: {listed(list(configs))}. "
            f"Give one: parquet:{root / next(iter(configs))}."
        )
    return files, []


def _missing(files: list[Path]) -> list[str]:
    """Shards that the names of others promise."""
    found: dict[tuple[str, str], int] = {}
    for file in files:
        if match := SHARD.search(file.stem):
            shard = str(file.with_name(file.stem[: match.start()])), match[2]
            found[shard] = found.get(shard, 0) + 1
    return [
        f"{Path(name).name}: {n} of {int(of)} files are there"
        for (name, of), n in found.items()
        if n < int(of)
    ]
