"""The rows as a table of plain columns, their units in the heads, and as files of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from cu_core.comparison.differing import Setting
from cu_core.comparison.rows import FEATURES, MEAN, MEAN_WITHOUT, Row

SHORT = {"ua": "UA", "ra": "RA", "ta": "TA", FEATURES: "Features left (rho)"}
GAPS = {
    "ua": "UA gap",
    "ra": "RA gap",
    "ta": "TA gap",
    MEAN: "Mean gap",
    MEAN_WITHOUT: "Mean gap without MIA",
}
POINTS, PERCENT = "points", "%"


def head(title: str, unit: str) -> str:
    """A column's title with its unit."""
    return f"{title} ({unit})" if unit and unit not in title else title


def table(rows: Sequence[Row], settings: Sequence[Setting]) -> pyarrow.Table:
    """A column each of what is said of the runs; ``settings``: that differ among these very rows,
    in their order."""
    text, number = pyarrow.string(), pyarrow.float64()
    columns: dict[str, pyarrow.Array] = {}

    def put(title: str, values: Sequence[Any], kind: pyarrow.DataType = text) -> None:
        columns[title] = pyarrow.array(values, kind)

    put("Run", [row.title for row in rows])
    put("Run id", [row.run_id for row in rows])
    put("Data", [row.data for row in rows])
    put("Forget", [row.forget for row in rows])
    put("Method", [row.method for row in rows])
    for setting in settings:
        put(free(columns, setting), setting.values, number if setting.is_number else text)
    for key, title in SHORT.items():
        unit = "" if key == FEATURES else PERCENT
        put(head(title, unit), [row.values.get(key) for row in rows], number)
    put("Why no features", [row.why for row in rows])
    for key, title in GAPS.items():
        put(head(title, POINTS), [row.gaps.get(key) for row in rows], number)
    titles = GAPS | {FEATURES: SHORT[FEATURES]}
    inside = [[titles[key] for key in titles if key in row.within] for row in rows]
    put("Within the retrained seeds", [", ".join(names) for names in inside])
    put("Seconds of updates (s)", [row.seconds for row in rows], number)
    put("State", [row.state for row in rows])
    created = [datetime.fromtimestamp(row.created, UTC) for row in rows]
    put("Created", created, pyarrow.timestamp("ms", tz="UTC"))
    put("Tags", [", ".join(row.tags) for row in rows])
    put("Note", [row.note for row in rows])
    put("Result", [row.said for row in rows])
    return pyarrow.table(columns)


def free(taken: Sequence[str] | dict[str, Any], setting: Setting) -> str:
    """The head of a setting's column, which no other has."""
    title = head(setting.title, setting.unit)
    while title in taken:
        title += " "
    return title


def csv(made: pyarrow.Table) -> bytes:
    """UTF-8, a line a run under a line of heads."""
    file = io.BytesIO()
    pyarrow.csv.write_csv(made, file)
    return file.getvalue()


def parquet(made: pyarrow.Table) -> bytes:
    """The same columns with their types."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(made, file)
    return file.getvalue()
