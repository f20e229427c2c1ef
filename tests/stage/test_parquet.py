"""Every value one a row: along the way with its step, at the end without one."""

import io
import math

import pyarrow.parquet
import pytest

from cu_core.stage import export
from cu_core.store import Store
from tests.pages.fabricate import CATALOG, finished

PARQUET = export.formats()["parquet"]


@pytest.mark.parametrize("named", [True, False])
def test_every_value_on_record_is_a_row(store: Store, named: bool) -> None:
    if named:
        store.save_catalog(CATALOG)
    record = store.run(finished(store))
    table = pyarrow.parquet.read_table(io.BytesIO(PARQUET.make(store, record)))
    assert [(one.name, str(one.type)) for one in table.schema] == [
        ("step", "int64"),
        ("metric", "string"),
        ("value", "double"),
        ("unit", "string"),
        ("of", "string"),
    ]
    rows = [tuple(row.values()) for row in table.to_pylist()]
    curves = store.reader(record.run_id).metrics()
    for name, (steps, values) in curves.items():
        course = [(row[0], row[2]) for row in rows if row[1] == name and row[0] is not None]
        assert course == list(zip(steps, values, strict=True))
    summary = record.summary
    ends = {"unlearned": summary.metrics, "original": summary.original}
    for of, measured in (ends | {"retrained": summary.retrained or {}}).items():
        assert {r[1]: r[2] for r in rows if r[0] is None and r[4] == of} == measured
    assert len(rows) == sum(len(steps) for steps, _ in curves.values()) + 3 * len(summary.metrics)
    assert {row[3] for row in rows if row[1] == "ra"} == {"%" if named else ""}


def test_what_was_not_computed_is_empty_and_what_is_no_number_stays_one(store: Store) -> None:
    run_id = finished(store)
    with store.ended(run_id):
        writer = store.writer(run_id)
        writer.metrics(2, {"ra": None, "ta": math.nan, "loss/push": -math.inf})
        writer.close()
    table = pyarrow.parquet.read_table(io.BytesIO(PARQUET.make(store, store.run(run_id))))
    values = {row["metric"]: row["value"] for row in table.to_pylist() if row["step"] == 2}
    assert values["ra"] is None and math.isnan(values["ta"])
    assert values["loss/push"] == -math.inf
