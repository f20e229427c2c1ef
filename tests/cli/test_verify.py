"""`lethe verify`: one byte that is another one is found and named; what is no run's zip is a
sentence, and nothing of it lands on the disk."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core.cli import _archive, _replay, main
from cu_core.cli._archive import opened
from cu_core.cli._intact import check
from cu_core.cli._replay import tensors_beside
from cu_core.errors import BadData, BadRequest
from cu_core.stage import export
from cu_core.stage.manifest import BLOCK_BYTES, NAME, Manifest, listed, pack, written
from cu_core.store import Store
from tests.pages.fabricate import finished

Out = pytest.CaptureFixture[str]
LARGE = bytes(range(256)) * 1000  # four blocks


def packed(files: dict[str, bytes], **more: Any) -> bytes:
    said = Manifest(run="some-run", files=tuple(listed(n, d) for n, d in files.items()), **more)
    out = io.BytesIO()
    pack([(NAME, written(said)), *files.items()], out)
    return out.getvalue()


def rezipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


SMALL = packed({"README.txt": b"words", "record/run.db": LARGE, "record/empty": b""})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A run's zip as `lethe export` writes it."""
    store = Store(tmp_path_factory.mktemp("home"), bundled=None)
    run_id = finished(store)
    (store.paths.run(run_id) / "unlearned.safetensors").write_bytes(b"\2" + bytes(7) + b"{}")
    return export.formats()["zip"].make(store, store.run(run_id))


@pytest.fixture
def verify(tmp_path: Path, capsys: Out) -> Callable[..., tuple[int, Any]]:
    """``verify(bytes, *words)``: (exit code, what is printed as JSON, else the sentences)."""

    def run(data: bytes, *words: str) -> tuple[int, Any]:
        file = tmp_path / "run.zip"
        file.write_bytes(data)
        code = main(["verify", str(file), *words, "--home", str(tmp_path / "home")])
        said = capsys.readouterr()
        assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["run.zip"]
        return code, json.loads(said.out) if "--json" in words else said.out + said.err

    return run


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def begins(data: bytes, name: str) -> int:
    """Where the contents of a file lie in the archive."""
    info = zipfile.ZipFile(io.BytesIO(data)).getinfo(name)
    name_bytes, more = struct.unpack("<2H", data[info.header_offset + 26 : info.header_offset + 30])
    return int(info.header_offset) + 30 + int(name_bytes) + int(more)


def test_a_zip_as_it_was_written_is_equal(
    whole: bytes, verify: Callable[..., tuple[int, Any]]
) -> None:
    code, said = verify(whole)
    assert code == 0 and "15 files" in said and said.endswith("all as they were written.\n")
    code, said = verify(whole, "--json")
    assert code == 0 and said["equal"] and said["differences"] == [] and said["replay"] is None


def test_a_byte_in_each_file_is_found_with_its_place(
    whole: bytes, verify: Callable[..., tuple[int, Any]]
) -> None:
    archive = zipfile.ZipFile(io.BytesIO(whole))
    for info in archive.infolist()[1:]:
        at = info.file_size * 2 // 3
        code, said = verify(flipped(whole, begins(whole, info.filename) + at), "--json")
        (found,) = said["differences"]
        assert (code, said["equal"], found["file"]) == (1, False, info.filename)
        block = at // BLOCK_BYTES * BLOCK_BYTES
        last = min(block + BLOCK_BYTES, info.file_size) - 1
        assert (found["first"], found["last"]) == (block, last)
    code, text = verify(flipped(whole, begins(whole, NAME) + 40))
    assert code == 1 and text.startswith("MANIFEST: bytes 0 to ") and "nothing else" in text


@settings(max_examples=150)
@given(at=st.integers(0, len(SMALL) - 1), bit=st.integers(0, 7))
def test_no_byte_anywhere_may_be_another_one(
    at: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a file it is named with its place; in what is around them it is found, or no zip is."""
    file = tmp_path_factory.getbasetemp() / "flipped.zip"
    file.write_bytes(SMALL[:at] + bytes([SMALL[at] ^ (1 << bit)]) + SMALL[at + 1 :])
    places = {name: begins(SMALL, name) for name in ("README.txt", "record/run.db")}
    sizes = {"README.txt": 5, "record/run.db": len(LARGE)}
    inside = [n for n, start in places.items() if start <= at < start + sizes[n]]
    try:
        found = check(opened(file)).differences
    except BadRequest as refusal:
        assert not inside and str(refusal).endswith(".")
        return
    assert found
    if inside:
        (one,) = found
        place = at - places[inside[0]]
        assert one.file == inside[0] and one.first is not None and one.last is not None
        assert one.first <= place <= one.last < one.first + BLOCK_BYTES


def test_neighbouring_blocks_are_one_place_and_others_another(
    verify: Callable[..., tuple[int, Any]],
) -> None:
    data = bytearray(SMALL)
    start = begins(SMALL, "record/run.db")
    for block in (0, 1, 3):
        data[start + block * BLOCK_BYTES] ^= 1
    _, said = verify(bytes(data), "--json")
    assert [(one["first"], one["last"]) for one in said["differences"]] == [
        (0, 2 * BLOCK_BYTES - 1),
        (3 * BLOCK_BYTES, len(LARGE) - 1),
    ]


def test_files_that_come_or_go_are_named(verify: Callable[..., tuple[int, Any]]) -> None:
    files = {"README.txt": b"words", "record/run.db": LARGE}
    said = zipfile.ZipFile(io.BytesIO(packed(files))).read(NAME)
    code, text = verify(rezipped({NAME: said, "README.txt": b"words", "more.txt": b"x"}))
    assert code == 1
    assert "record/run.db: is missing." in text and "more.txt: is not in MANIFEST" in text
    code, text = verify(rezipped({NAME: said, **files, "README.txt": b"word"}))
    assert (code, "README.txt: has 4 bytes and had 5." in text) == (1, True)


def test_packed_anew_the_files_alone_are_compared(
    verify: Callable[..., tuple[int, Any]],
) -> None:
    files = {"README.txt": b"words", "record/run.db": LARGE}
    said = zipfile.ZipFile(io.BytesIO(packed(files))).read(NAME)
    code, text = verify(rezipped({NAME: said, **files}))
    assert code == 0 and "Packed anew by another program" in text
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        code, text = verify(rezipped({"record/": b"", NAME: said, **files}, method))
        assert code == 0 and "2 files, 256,005 bytes: all as they were written." in text, method
    code, text = verify(rezipped({"record/": b"x", NAME: said, **files}))
    assert code == 1 and "record/: is not in MANIFEST" in text
    other = {**files, "record/run.db": flipped(LARGE, 70_000)}
    code, text = verify(rezipped({NAME: said, **other}))
    assert (code, "bytes 65,536 to 131,071" in text) == (1, True)


def with_name(name: str) -> bytes:
    return SMALL.replace(b"record/empty", name.encode().ljust(12, b"x"))


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("record/link")
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


def understated() -> bytes:
    """A packed file that holds more than the archive says."""
    data = bytearray(rezipped({NAME: b"x" * 5000}))
    info = zipfile.ZipFile(io.BytesIO(bytes(data))).getinfo(NAME)
    there = data.rindex(b"PK\1\2")
    for at in (info.header_offset + 22, there + 24):
        data[at : at + 4] = struct.pack("<I", 100)
    return bytes(data)


def begins_before() -> bytes:
    """The table of contents lies where none is, so that the first file begins before the first."""
    data = bytearray(SMALL)
    data[SMALL.rindex(b"PK\5\6") + 16] ^= 1 << 7
    return bytes(data)


def endless() -> bytes:
    """A packed file that claims more bytes than the archive has behind it, and needs them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(NAME, b"\x00\xff\xff\x00\x00")  # a block of 65,535 bytes follows
    data = bytearray(out.getvalue())
    there = data.rindex(b"PK\1\2")
    data[there + 10 : there + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    data[there + 20 : there + 28] = struct.pack("<2I", len(data), 70_000)
    return bytes(data)


def many(parts: int, packed_bytes: int, unpacked: int) -> bytes:
    """Files none of which shrinks by more than one may, as the table of contents has them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for i in range(parts):
            archive.writestr(f"{i}", bytes(packed_bytes))
    data = bytearray(out.getvalue())
    at = 0
    while (at := data.find(b"PK\1\2", at + 1)) > 0:
        data[at + 10 : at + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
        data[at + 24 : at + 28] = struct.pack("<I", unpacked)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (many(15, 1_000_000, 199_000_000), "would unpack to 3.0 GB"),
        (begins_before(), "would begin before it does"),
        (rezipped({NAME: b'{"block_bytes": 1}'}), "has a MANIFEST that is none"),
        (b"<!doctype html><title>A run</title>", "is no zip that can be read"),
        (b"", "is no zip that can be read"),
        (SMALL[:-30], "is no zip that can be read"),
        (rezipped({"README.txt": b"words"}), "has no MANIFEST, so it is no run's zip"),
        (rezipped({NAME: b"{]"}), "has a MANIFEST that is none"),
        (packed({}, layout=2, lethe="9.0"), "was written by Lethe 9.0; update Lethe to verify it."),
        (with_name("../../aa"), "has a path that leads out of it ('../../aa"),
        (with_name("/etc/cron"), "has a path that leads out of it"),
        (with_name("C:\\windows"), "has a path that leads out of it"),
        (link(), "has a path that leads out of it"),
        (rezipped({NAME: bytes(40_000_000)}), "is made to burst"),
        (rezipped({NAME: b"x"}, zipfile.ZIP_BZIP2), "in a way that Lethe does not read"),
    ],
)
def test_what_is_no_run_s_zip_is_refused_in_a_sentence(
    data: bytes, sentence: str, verify: Callable[..., tuple[int, Any]]
) -> None:
    code, text = verify(data)
    assert code == 2 and sentence in text and text.count("\n") == 1


def test_what_holds_more_than_it_declares_is_not_read_on(
    verify: Callable[..., tuple[int, Any]],
) -> None:
    code, text = verify(understated())
    assert (code, text) == (1, "MANIFEST: it holds more than the archive declares.\n")
    code, text = verify(endless())
    assert (code, text) == (1, "MANIFEST: the archive ends in the middle of it.\n")


def test_a_fault_of_the_disk_is_a_sentence(
    verify: Callable[..., tuple[int, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(_archive, "_to_contents", fault)
    code, text = verify(SMALL)
    assert code == 1
    assert text == "MANIFEST: it cannot be read ([Errno 5] Input/output error).\n"


def test_a_manifest_that_contradicts_itself_is_refused(
    verify: Callable[..., tuple[int, Any]],
) -> None:
    one = listed("README.txt", b"words").model_copy(update={"blocks": ()})
    out = io.BytesIO()
    said = Manifest(files=(one,))
    pack([(NAME, written(said)), ("README.txt", b"words")], out)
    code, text = verify(out.getvalue())
    assert code == 2 and "contradicts itself about 'README.txt'" in text


# --- run anew -----------------------------------------------------------------------------------


def tensors(**values: list[float]) -> bytes:
    head, body = {}, b""
    for name, numbers in values.items():
        raw = struct.pack(f"<{len(numbers)}f", *numbers)
        offsets = [len(body), len(body) + len(raw)]
        head[name] = {"dtype": "F32", "shape": [len(numbers)], "data_offsets": offsets}
        body += raw
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_weights_are_compared_tensor_by_tensor() -> None:
    one = tensors(a=[1.0, 2.0], b=[3.0])
    assert tensors_beside(one, tensors(b=[3.0], a=[1.0, 2.0])) == ((), 2)
    said, count = tensors_beside(one, tensors(a=[1.0, 2.5], c=[3.0]))
    assert count == 2
    assert said == (
        "a: differs first at byte 6 of 8.",
        "b: only in the zip.",
        "c: only in the replay.",
    )
    assert tensors_beside(one, tensors(a=[1.0], b=[3.0]))[0] == (
        "a: F32 [2] in the zip, F32 [1] in the replay.",
    )
    for wrong in (b"", b"\xff" * 12, one[:-2]):
        with pytest.raises(BadData, match="no safetensors file"):
            tensors_beside(one, wrong)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """(home, zip) of a short real run, in a home whose path is long and in no one alphabet."""
    folder = tmp_path_factory.mktemp("real") / "ünï côdé 数据" / " ".join(["long"] * 40)
    home, file = folder / "my hömé", folder / "a run of mine, 数据.zip"
    folder.mkdir(parents=True)
    words = ["--forget", "class:5", "--max-steps", "3", "--no-reference", "--probe-size", "60"]
    assert main(["unlearn", *words, "--home", str(home), "--json"]) == 0
    (run_id,) = Store(home).paths.run_ids()
    assert main(["export", run_id, "--zip", str(file), "--home", str(home)]) == 0
    yield home, file


def test_the_request_gives_the_same_weights_again(ran: tuple[Path, Path], capsys: Out) -> None:
    home, file = ran
    capsys.readouterr()
    before = Store(home).paths.run_ids()
    assert main(["verify", str(file), "--replay", "--home", str(home)]) == 0
    assert "Same weights, bit for bit: " in capsys.readouterr().out
    assert Store(home).paths.run_ids() == before  # it was made in a home of its own


def test_a_home_of_any_letters_is_read_again_and_hands_out_what_it_has(
    ran: tuple[Path, Path], capsys: Out
) -> None:
    home, file = ran
    (run_id,) = Store(home).paths.run_ids()
    assert run_id.isascii() and len(str(home)) > 240
    assert Store(home).run(run_id).state == "done"
    page, rows = file.with_name("bild ü.html"), file.with_name("数据.csv")
    words = ["export", run_id, "--html", str(page), "--csv", str(rows), "--home", str(home)]
    assert main(words) == 0 and page.stat().st_size > 10_000
    capsys.readouterr()
    assert main(["verify", str(file)]) == 0
    assert "all as they were written" in capsys.readouterr().out


def test_other_weights_are_named_by_tensor_and_byte(
    ran: tuple[Path, Path],
    verify: Callable[..., tuple[int, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if somebody had changed weights and hashes with them."""
    archive = zipfile.ZipFile(ran[1])
    files = {name: archive.read(name) for name in archive.namelist() if name != NAME}
    key = "weights/unlearned.safetensors"
    made = files[key]
    monkeypatch.setattr(_replay, "_made", lambda *_: made)
    files[key] = flipped(files[key], len(files[key]) - 1)
    code, said = verify(packed(files, versions={"torch": "0.1"}), "--replay", "--json")
    assert code == 1 and said["equal"] and not said["replay"]["equal"]
    tensor, circumstances = said["replay"]["said"]
    assert "differs first at byte" in tensor
    assert circumstances.startswith("What is otherwise here: torch 0.1 there")
    at = "record/summary.json"
    files[at] = json.dumps(json.loads(files[at]) | {"device": "tpu"}).encode()
    _, said = verify(packed(files), "--replay", "--json")
    assert "computed on tpu there, " in said["replay"]["said"][1]


def test_code_that_only_the_zip_names_is_not_run(
    ran: tuple[Path, Path],
    verify: Callable[..., tuple[int, Any]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "their_net.py").write_text(f"open({str(folder / 'was_run')!r}, 'w')\nnet = None\n")
    monkeypatch.syspath_prepend(str(folder))
    archive = zipfile.ZipFile(ran[1])
    files = {name: archive.read(name) for name in archive.namelist() if name != NAME}
    config, key = yaml.safe_load(files["record/config.yaml"]), "python:their_net.net"
    config["request"]["model"] = key
    files["record/config.yaml"] = yaml.safe_dump(config).encode()
    for words in ((), ("--model", "python:their_net.other")):
        code, text = verify(packed(files), "--replay", *words)
        assert code == 2 and f"if you know that code, add --model {key}." in text
        assert not (folder / "was_run").exists()
    code, _ = verify(packed(files), "--replay", "--model", key)
    assert code == 2 and (folder / "was_run").exists()


def test_what_is_damaged_is_not_run_anew(
    ran: tuple[Path, Path], verify: Callable[..., tuple[int, Any]]
) -> None:
    data = ran[1].read_bytes()
    code, text = verify(flipped(data, begins(data, "record/config.yaml")), "--replay")
    assert code == 1 and "Not run anew" in text


def test_a_run_without_an_end_has_nothing_to_compare(
    tmp_path: Path, verify: Callable[..., tuple[int, Any]]
) -> None:
    store = Store(tmp_path / "home", bundled=None)
    record = store.run(finished(store, end=None))
    code, text = verify(export.formats()["zip"].make(store, record), "--replay")
    assert code == 2 and "has no weights to compare with" in text


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "has no record/summary.json."),
        ({"record/summary.json": b"[]"}, "has a record/summary.json that is none ("),
        ({"record/summary.json": b"{}"}, "has no record/config.yaml."),
    ],
)
def test_a_record_without_its_parts_is_not_run_anew(
    files: dict[str, bytes], sentence: str, verify: Callable[..., tuple[int, Any]]
) -> None:
    data = packed({"weights/unlearned.safetensors": tensors(a=[1.0]), **files})
    code, text = verify(data, "--replay")
    assert code == 2 and sentence in text
