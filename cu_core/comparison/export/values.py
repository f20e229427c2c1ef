"""Everything that was measured of several runs, one value a row."""

import csv
import io
from collections.abc import Iterator, Sequence

from cu_core.comparison.export._format import Beside, ComparisonFormat
from cu_core.errors import StoreError
from cu_core.stage.export import PLAIN, Order, parquet
from cu_core.store import Store

COLUMNS = ("run", "title", *parquet.COLUMNS)


def as_csv(store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes:
    """UTF-8, with all digits; a cell is empty where there is no value, or no step."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_values(store, runs))
    return out.getvalue().encode()


def as_parquet(store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes:
    return parquet.written([COLUMNS, *_values(store, runs)])


def _values(store: Store, runs: Sequence[Beside]) -> Iterator[tuple[object, ...]]:
    """The rows of a run's own long table, after the run's letter and title."""
    for run in runs:
        rows = list(parquet.values(store, run.record))
        if not rows:
            raise StoreError(f"Run {run.record.run_id} has no metric on record, so no curve.")
        yield from ((run.told.letter, run.told.title, *row) for row in rows)


CSV = ComparisonFormat(
    key="curves-csv",
    title="curves, as a long table",
    noun="curves",
    ending=".curves.csv",
    mime="text/csv",
    help="Every value by run, step, metric, unit and model, as comma-separated values.",
    make=as_csv,
)
PARQUET = ComparisonFormat(
    key="curves-parquet",
    title="curves, typed",
    noun="typed curves",
    ending=".curves.parquet",
    mime="application/vnd.apache.parquet",
    help="The same curves as Parquet, for pandas, R or DuckDB.",
    make=as_parquet,
)
