"""What was measured, as a table: a row a step, a column a metric or loss term."""

import csv
import io

from cu_core.errors import StoreError
from cu_core.spec import RunRecord
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.store import Store


def table(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """UTF-8: ``step`` and every metric on record, named by its key, with all its digits; a cell is
    empty where that metric was not computed at that step. StoreError when nothing was measured.
    """
    curves = store.reader(record.run_id).metrics()
    if not curves:
        raise StoreError(f"Run {record.run_id} has no metric on record, so there is no table.")
    columns = {
        name: dict(zip(steps, values, strict=True)) for name, (steps, values) in curves.items()
    }
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["step", *columns])
    for step in sorted({step for column in columns.values() for step in column}):
        rows.writerow([step, *(column.get(step) for column in columns.values())])
    return out.getvalue().encode()


CSV = ExportFormat(
    key="csv",
    title="a table",
    noun="table",
    ending=".csv",
    mime="text/csv",
    help="Metrics and losses of every step as comma-separated values, for a spreadsheet or pandas.",
    make=table,
)
