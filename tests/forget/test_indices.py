"""Lists of samples in every dress that they come in, and what their rows, files and keys mean."""

import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from cu_core import forget
from cu_core.errors import BadForgetSet
from cu_core.spec import Dataset, ForgetSet, Origin

N = 400
PACKED = ipc.IpcWriteOptions(compression="zstd")
Y = np.arange(N) % 5
BARE = Dataset("toy", np.zeros((N, 2), np.float32), Y, np.zeros((4, 2), np.float32), Y[:4], tuple("abcde"))  # fmt: skip  # noqa: E501
FRAME = pd.DataFrame({"index": [101, 205, 309], "label": ["cat", "dog", "cat"]})
SERIES = pd.Series([101, 205, 309])
MASK = np.isin(np.arange(N), [101, 205, 309])
ROWS = [101, 205, 309]

Listed = Callable[..., ForgetSet]


@pytest.fixture
def listed(tmp_path: Path) -> Listed:
    """``listed(content, name, data, column)``: what a file of that content names in the data."""

    def write(content: Any, name: str = "rows.txt", data: Dataset = BARE, column: str = "") -> Any:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return forget.parse(f"indices:{path}{'#' * bool(column)}{column}", data, 0)

    return write


def npy(values: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def savetxt(values: Any, **how: Any) -> str:
    out = io.StringIO()
    np.savetxt(out, values, **how)
    return out.getvalue()


def xlsx(*rows: tuple[Any, ...], **sheets: list[tuple[Any, ...]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for row in more:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def frame_bytes(write: str, frame: pd.DataFrame = FRAME, **how: Any) -> bytes:
    out = io.BytesIO()
    getattr(frame, write)(out, **how)
    return out.getvalue()


SAME = {  # all of these list the rows 101, 205 and 309
    "a line each": "101\n205\n309\n",
    "no end of line": "101\n205\n309",
    "crlf": "101\r\n205\r\n309\r\n",
    "old mac": "101\r205\r309\r",
    "blank lines": "\n101\n\n205\n309\n\n",
    "bom": "\ufeff101\n205\n309",
    "bom, header": "\ufeffindex\r\n101\r\n205\r\n309",
    "utf-16": "101\n205\n309".encode("utf-16"),
    "utf-16 without a mark": "101\n205\n309".encode("utf-16-le"),
    "utf-16 big": "101\n205\n309".encode("utf-16-be"),
    "utf-32": "101\n205\n309".encode("utf-32"),
    "spaces": "101 205 309",
    "commas": "101, 205, 309\n",
    "commas alone": "101,205,309",
    "semicolons": "101;205;309",
    "tabs": "101\t205\t309",
    "a comma at the end": "101,205,309,",
    "a comma a line": "101,\n205,\n309,\n",
    "two lines": "101, 205,\n309",
    "header": "index\n101\n205\n309",
    "header of one's own": "rows to forget\n101\n205\n309",
    "a title and a header": "My list\nrow index\n101\n205\n309",
    "header over one line": "indices\n101 205 309",
    "quoted": '"index"\n"101"\n"205"\n"309"',
    "single quotes": "'101', '205', '309'",
    "comments": "# forget these\n101 # a cat\n205\t# a dog\n309\n# end",
    "floats": "101.0\n205.0\n309.0",
    "comma floats": "index;label\n101,0;cat\n205,0;dog\n309,0;cat",
    "savetxt": savetxt(ROWS),
    "savetxt of ints": savetxt(ROWS, fmt="%d"),
    "savetxt on a line": savetxt([ROWS], fmt="%d", delimiter=","),
    "savetxt with a header": savetxt(ROWS, header="index"),
    "savetxt of a table": savetxt([[101, 0], [205, 1], [309, 0]], header="index label"),
    "semicolon table": "index;label\n101;cat\n205;dog\n309;cat",
    "tab table": "index\tlabel\n101\tcat\n205\tdog\n309\tcat",
    "space table": "index label\n101 cat\n205 dog\n309 cat",
    "sep=": "sep=;\r\nindex;label\r\n101;cat\r\n205;dog\r\n309;cat\r\n",
    "sep= comma": "sep=,\nlabel,index\ncat,101\ndog,205\ncat,309",
    "a title over the table": "My list of the 3rd\nindex,label\n101,cat\n205,dog\n309,cat",
    "the name last": "label,loss,Row Index\n1,0.5,101\n2,0.25,205\n1,2.5,309",
    "id beside text": "label,id\ncat,101\ndog,205\ncat,309",
    "to_csv": FRAME.to_csv(),
    "to_csv without its index": FRAME.to_csv(index=False),
    "to_csv without a header": FRAME[["index"]].to_csv(header=False),
    "to_csv of a part": FRAME.set_index("index").rename_axis(None).to_csv(),
    "to_csv of a Series": SERIES.to_csv(),
    "to_csv, German": FRAME.to_csv(sep=";", decimal=","),
    "to_csv with a gap": "index,note\n101,\n,gone\n205,\n309,x",
    "printed": "[101, 205, 309]",
    "printed by numpy": str(np.array(ROWS)),
    "printed floats": str(np.array(ROWS, float)),
    "a tuple": "(101, 205, 309)",
    "a set": "{205, 309, 101}",
    "printed by numpy 2": "[np.int64(101), np.int64(205), np.int64(309)]",
    "repr of an array": "array([101, 205, 309])",
    "repr of a tensor": "tensor([101, 205,\n        309], dtype=torch.int32)",
    "dashes": "- 101\n- 205\n- 309\n",
    "yaml": "forget:\n  - 101\n  - 205\n  - 309\n",
    "R": '"","index"\n"1",101\n"2",205\n"3",309',
    "R, another name": '"","x"\n"1",101\n"2",205\n"3",309',
    "R table": '"x"\n"1" 101\n"2" 205\n"3" 309',
    "an empty index beside": "index,row\n,101\n,205\n,309",
    "image_id": "image_id\n101\n205\n309",
    "json": "[101, 205, 309]",
    "json, bom": "\ufeff[101, 205, 309]",
    "json floats": "[101.0, 205.0, 309.0]",
    "json strings": '["101", "205", "309"]',
    "json objects": '[{"index": 101, "label": 7}, {"index": 205}, {"index": 309, "label": 7}]',
    "json lines": FRAME.to_json(orient="records", lines=True),
    "json of sets": '{"forget": [101, 205, 309], "retain": [1, 2, 3]}',
    "json of unequal sets": '{"retain": [1], "forget_indices": [101, 205, 309], "seed": 3}',
    "json of one list": '{"my rows": [101, 205, 309]}',
    "json, nested names": '{"forget": {"indices": [101, 205, 309]}, "retain": {"indices": [1]}}',
    "to_json": FRAME.to_json(),
    "to_json split": FRAME.to_json(orient="split"),
    "to_json records": FRAME.to_json(orient="records"),
    "to_json list": json.dumps(FRAME.to_dict("list")),
    "to_json index": SERIES.to_json(),
    "to_json table": FRAME.to_json(orient="table", index=False),
    "json mask": json.dumps(MASK.tolist()),
    "json by name": '{"101": true, "7": false, "205": true, "309": true}',
    "text mask": "\n".join(map(str, MASK)),
    "csv mask": pd.DataFrame({"forget": MASK}).to_csv(),
    "csv mask of 0 and 1": pd.DataFrame({"forget": MASK.astype(int)}).to_csv(),
    "table with a mask": "index,forget\n7,False\n101,True\n205,True\n309,True\n",
    "table with words": "row,set\n7,retain\n101,forget\n205,forget\n309,forget\n",
    "table of yes and no": "index,forget\n7,no\n101,yes\n205,Yes\n309,y\n",
    "table of crosses": "index;forget\n7;\n101;x\n205;X\n309;x\n",
    "table of parts": "index,split\n7,train\n101,forget\n205,forget\n309,forget\n8,test\n",
    "table of 0 and 1": "row,is_forget,label\n7,0,1\n101,1,1\n205,1,0\n309,1,0\n",
    "forget beside labels": "forget,label\n101,3\n205,1\n309,3\n",
    "padded": "  101  \n\t205\t\n309 ",
    "headerless with classes": "101\tcat\n205\tdog\n309\tcat",
    "npy": npy(np.array(ROWS)),
    "npy small ints": npy(np.array(ROWS, np.uint16)),
    "npy floats": npy(np.array(ROWS, float)),
    "npy column": npy(np.argwhere(MASK)),
    "npy texts": npy(np.array(ROWS).astype(str)),
    "npy records": npy(np.array([(r, 3) for r in ROWS], [("index", "i8"), ("label", "i4")])),
    "npy mask": npy(MASK),
    "npz": npz(arr_0=np.array(ROWS)),
    "npz of sets": npz(forget=np.array(ROWS), retain=np.arange(5)),
    "npz mask of two": npz(forget_mask=MASK, retain_mask=~MASK),
    "gz": gzip.compress(b"101\n205\n309"),
    "xlsx": xlsx(("index",), (101,), (205,), (309,)),
    "xlsx without a header": xlsx((101,), (205.0,), ("309",)),
    "xlsx table": xlsx(("label", "Index"), ("cat", 101), ("dog", 205.0), (None, None), ("a", 309)),
    "xlsx of pandas": xlsx((None, "index"), (0, 101), (1, 205), (2, 309)),
    "xlsx on its second sheet": xlsx(forget=[("row",), (101,), (205,), (309,)]),
    "xlsx titled": xlsx(("To forget",), ("label", "row"), ("a", 101), ("b", 205), ("c", 309)),
    "parquet": frame_bytes("to_parquet"),
    "parquet with an index": frame_bytes("to_parquet", FRAME.set_index(np.array([7, 8, 9]))),
    "feather": frame_bytes("to_feather"),
}


@pytest.mark.parametrize("dress", SAME)
@pytest.mark.parametrize("name", ["rows.dat"])
def test_the_same_rows_in_every_dress(listed: Listed, dress: str, name: str) -> None:
    assert listed(SAME[dress], name).index.tolist() == ROWS


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.npy", "a.xlsx", "a.txt", "a", "a#b.csv"])
def test_the_content_says_what_a_file_is(listed: Listed, name: str) -> None:
    for dress in ("a line each", "json", "npy", "xlsx", "to_csv"):
        assert listed(SAME[dress], name).index.tolist() == ROWS


@pytest.mark.parametrize("text", ["1 2 3\n4 5 6\n", "1,2,3\n4,5,6", "1\t2\t3\r\n4\t5\t6", "5 2 3\n6 1 4"])  # fmt: skip  # noqa: E501
def test_several_a_line_are_all_taken(listed: Listed, text: str) -> None:
    assert listed(text).index.tolist() == [1, 2, 3, 4, 5, 6]


REFUSED = [
    ("3\n400\n401\n", "rows.txt lists the row 400 and 1 more that there are not; the rows of the training part of toy are 0 to 399."),  # noqa: E501
    ("9" * 5000, "lists the row 9999"),
    ("-1\n3", "lists the row -1; rows are counted from 0 on"),
    ("3\nfour\n5\n6", "line 2 is 'four', not a whole number"),
    ("1.5\n2", "line 1 is '1.5', not a whole number"),
    ("1e300", "not a whole number"),
    ("inf\n1\n2", "line 1 is 'inf', not a whole number"),
    ("", "selects no sample"),
    ("index\n", "selects no sample|names, and the samples"),
    ("[]", "selects no sample"),
    ("# nothing\n", "selects no sample"),
    (b"\xff\xfe\x00", "cannot be read as a list of samples"),
    (b"\x00\x01\x02\x03junk", "cannot be read"),
    ("{}", "must hold a list"),
    ('{"seed": 3, "n": 5}', "it holds 'seed': 3; it must hold a list"),
    ('{"forget": 5}', "it holds 'forget': 5; it must hold a list"),
    ('{"101": 3, "205": 5}', "column 1 or 'value'"),
    ('{"retain": [1, 2, 3]}', "'retain', whose name says that it lists no samples"),
    ('{"retain_idx": [1, 2, 3]}', "'retain_idx', whose name says that it lists no samples"),
    (npz(train_idx=np.arange(3)), "'train_idx', whose name says that it lists no samples"),
    ("retain\nTrue\nFalse", "'retain'|a mask has one"),
    ("[0 1 2 ... 397 398 399]", "shortened when it was printed"),
    ("cats/a.png\n101\n205", "line 1 is 'cats/a.png', not a whole number"),
    ("1O1\n205\n309", "line 1 is '1O1', not a whole number"),
    ("index,forget\n7,False\n8,maybe", "holds 'maybe' in the column 'forget', not true or false"),
    ("index,forget\n7,yes\n8,perhaps", "holds 'perhaps' in the column 'forget', not true or"),
    ("index,forget\n7,0.1\n8,0.9", "holds '0.1' in the column 'forget', not true or false"),
    ("index,forget\n7,True\n8,False\n9,", "neither true nor false in some lines"),
    ("<html><body>1 2 3</body></html>", "not a whole number"),
    ("chapter 1 of\nchapter 2 of", "line 1 is 'chapter 1 of', not a whole number"),
    ("index,forget\n7,False\n8,no", "holds no line that is meant by its column 'forget'"),
    ("index,file\n,\n", "selects no sample|lists nothing|names no samples"),
    ("1-5", "line 1 is '1-5', not a whole number"),
    ("[1, 2", "it is no JSON"),
    ("[" * 100_000, "cannot be read"),
    ("[1, true, 3]", "entry 1 is 1, not true or false"),
    ("[[1, 2]]", r"entry 1 is a list itself \(\[1, 2\]\)"),
    ("[1, [2, 3]]", "entry 2 is a list itself"),
    ("[true, false]", "holds 2 of true and false, and a mask has one for each of the 400 rows"),
    ('{"a": [1, 2], "b": [3]}', r"it holds 'a' \(2\), 'b' \(1\); say which one"),
    ('{"a": [1, 2], "b": [3, 4]}', "'a' or 'b'. Write indices:rows.txt#COLUMN"),
    ("101,3\n205,5\n309,3", "column 1 or column 2. Write indices:rows.txt#COLUMN"),
    ("a,b\n101,3\n205,5", "'a' or 'b'"),
    ("row,index\n101,3\n205,5", "may mean its 'row' and 'index'"),
    (FRAME.reset_index(names="row").to_csv(index=False), "may mean its 'row' and 'index'"),
    ("label\n3\n5", "'label', whose name says that it lists no samples.*#label"),
    (",label\n0,3\n1,5\n2,5", "names no samples in any of its columns"),
    ("index,row\n400,401", "'index': lists the row 400"),
    ("0\n1\n1\n0\n", "0 and 1 alone, 4 of them; a mask has one for each of the 400 rows"),
    ("\n".join(str(int(m)) for m in MASK), "400 times 0 or 1: as a mask that is 3 samples, as row"),
    (npy(MASK.astype(np.uint8)), "400 times 0 or 1"),
    (npy(np.zeros((2, 2), int)), "one row of whole numbers"),
    (npy(np.array([0.5])), "element 0 is 0.5, not a whole number"),
    (npy(np.array([1j])), "one row of whole numbers"),
    (npy(np.array([{}], object)), "pickled Python objects, which Lethe never loads"),
    (npz(a=np.array([{}], object)), "pickled Python objects"),
    (npz(a=np.arange(3), b=np.arange(4)), r"'a' \(3\), 'b' \(4\)"),
    (b"\x80\x04\x95\x0b\x00\x00\x00.", "pickled Python objects, which Lethe never loads"),
    (b"\x93NUMPY\x01", "cannot be read"),
    (b"PK\x03\x04junk", "cannot be read"),
    (b"PAR1junkPAR1", "cannot be read"),
    (xlsx(("row",), (3,), more=[("row",), (4,)]), "it has the sheets Sheet, more"),
    ("cat.png\ndog.png", "line 1 is 'cat.png', not a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_used_is_refused_in_a_sentence(
    listed: Listed, content: Any, said: str
) -> None:
    with pytest.raises(BadForgetSet, match=said) as refusal:
        listed(content)
    told = str(refusal.value)
    assert told.endswith(".") and ".." not in told and "\n" not in told and len(told) < 400


def test_a_damaged_list_is_read_or_refused_and_nothing_else(listed: Listed) -> None:
    rng = random.Random(0)
    for given in SAME.values():
        content = bytearray(given if isinstance(given, bytes) else given.encode())
        at = rng.randrange(len(content))
        hurt = {
            "changed": lambda c=content, i=at: c.__setitem__(i, rng.randrange(256)),
            "lost": lambda c=content, i=at: c.__delitem__(slice(i, i + rng.randrange(1, 20))),
            "cut": lambda c=content, i=at: c.__delitem__(slice(i, None)),
        }
        hurt[rng.choice([*hurt])]()
        try:
            listed(bytes(content))
        except BadForgetSet as refusal:
            assert "\n" not in str(refusal) and str(refusal).endswith(".")


def test_a_pickle_is_never_loaded(listed: Listed, tmp_path: Path) -> None:
    for protocol in range(6):
        code = b"cos\nsystem\n(S'touch %s'\ntR." % str(tmp_path / "ran").encode()
        content = (b"\x80" + bytes([protocol]) if protocol > 1 else b"") + code
        with pytest.raises(BadForgetSet):
            listed(content, "rows.pkl")
    assert not (tmp_path / "ran").exists()


def test_a_column_or_a_list_is_chosen_by_its_name_or_number(listed: Listed) -> None:
    table = "a,b\n101,3\n205,5\n309,3"
    assert listed(table, column="a").index.tolist() == ROWS
    assert listed(table, column="2").index.tolist() == [3, 5]
    assert listed("101,3\n205,5\n309,3", column="1").index.tolist() == ROWS
    assert listed('{"a": [101, 205, 309], "b": [3]}', column="A").index.tolist() == ROWS
    assert listed(npz(a=np.array(ROWS), b=np.arange(4)), column="a").index.tolist() == ROWS
    assert listed("label\n3\n5", column="label").index.tolist() == [3, 5]
    with pytest.raises(BadForgetSet, match="has no column 'c'; it has 'a', 'b'"):
        listed(table, column="c")
    assert forget.words("indices:/data/mine.csv#a") == "listed images (mine.csv)"


def test_what_is_listed_twice_is_taken_once_and_said(listed: Listed) -> None:
    found = listed("7\n3\n7\n7\n")
    assert found.index.tolist() == [3, 7]
    assert found.notes == ("rows.txt: 2 of 4 are listed a second time; each is taken once",)
    assert listed("7\n3\n").notes == ()


def test_a_column_found_by_its_content_is_named(listed: Listed) -> None:
    found = listed("what,n\ncat,101\ndog,205")
    assert found.index.tolist() == [101, 205]
    assert found.notes == ("rows.txt: the rows were read from the column 'n'",)
    assert listed("for ada\n101\n205").notes == (
        "rows.txt: its first line, 'for ada', was taken for a header",
    )
    gone = listed("index,note\n101,\n,gone\n205,")
    assert gone.notes == ("rows.txt: 1 empty cell was passed over in 'index'",)
    marked = listed("index,forget\n7,0\n101,1\n")
    assert marked.index.tolist() == [101]
    assert marked.notes == ("rows.txt: of 2 lines, 1 is meant by 'forget'",)


# --- rows, files and keys of their owner ------------------------------------------------------

OUT = np.arange(2, 500, 5)  # set aside by Lethe, of 500 rows
IN = np.setdiff1d(np.arange(499), OUT)  # row 499 could not be read
FILES = [f"{'cats' if r % 2 else 'dogs'}/img {r:03}.png" for r in range(500)]
CUT = replace(
    BARE,
    key="npz:d.npz",
    train_x=np.zeros((len(IN), 2), np.float32),
    train_y=IN % 5,
    train_origin=Origin(IN, "x"),
    test_origin=Origin(OUT, "x"),
)
NAMED = replace(
    CUT,
    train_origin=Origin(IN, "the files", tuple(FILES[r] for r in IN), tuple(f"k{r:03}" for r in IN)),  # noqa: E501
    test_origin=Origin(OUT, "the files", tuple(FILES[r] for r in OUT), tuple(f"k{r:03}" for r in OUT)),  # noqa: E501
)  # fmt: skip


def owned(found: ForgetSet) -> list[int]:
    """The owner's rows of what is forgotten."""
    return IN[found.index].tolist()


def test_rows_are_those_of_the_file_not_places_in_the_training_part(listed: Listed) -> None:
    assert owned(listed("10\n50\n100\n498", data=CUT)) == [10, 50, 100, 498]
    assert listed("10", data=CUT).index.tolist() == [8]


def test_rows_in_the_test_part_are_named_and_not_forgotten(listed: Listed) -> None:
    found = listed("10\n2\n50\n7\n100", data=CUT)
    assert owned(found) == [10, 50, 100]
    assert found.notes == (
        "2 of 5 listed rows are in the test part that was set aside, which is never trained on: "
        "rows 2, 7",
    )
    many = listed("0\n" + "\n".join(map(str, OUT)), data=CUT).notes[0]
    assert many.endswith("42, 47 and 90 more")
    with pytest.raises(
        BadForgetSet, match=r"All rows that rows.txt lists are in the test part.*2, 7"
    ):
        listed("2\n7", data=CUT)


def test_rows_that_were_not_read_and_rows_that_are_not_there(listed: Listed) -> None:
    gap = replace(CUT, train_y=CUT.train_y[:-1], train_origin=Origin(np.delete(IN, 8), "x"))
    with pytest.raises(BadForgetSet, match="lists the row 10, which was not read with the data"):
        listed("10", data=gap)
    with pytest.raises(BadForgetSet, match="the row 499; the rows of x are 0 to 498"):
        listed("499", data=CUT)


def test_a_test_part_of_its_own_has_its_own_rows(listed: Listed) -> None:
    own = replace(CUT, train_origin=Origin(IN, "train_x"), test_origin=Origin(OUT, "test_x"))
    with pytest.raises(BadForgetSet, match="the row 2, which was not read"):
        listed("2", data=own)


def test_masks_are_over_the_source_or_the_training_part(listed: Listed) -> None:
    rows = np.isin(np.arange(499), [10, 2, 50])
    assert owned(listed(npy(rows), data=CUT)) == [10, 50]
    assert "1 of 3 listed rows is in the test part" in listed(npy(rows), data=CUT).notes[0]
    places = np.isin(np.arange(len(IN)), [3, 4])
    assert listed(npy(places), data=CUT).index.tolist() == [3, 4]
    with pytest.raises(BadForgetSet, match="each of the 499 rows of x, or of the 399 training"):
        listed(npy(rows[:-9]), data=CUT)


@pytest.mark.parametrize(
    "text",
    [
        "cats/img 001.png\ndogs/img 000.png",
        "file,label\ncats/img 001.png,cat\ndogs/img 000.png,dog",
        "picture\ncats/img 001.png\ndogs/img 000.png",
        "./cats/img 001.png\n.\\dogs\\img 000.png",
        "/data/pets/cats/img 001.png\n/data/pets/dogs/img 000.png",
        "img 001.png\nimg 000.png",
        "cats/img 001\ndogs/img 000",
        "cats/img 001.png, dogs/img 000.png",
        "C:\\data\\cats\\img 001.png\r\nC:\\data\\dogs\\img 000.png\r\n",
        '["cats/img 001.png", "dogs/img 000.png"]',
        "['cats/img 001.png', 'dogs/img 000.png']",
        '{"cats/img 001.png": true, "dogs/img 000.png": true, "dogs/img 004.png": false}',
        '[{"path": "cats/img 001.png"}, {"path": "dogs/img 000.png"}]',
        "file,split\ncats/img 001.png,forget\ndogs/img 004.png,retain\ndogs/img 000.png,forget",
        "id\nk001\nk000\n",
        "k001\nk000\n",
        '["k001", "k000"]',
        "key,file\nk001,cats/img 001.png\nk000,dogs/img 000.png",
    ],
)
def test_files_and_keys_name_samples_too(listed: Listed, text: str) -> None:
    assert owned(listed(text, data=NAMED)) == [0, 1]


def test_files_that_fit_several_or_none_are_refused(listed: Listed) -> None:
    with pytest.raises(BadForgetSet, match=r"line 1 is 'gone.png', which is none of the files"):
        listed("gone.png\ncats/img 001.png\ncats/img 003.png\n", data=NAMED)
    twice = replace(
        NAMED,
        train_origin=replace(NAMED.train_origin, file=tuple(f"{r % 2}/{r // 2}.png" for r in IN)),
    )
    with pytest.raises(BadForgetSet, match=r"'5.png', which may be '0/5.png' or '1/5.png'"):
        listed("5.png\n0/5.png", data=twice)
    assert owned(listed("0/5.png", data=twice)) == [10]


def test_a_listed_file_of_the_test_part_is_named(listed: Listed) -> None:
    apart = tuple(f"test/{r}.png" for r in OUT)
    data = replace(NAMED, test_origin=Origin(OUT, "the test files", apart))
    found = listed("cats/img 001.png\ntest/2.png", data=data)
    assert "1 of 2 listed files is in the test part" in found.notes[0]
    assert found.notes[0].endswith("files test/2.png")


def test_numbers_that_may_be_rows_or_keys_are_a_question(listed: Listed) -> None:
    keys = tuple(str((r * 7) % 499) for r in IN)
    data = replace(CUT, train_origin=Origin(IN, "x", key=keys))
    with pytest.raises(BadForgetSet, match="may list rows or keys, which are different samples"):
        listed("10\n50", data=data)
    assert owned(listed("row\n10\n50", data=data)) == [10, 50]
    assert owned(listed("id\n70\n350", data=data)) == [10, 50]


def test_the_notes_travel_with_the_forget_set(listed: Listed) -> None:
    assert isinstance(listed("3\n3").notes, tuple)
    assert forget.parse("class:1", BARE, 0).notes == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\nabc\n", "line 2 is 'abc', not a whole number"),
        ("hello\nworld\n", "line 2 is 'world'"),
    ],
)
def test_the_entry_that_is_wrong_is_named_by_its_own_line(
    listed: Listed, text: str, words: str
) -> None:
    files = tuple(f"cat/{i}.png" for i in range(N))
    data = replace(BARE, train_origin=Origin(np.arange(N), "the files", files))
    with pytest.raises(BadForgetSet, match=words):
        listed(text, data=data)


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_a_table_of_few_bytes_and_many_rows_is_refused(listed: Listed, kind: str) -> None:
    """40 million zeros in a hundred kilobytes: nothing of them is read."""
    column = pa.chunked_array([pa.array(np.zeros(1 << 20, np.int64))] * 40)
    table, out = pa.table({"index": column}), io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, out)
    else:
        with ipc.new_file(out, table.schema, options=PACKED) as file:
            file.write_table(table)
    assert len(out.getvalue()) < 1 << 20
    with pytest.raises(BadForgetSet, match="unpacks to more than a list of samples can have"):
        listed(out.getvalue(), f"rows.{kind}")
