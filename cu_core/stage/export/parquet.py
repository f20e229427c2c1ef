"""Everything that was measured, one value a row, as Parquet."""

import io
from collections.abc import Iterator

from cu_core.errors import StoreError
from cu_core.spec import Catalog, RunRecord
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.store import Store

Row = tuple[int | None, str, float | None, str, str]
COLUMNS = ("step", "metric", "value", "unit", "of")


def table(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """Columns ``step`` int64, ``metric``, ``value`` float64, ``unit``, ``of`` "unlearned",
    "original" or "retrained".

    A row with a step was measured along the way, on the samples of the map; without one at the end,
    on all. A value is null where it was not computed. StoreError when nothing was measured.
    """
    rows = list(values(store, record))
    if not rows:
        raise StoreError(f"Run {record.run_id} has no metric on record, so there is no table.")
    return written([COLUMNS, *rows])


def values(store: Store, record: RunRecord) -> Iterator[Row]:
    """Curves in the order of their names on record, then the figures of the end."""
    units = {card.key: card.unit for card in (store.catalog() or Catalog()).metrics}
    for name, (steps, course) in store.reader(record.run_id).metrics().items():
        for step, value in zip(steps, course, strict=True):
            yield step, name, value, units.get(name, ""), "unlearned"
    summary = record.summary
    models = (summary.metrics, summary.original, summary.retrained or {})
    for of, measured in zip(("unlearned", "original", "retrained"), models, strict=True):
        for name, value in measured.items():
            yield None, name, value, units.get(name.partition("/")[0], ""), of


def written(rows: list[tuple[object, ...]]) -> bytes:
    """A table of which the first row is the heads, with its types."""
    import pyarrow
    import pyarrow.parquet

    heads, *body = rows
    kinds = {"step": pyarrow.int64(), "value": pyarrow.float64()}
    columns = {
        str(head): pyarrow.array([row[k] for row in body], kinds.get(str(head), pyarrow.string()))
        for k, head in enumerate(heads)
    }
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


PARQUET = ExportFormat(
    key="parquet",
    title="a long table",
    noun="long table",
    ending=".parquet",
    mime="application/vnd.apache.parquet",
    help="Every value by step, metric, unit and model, as Parquet for pandas, R or DuckDB.",
    make=table,
)
