"""The samples of the map, as a table: what their owner calls them, and what became of each."""

import csv
import io

from cu_core.errors import StoreError
from cu_core.spec import RunRecord
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.store import Store
from cu_core.store.names import names_of

COLUMNS = (
    "row", "file", "key", "class", "true_class", "forget", "predicted_first", "predicted_last",
)  # fmt: skip


def table(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """UTF-8, a row a sample: its row, file and key in the data as they were given, the class that
    it was learnt as and truly has, whether it was to be forgotten, and what the model answers for
    it in the first and the last picture. StoreError when there is none."""
    reader = store.reader(record.run_id)
    probe, snapshots = reader.probe(), reader.snapshots()
    if probe is None or not snapshots:
        raise StoreError(f"Run {record.run_id} has no frame, so there are no samples to list.")
    names, own = reader.progress().class_names, names_of(probe)
    row = probe["index"] if own is None else own.row
    file, key = (own.file, own.key) if own else ((), ())
    classes = [probe["label"], probe.get("true_label", probe["label"])]
    classes += [reader.frame(snapshots[i].step)["pred"] for i in (0, -1)]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for i in range(len(row)):
        told = [names[k] if (k := int(one[i])) < len(names) else k for one in classes]
        called = [int(row[i]), file[i] if file else "", key[i] if key else ""]
        rows.writerow([*called, *told[:2], bool(probe["is_forget"][i]), *told[2:]])
    return out.getvalue().encode()


SAMPLES = ExportFormat(
    key="samples",
    title="a list of samples",
    noun="list",
    ending=".samples.csv",
    mime="text/csv",
    help="The samples of the map by row, file and key of your data, with the model's answers.",
    make=table,
)
