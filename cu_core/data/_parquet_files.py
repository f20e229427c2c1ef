"""Which files of a folder are which part, however the Hub and people call them."""

import re
from pathlib import Path

from cu_core.data.partnames import TEST, TRAIN, VAL, listed, part_of
from cu_core.errors import BadData

NO_CONFIG = ("data", "parquet")  # folders that are no name of a configuration
SHARD = re.compile(r"-(\d+)-of-(\d+)$")


def parts(root: Path) -> tuple[list[Path], list[Path], list[str]]:
    """(training files, test files, notes). Without parts all files are training files."""
    if root.is_file():
        return [root], [], []
    files = [f for f in sorted(root.rglob("*.parquet")) if not _hidden(f, root)]
    if not files:
        raise BadData(f"There is no parquet file at {str(root)!r}; give a file or its folder.")
    files, aside = _one_config(root, files)
    found: dict[str | None, list[Path]] = {}
    for file in files:
        found.setdefault(_part(file, root), []).append(file)
    train, test = found.get(TRAIN, []), found.get(TEST, []) or found.get(VAL, [])
    notes = []
    if train:
        aside += found.get(None, [])
        if test and TEST not in found:
            notes.append(f"{listed(_names(test, root))}: serves as the test part")
        elif test:
            aside += found.get(VAL, [])
    elif len(found) > 1:
        raise BadData(
            f"{str(root)!r} holds {listed(_names(files, root))}, and none is called train; "
            "call the training part train.parquet, or give one file."
        )
    else:
        train, test = files, []
    if aside:
        notes.append(f"left aside: {listed(_names(aside, root))}")
    return train, test, notes + _missing(train + test)


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
