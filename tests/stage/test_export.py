"""Every format that a run leaves Lethe in: declared whole, made of what is on record."""

import base64
import csv
import io
import re
import subprocess
import sys
import zlib

import pytest

from cu_core.errors import StoreError
from cu_core.spec import Summary, UnlearnRequest
from cu_core.stage import export, unpack
from cu_core.store import Store
from tests.pages import fabricate

FORMATS = export.formats()


@pytest.mark.parametrize("key", FORMATS)
def test_a_format_is_declared_whole_and_makes_its_file(store: Store, key: str) -> None:
    made = FORMATS[key]
    assert made.key == key and made.title and made.noun and made.help.endswith(".")
    assert made.ending.startswith(".") and "/" in made.mime
    record = store.run(fabricate.finished(store))
    assert len(made.make(store, record)) > 100
    assert export.file_name(record, made.ending).endswith(made.ending)


@pytest.mark.parametrize("key", FORMATS)
def test_a_run_without_anything_to_keep_is_refused_with_a_sentence(store: Store, key: str) -> None:
    run_id = store.enqueue(UnlearnRequest())
    with pytest.raises(StoreError, match=rf"Run {run_id} (has no|is queued)"):
        FORMATS[key].make(store, store.run(run_id))


def test_one_format_is_offered_first_and_no_two_end_alike() -> None:
    assert [made.first for made in FORMATS.values()] == [True, *[False] * (len(FORMATS) - 1)]
    assert len({made.ending for made in FORMATS.values()}) == len(FORMATS)


def test_the_table_holds_every_value_on_record(store: Store) -> None:
    run_id = fabricate.finished(store)
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].make(store, store.run(run_id)).decode())))
    curves = store.reader(run_id).metrics()
    assert list(rows[0]) == ["step", *curves]
    for name, (steps, values) in curves.items():
        cells = {int(row["step"]): row[name] for row in rows if row[name]}
        assert cells == {s: str(v) for s, v in zip(steps, values, strict=True) if v is not None}


def test_a_recording_is_the_whole_run_with_its_summary(store: Store) -> None:
    record = store.run(fabricate.finished(store))
    header, arrays = unpack(FORMATS["recording"].make(store, record))
    whole, same = unpack(export.whole(store, record))
    assert Summary.model_validate(header["summary"]) == record.summary and header["recorded"]
    own = {"sections"}
    assert {k: header[k] for k in whole.keys() - own} == {k: whole[k] for k in whole.keys() - own}
    assert arrays.keys() == same.keys()


def test_a_page_opens_as_the_screen_was(store: Store) -> None:
    record = store.run(fabricate.finished(store))
    opens = {"view": "both", "colour": "moved", "ghost": True, "only": [3], "frame": 2}
    assert FORMATS["html"].seen
    for asked, told in ((opens, opens), ({}, None)):
        page = FORMATS["html"].make(store, record, export.Order(asked)).decode()
        found = re.search(r'id="run">([^<]+)<', page)
        assert found is not None
        header, _ = unpack(zlib.decompress(base64.b64decode(found[1])))
        assert header["opens"] == told


def test_a_run_that_was_stopped_is_no_recording(store: Store) -> None:
    record = store.run(fabricate.finished(store, end="stopped"))
    with pytest.raises(StoreError, match="is stopped; only a run that is done"):
        FORMATS["recording"].make(store, record)


def test_a_page_can_offer_them_without_torch() -> None:
    code = "import sys; from cu_core.stage import export; export.formats()"
    code += "; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
