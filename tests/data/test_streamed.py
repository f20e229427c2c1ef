"""Sets that do not fit in memory: the same samples and batches, from files, in bounded memory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from cu_core import data, engine, forget, methods, models
from cu_core.data import cache, memory
from cu_core.data.batches import DeviceBatches, Resident, resident
from cu_core.data.decode import decode
from cu_core.data.memory import Room, Rows, parts
from cu_core.data.probe import make_probe
from cu_core.data.streamed import Streamed
from cu_core.errors import BadData
from cu_core.spec import Dataset, Job, Snapshot

ROOT = Path(__file__).resolve().parents[2]


def made(kind: str, n: int = 60) -> Dataset:
    rng = np.random.default_rng(0)
    if kind == "images":
        x: Any = rng.integers(0, 256, (n, 3, 16, 16), dtype=np.uint8)
    else:
        x = rng.normal(5, 3, (n, 7)).astype(np.float32)
    y = np.arange(n, dtype=np.int64) % 4
    return Dataset("it", x, y, x[: n // 3].copy(), y[: n // 3], ("a", "b", "c", "d"))


def on_disk(it: Dataset, folder: Path) -> Dataset:
    """The same set with its samples in read-only files."""
    mapped = []
    for name in ("train_x", "test_x"):
        np.save(folder / f"{name}.npy", getattr(it, name))
        mapped.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    return Dataset(it.key, mapped[0], it.train_y, mapped[1], it.test_y, it.class_names)


@pytest.fixture
def nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARE", 0.0)


def batches(r: Resident, augment: Any) -> DeviceBatches:
    index = np.arange(1, len(r.train_y), 2)
    return DeviceBatches(r.train_x, r.train_y, index, 8, 3, "retain", augment, r.mean, r.std)


@pytest.mark.parametrize(
    ("kind", "augment"),
    [("images", "none"), ("images", "crop+flip"), ("rows", "none")],
)
def test_batches_are_the_resident_ones_bit_for_bit(
    kind: str, augment: str, tmp_path: Path, nothing_fits: None
) -> None:
    it = made(kind)
    held, streamed = resident(it), resident(on_disk(it, tmp_path))
    assert isinstance(held.train_x, torch.Tensor) and isinstance(streamed.train_x, Streamed)
    assert isinstance(streamed.test_x, Streamed)
    assert torch.equal(held.mean, streamed.mean) and torch.equal(held.std, streamed.std)
    a, b = batches(held, augment), batches(streamed, augment)
    for i in (0, 1, 7, 3):
        for order in ("shuffled", "stored", "balanced"):
            for view in (0, 1):
                (x, y), (x_, y_) = a.batch(i, order, view), b.batch(i, order, view)  # type: ignore[arg-type]
                assert torch.equal(x, x_) and torch.equal(y, y_) and x.dtype == x_.dtype


def test_statistics_are_those_of_the_whole_however_it_is_parted(
    tmp_path: Path, nothing_fits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("images", "rows"):
        it = made(kind, 500)
        whole = resident(it)
        monkeypatch.setattr(memory, "PART_BYTES", 3000)
        parted = resident(on_disk(it, tmp_path))
        assert torch.equal(whole.mean, parted.mean) and torch.equal(whole.std, parted.std)
    assert torch.equal(whole.mean, torch.from_numpy(it.train_x.mean(0, dtype=np.float64)).float())
    assert torch.equal(whole.std, torch.from_numpy(it.train_x.std(0, dtype=np.float64)).float())


def test_it_is_indexed_like_a_tensor(tmp_path: Path, nothing_fits: None) -> None:
    it = made("images")
    x, wanted = resident(on_disk(it, tmp_path)).train_x, torch.from_numpy(it.train_x)
    assert (len(x), x.shape, x.ndim, x.dtype) == (60, wanted.shape, 4, torch.uint8)
    assert x.device == wanted.device
    take = np.array([5, 59, 0, 5])
    for item in (slice(3, 9), slice(50, 900), slice(9, 3), take, torch.from_numpy(take)):
        assert torch.equal(x[item], wanted[item])
    assert torch.equal(x.index_select(0, torch.from_numpy(take)), wanted[take])
    x[:5].zero_()  # what it gives is a copy
    assert torch.equal(x[:5], wanted[:5])
    part = Streamed(np.load(tmp_path / "train_x.npy", mmap_mode="r")[20:], "cpu")
    assert torch.equal(part[3:5], wanted[23:25])
    in_memory = Streamed(it.train_x, "cpu")
    assert torch.equal(in_memory[torch.from_numpy(take)], wanted[take])


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="the file is mapped here")
def test_a_file_that_is_cut_short_is_a_sentence(tmp_path: Path, nothing_fits: None) -> None:
    x = resident(on_disk(made("images"), tmp_path)).train_x
    os.truncate(tmp_path / "train_x.npy", 5000)
    with pytest.raises(BadData, match="was cut short while it was read"):
        x[50:]


def test_what_fits_is_held_and_shared_if_it_can_be_written(tmp_path: Path) -> None:
    it = made("images")
    assert isinstance(resident(on_disk(it, tmp_path)).train_x, torch.Tensor)
    private = np.load(tmp_path / "train_x.npy", mmap_mode="c")
    held = resident(Dataset("it", private, it.train_y, it.test_x, it.test_y, it.class_names))
    assert held.train_x.data_ptr() == private.ctypes.data  # type: ignore[union-attr]
    private[:] = 0
    assert np.array_equal(np.load(tmp_path / "train_x.npy"), it.train_x)


BOUNDED = """
import sys
import numpy as np, torch
from cu_core.data import memory
from cu_core.data.batches import DeviceBatches, resident
from cu_core.spec import Dataset

memory.SHARE = 0.0
x = np.lib.format.open_memmap(sys.argv[1], "w+", np.uint8, (20_000, 3, 64, 64))  # 246 MB of holes
del x
x, y = np.load(sys.argv[1], mmap_mode="r"), np.arange(20_000) % 10
torch.zeros(8, 8) @ torch.zeros(8, 8)

def peak():
    held = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
    return int(held) // 1024

before = peak()
r = resident(Dataset("it", x, y, x[:2000], y[:2000], tuple("0123456789")))
b = DeviceBatches(r.train_x, y_ := r.train_y, np.arange(20_000), 256, 0, "a", "crop", r.mean, r.std)
for i in range(0, b.n_batches, 2):
    b.batch(i)
for start in range(0, 20_000, 1000):
    r.train_x[start : start + 1000]
print(peak() - before)
x = np.array(x)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """A pass over 246 MB, read for statistics, in batches and in order: its own peak, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(tmp_path / "x.npy")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    streamed, held = map(int, done.stdout.split())
    assert streamed < 150 and held > 230  # the measure sees what is held


DECODED = """
import sys
from io import BytesIO
from pathlib import Path
from PIL import Image
import numpy as np
from cu_core.data import cache, decode, memory
from cu_core.data.assemble import assemble

memory.SHARE = 0.0
buffer = BytesIO()
Image.new("RGB", (64, 64), (9, 90, 200)).save(buffer, "JPEG")

def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024

def read(room):
    decoded = decode.decode([buffer.getvalue()] * 16_000, ["it"] * 16_000, room)
    return assemble("it", decoded.x, np.arange(16_000) % 10)

Path(sys.argv[1], "it").touch()
before = peak()
found = cache.cached(Path(sys.argv[1]), "it", [Path(sys.argv[1], "it")], read)
assert len(found.train_x) == 12_800 and isinstance(found.train_x, np.memmap)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_making_a_large_cache_takes_bounded_memory(tmp_path: Path) -> None:
    """200 MB decoded, split, written and hashed."""
    done = subprocess.run(
        [sys.executable, "-c", DECODED, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 100


def test_a_run_does_not_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three updates of the app's default method, and what is seen of the model: bit for bit."""
    it = data.load("digits")
    held = resident(it)
    monkeypatch.setattr(memory, "SHARE", 0.0)
    streamed = resident(on_disk(it, tmp_path))
    chosen = forget.parse("class:5", it, 0)
    probe = make_probe(it, chosen, 200, 50)
    ends = []
    for r in (held, streamed):
        sets = {"forget": chosen.index, "retain": np.setdiff1d(np.arange(1347), chosen.index)}
        a, b = (
            DeviceBatches(r.train_x, r.train_y, index, 32, 0, name, "crop", r.mean, r.std)
            for name, index in sets.items()
        )
        model = models.build("small-cnn", it.shape, 10)
        job = Job(model, a, b, 10, chosen.classes)
        method = methods.get("contrastive").make()
        engine.begin(method, job)
        observer = engine.Observer(r, probe)
        *_, last = engine.run(method, job, observer, every=3, total=3)
        assert isinstance(last, Snapshot)
        ends.append((last, [p.detach().clone() for p in model.parameters()]))
    (seen, weights), (seen_, weights_) = ends
    assert all(torch.equal(w, w_) for w, w_ in zip(weights, weights_, strict=True))
    for name in ("z", "logits", "test_logits", "test_z"):
        assert np.array_equal(getattr(seen, name), getattr(seen_, name))


# --- sources ----------------------------------------------------------------------------------


def fill(folder: Path, n: int = 30) -> Path:
    for i in range(n):
        (folder / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "ab"[i % 2] / f"{i:03d}.png")
    return folder


def a_folder(tmp: Path) -> str:
    folder = fill(tmp / "images")
    (folder / "a" / "004.png").write_bytes(b"broken")
    return f"folder:{folder}"


def two_parts(tmp: Path) -> str:
    fill(tmp / "parts/train", 20)
    fill(tmp / "parts/test", 8)
    return f"folder:{tmp / 'parts'}"


def a_parquet(tmp: Path) -> str:
    files = sorted(fill(tmp / "loose").rglob("*.png"))
    images = [{"bytes": file.read_bytes(), "path": None} for file in files]
    images[3]["bytes"] = b""
    table = pa.table({"image": images, "label": [i % 3 for i in range(len(files))]})
    pq.write_table(table, tmp / "a.parquet", row_group_size=7)
    return f"parquet:{tmp / 'a.parquet'}"


def an_npz(tmp: Path) -> str:
    x = np.random.default_rng(0).random((40, 8, 8, 3), dtype=np.float32)
    np.savez_compressed(tmp / "a.npz", x=x, y=np.arange(40) % 4)
    return f"npz:{tmp / 'a.npz'}"


def two_bytes(tmp: Path) -> str:
    x = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    y = np.arange(40) % 4
    np.savez(tmp / "b.npz", x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])
    return f"npz:{tmp / 'b.npz'}"


def table(tmp: Path) -> str:
    np.savez(tmp / "c.npz", x=np.random.default_rng(0).random((40, 5)), y=np.arange(40) % 4)
    return f"npz:{tmp / 'c.npz'}"


@pytest.mark.parametrize("source", [a_folder, two_parts, a_parquet, an_npz, two_bytes, table])
def test_what_does_not_fit_is_read_into_files_and_is_the_same_set(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, home = source(tmp_path), tmp_path / "home"
    wanted = data.load(key)
    monkeypatch.setattr(memory, "SHARE", 0.0)
    monkeypatch.setattr(memory, "PART_BYTES", 1000)
    found = data.load(key, home)
    assert found.known_hash == found.hash == wanted.hash
    assert (found.key, found.notes, found.class_names) == (key, wanted.notes, wanted.class_names)
    for name in ("train_x", "test_x"):
        array, same = getattr(found, name), getattr(wanted, name)
        assert isinstance(array, np.memmap) and not array.flags.writeable
        assert array.dtype == same.dtype and np.array_equal(array, same)
    (folder,) = (home / "data").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        "about.json", "test_x.npy", "test_y.npy", "train_x.npy", "train_y.npy",
    ]  # fmt: skip
    monkeypatch.setattr(cache, "_made", None)
    assert np.array_equal(data.load(key, home).train_x, wanted.train_x)


def test_a_large_cache_that_was_touched_is_compared_with_its_hash(
    tmp_path: Path, nothing_fits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, home = a_folder(tmp_path), tmp_path / "home"
    first = data.load(key, home).hash
    (folder,) = (home / "data").iterdir()
    os.utime(folder / "train_x.npy", ns=(1, 1))  # copied, say: sound all the same
    with monkeypatch.context() as patch:
        patch.setattr(cache, "_made", None)
        assert data.load(key, home).hash == first
    with (folder / "train_x.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"?")
    assert data.load(key, home).hash == first
    assert data.load(key, home).known_hash == first  # made anew


def test_without_a_home_all_goes_into_memory(tmp_path: Path, nothing_fits: None) -> None:
    found = data.load(a_folder(tmp_path))
    assert not isinstance(found.train_x, np.memmap)


def test_a_disk_without_room_is_said_before_anything_is_written(
    tmp_path: Path, nothing_fits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 5000

    monkeypatch.setattr(memory.shutil, "disk_usage", lambda _: Usage)  # type: ignore[attr-defined]
    key, home = a_folder(tmp_path), tmp_path / "home"
    with pytest.raises(BadData, match=r"30 samples take .* too much for memory, and on disk: .*"):
        data.load(key, home)
    assert list((home / "data").iterdir()) == []


KILLED = """
import sys, time
from cu_core import data
from cu_core.data import decode, memory

memory.SHARE = float(sys.argv[3])
read, done = decode._read, []

def slow(*given):
    done.append(1)
    if len(done) == 15:
        print("half", flush=True)
        time.sleep(60)
    return read(*given)

decode._read = slow
data.load(sys.argv[1], __import__("pathlib").Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("source", "share"), [(a_folder, "0.0"), (a_folder, "0.5"), (a_parquet, "0.0")]
)
def test_a_reader_that_is_killed_leaves_no_half_cache(
    tmp_path: Path, source: Callable[[Path], str], share: str
) -> None:
    key, home = source(tmp_path), tmp_path / "home"
    words = [sys.executable, "-c", KILLED, key, str(home), share]
    reader = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None and reader.stdout.readline() == "half\n"
    half = list((home / "data").iterdir()) if (home / "data").exists() else []
    assert [path.name.endswith(".part") for path in half] == ([True] if share == "0.0" else [])
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    assert data.load(key, home).hash == data.load(key).hash
    (folder,) = (home / "data").iterdir()  # what the reader left is gone, too
    assert folder.name.count(".") == 0


def test_a_part_that_a_live_process_writes_is_left_to_it(tmp_path: Path) -> None:
    key, home = a_folder(tmp_path), tmp_path / "home"
    data.load(key, home)
    (folder,) = (home / "data").iterdir()
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    theirs = folder.with_name(f"{folder.name}.{other.pid}.part")
    theirs.mkdir()
    os.utime(next((tmp_path / "images").rglob("*.png")), ns=(1, 1))
    data.load(key, home)
    assert theirs.exists() and not folder.exists()
    other.kill()
    other.wait()
    time.sleep(0.01)


def test_large_images_are_not_read_ahead_of_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from io import BytesIO

    from cu_core.data import decode as module

    buffer = BytesIO()
    Image.new("RGB", (100, 80), (9, 9, 9)).save(buffer, "JPEG")
    given: list[int] = []

    class Items:
        def __len__(self) -> int:
            return 40

        def __contains__(self, item: object) -> bool:
            return True

        def __iter__(self) -> Any:
            given.clear()
            for i in range(40):
                given.append(i)
                yield buffer.getvalue()

    monkeypatch.setattr(module, "AHEAD", 4)
    ahead = []
    read = module._read
    monkeypatch.setattr(module, "_read", lambda *a: (ahead.append(len(given)), read(*a))[1])
    decoded = decode(Items(), [""] * 40)
    assert len(decoded.x) == 40
    assert max(n - done for done, n in enumerate(ahead)) <= 8


# --- arrays on disk ---------------------------------------------------------------------------


def test_rows_of_an_array_are_its_rows(tmp_path: Path, nothing_fits: None) -> None:
    array = Room(tmp_path).array((10, 2), np.float32)
    assert isinstance(array, np.memmap)
    array[:] = np.arange(20).reshape(10, 2)
    rows = Rows(array, np.array([7, 2, 3]))
    assert rows.shape == (3, 2) and rows.nbytes == 24 and rows.ndim == 2 and len(rows) == 3
    assert rows[1:].tolist() == [[4, 5], [6, 7]]
    assert np.concatenate(list(parts(rows))).tolist() == [[14, 15], [4, 5], [6, 7]]
