"""A row a run: what was asked otherwise, and what came out."""

from collections.abc import Sequence

import pyarrow

from cu_core.comparison import table
from cu_core.comparison.differing import differing
from cu_core.comparison.export._format import Beside, ComparisonFormat
from cu_core.comparison.rows import on_record, rows
from cu_core.spec import Catalog
from cu_core.stage.export import PLAIN, Order
from cu_core.store import Store


def csv(store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes:
    return table.csv(_table(store, runs))


def parquet(store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes:
    return table.parquet(_table(store, runs))


def _table(store: Store, runs: Sequence[Beside]) -> pyarrow.Table:
    """The table of the page of runs, of these alone."""
    known, catalog = on_record(store, [run.record for run in runs]), store.catalog() or Catalog()
    settings = differing([(one.record, one.progress) for one in known], catalog)
    return table.table(rows(known, catalog), settings)


CSV = ComparisonFormat(
    key="csv",
    title="a table",
    noun="table",
    ending=".csv",
    mime="text/csv",
    help="A row a run: settings that differ, accuracies and gaps, for a spreadsheet.",
    make=csv,
)
PARQUET = ComparisonFormat(
    key="parquet",
    title="a typed table",
    noun="typed table",
    ending=".parquet",
    mime="application/vnd.apache.parquet",
    help="The same table with the types of its columns, as Parquet.",
    make=parquet,
)
