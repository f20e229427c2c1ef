"""``run.db``: the tables of one run, and how numbers are written that SQLite would lose.

Written by the worker that holds ``alive.lock`` and by nobody else (WAL); read by everyone.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    select,
)

from cu_core.errors import StoreError
from cu_core.files import stamp
from cu_core.spec import FINAL, SCHEMA_VERSION, RunProgress, Summary
from cu_core.store import sql

TABLES = MetaData()
STATE = Table(
    "state",
    TABLES,
    Column("k", Text, primary_key=True),
    Column("v", Text, nullable=False),  # JSON
    sqlite_with_rowid=False,
)
METRIC = Table(
    "metric",
    TABLES,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("value", Float),  # NULL unless kind is "finite": SQLite itself would drop a NaN
    Column("kind", Text, nullable=False),  # finite, nan, +inf, -inf, none (= not computed)
    sqlite_with_rowid=False,
)
SNAPSHOT = Table(
    "snapshot",
    TABLES,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("sha256", Text, nullable=False),  # of the whole file
    Column("view_sha256", Text, nullable=False),  # of xy and pred, which a page reads alone
    Column("bytes", Integer, nullable=False),
    Column("quality", Text, nullable=False),  # JSON
)
EVENT = Table(
    "event",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
)
SUMMARY = "summary"  # the state key of the final record
R = TypeVar("R", RunProgress, Summary)
_SPECIAL = {"nan": math.nan, "+inf": math.inf, "-inf": -math.inf}


def encode_value(value: Any) -> tuple[float | None, str]:
    """(value, kind) as stored. Takes floats, 0-d arrays and tensors, and None (not computed)."""
    if value is None:
        return None, "none"
    number = float(value)
    if math.isnan(number):
        return None, "nan"
    if math.isinf(number):
        return None, "+inf" if number > 0 else "-inf"
    return number, "finite"


def decode_value(value: float | None, kind: str) -> float | None:
    """The inverse of ``encode_value``."""
    return value if kind == "finite" else _SPECIAL.get(kind)


def snapshot_path(folder: Path, step: int) -> Path:
    """Made from the number alone: nothing read from a file is ever used as a path."""
    return folder / "snapshots" / f"{step:06d}.safetensors"


def read_state(connection: Connection) -> dict[str, Any]:
    rows = connection.execute(select(STATE.c.k, STATE.c.v)).all()
    return {row.k: parse(row.v, _with_shared_words) for row in rows}


def _with_shared_words(found: dict[str, Any]) -> dict[str, Any]:
    """What many runs are remembered by differs in numbers, hardly in names and reasons."""
    return {_shared(k): _shared(v) if isinstance(v, str) else v for k, v in found.items()}


@lru_cache(maxsize=4096)
def _shared(word: str) -> str:
    """One object for all equal ones. (``sys.intern`` keeps them for ever in Python 3.12.)"""
    return word


def parse(text: str, hook: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> Any:
    """A JSON column; ``hook``: of each object in it. DamagedDatabase when its text was altered."""
    try:
        return json.loads(text, object_hook=hook)
    except ValueError as error:
        raise sql.DamagedDatabase(f"A record of this run is damaged ({error}).") from error


def parse_progress(state: Mapping[str, Any]) -> RunProgress:
    """The run's own words from its state keys. DamagedDatabase when they are none."""
    return _parsed(RunProgress, state)


def parse_summary(state: Mapping[str, Any]) -> Summary:
    """The final record, empty while there is none. DamagedDatabase when it is none."""
    return _parsed(Summary, state.get(SUMMARY) or {})


def _parsed(kind: type[R], values: Mapping[str, Any]) -> R:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(map(str, fault["loc"]))
        raise sql.DamagedDatabase(
            f"A record of this run is damaged ({name}: {fault['msg'].lower()})."
        ) from error


def read_facts(path: Path) -> dict[str, Any] | None:
    """Every state key of a run.db, and of a later Lethe's its ``layout``; None while the worker has
    not made it. StoreError if damaged."""
    if not path.exists():
        return None
    with sql.reading(path) as connection:
        known = sql.version(connection)
        if not known:
            return None
        facts = read_state(connection)
    return facts | {"layout": known} if known > SCHEMA_VERSION else facts


def facts_of(folder: Path, state: str) -> tuple[RunProgress, Summary]:
    """The run's own words. A final run's are read once and then remembered by its files' stamps."""
    path = folder / "run.db"
    if state in FINAL:
        return _final_facts(path, (stamp(path), stamp(path.with_name("run.db-wal"))), state)
    facts = read_facts(path)
    if facts is None and state in ("running", "paused"):
        raise StoreError(f"{path} is missing, so nothing of this run can be shown.")
    return parse_progress(facts or {}), parse_summary(facts or {})


@lru_cache(maxsize=4096)
def _final_facts(path: Path, stamps: tuple[Any, ...], state: str) -> tuple[RunProgress, Summary]:
    facts = read_facts(path)
    if facts is None and state == "done":
        raise StoreError(f"{path} is missing, so nothing of this run can be shown.")
    return parse_progress(facts or {}), parse_summary(facts or {})
