"""Files that were whole, some of their bytes changed, through the functions that a page calls."""

import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from PIL import Image

from bench.runs import asked, say
from cu_core import data, forget, models
from cu_core.cli._archive import opened
from cu_core.cli._intact import check
from cu_core.models import checkpoint
from cu_core.runs.execute import execute
from cu_core.service.catalog import catalog
from cu_core.service.weights import import_weights
from cu_core.spec import ImportWeights
from cu_core.stage.export import formats
from cu_core.store import Store
from cu_core.store.backup import backup, restore
from cu_core.stories import library
from cu_core.stories.story import parse
from cu_core.sweeps.file import request_in

Door = tuple[SearchStrategy[Any], Callable[[Any], None]]
SHAPE, N_CLASSES = (1, 8, 8), 10  # of digits, for which weights are made
N, SIDE = 40, 12
SWEEP = """base: {dataset: digits, forget: "class:5", method: contrastive, hparams: {lr: 1e-3}}
axes:
  temperature: [0.05, 1, log]
  variant: [paper, official]
  batch_size: {choices: [32, 64]}
objectives: [forget_gap, ta_gap]
trials: 30
"""
ODD = (b"", b"\0", b"\xff" * 8, b"\x80\x04cos\nsystem\n(S'true'\ntR.", b"NaN", b"1e999", b"{{{{",
       b"- &a [*a]\n", b"\n---\n", b"=1+1", b"\xef\xbb\xbf", b"\xff\xfe", b"\x7f" * 4)  # fmt: skip


def door(folder: Path, quick: bool) -> Door:
    """(kind, changes) -> read, refused, or a traceback."""
    say("making whole files")
    store = Store(folder / "home", bundled=None)
    whole = made(store, folder, quick)
    read = readers(store, folder)
    change = st.tuples(
        st.sampled_from(("flip", "flip", "cut", "insert", "double", "end", "swap")),
        st.floats(0, 1),
        st.floats(0, 1),
        st.one_of(st.binary(max_size=8), st.sampled_from(ODD)),
    )
    changes = st.lists(change, max_size=4)
    kinds = st.sampled_from(sorted(whole))
    other = st.one_of(st.none(), st.none(), st.none(), st.none(), kinds)

    def knock(given: tuple[str, list[Any], str | None]) -> None:
        kind, changes, contents = given
        path = folder / "brought" / kind
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(changed(whole[contents or kind], changes))
        read[kind](path)

    return st.tuples(kinds, changes, other), knock


def changed(whole: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    """Bytes flipped, cut out, put in, doubled, cut off, or changing places."""
    found = bytearray(whole)
    for how, at, other, more in changes:
        i, j = sorted((int(at * len(found)), int(other * len(found))))
        if how == "flip" and i < len(found):
            found[i] ^= more[0] if more else 0xFF
        elif how == "cut":
            del found[i : min(j, i + 64)]
        elif how == "insert":
            found[i:i] = more
        elif how == "double":
            found[j:j] = found[i : min(j, i + 256)]
        elif how == "end":
            del found[j:]
        elif how == "swap" and i < j < len(found):
            found[i], found[j] = found[j], found[i]
    return bytes(found)


def readers(store: Store, folder: Path) -> Mapping[str, Callable[[Path], object]]:
    """What reads each of the files, by its name."""
    digits = data.load("digits")

    def weights(path: Path) -> object:
        return import_weights(store, ImportWeights(path=str(path), dataset="digits"))

    def listed(path: Path) -> object:
        return forget.parse(f"indices:{path}", digits, 0)

    def rows(source: str) -> Callable[[Path], object]:
        return lambda path: data.load(f"{source}:{path}", store.home)

    return {
        "data.npz": rows("npz"),
        "images.npz": rows("npz"),
        "rows.parquet": rows("parquet"),
        "images.parquet": rows("parquet"),
        "rows.csv": rows("csv"),
        "image.png": lambda path: _pictured(store, folder, path),
        "image.jpg": lambda path: _pictured(store, folder, path),
        "image.gif": lambda path: _pictured(store, folder, path),
        "weights.safetensors": weights,
        "weights.pt": weights,
        "old.pt": weights,
        "weights.npz": weights,
        "run.zip": lambda path: check(opened(path)),
        "home.tar": lambda path: _restored(path, folder / "restored"),
        "list.csv": listed,
        "list.json": listed,
        "list.npy": listed,
        "list.npz": listed,
        "list.xlsx": listed,
        "story.md": _story,
        "sweep.yaml": request_in,
        "classes.json": lambda path: import_weights(
            store,
            ImportWeights(path=str(folder / "whole.pt"), dataset="digits", classes=str(path)),
        ),
    }


def _story(path: Path) -> object:
    return library.checked(parse(path.read_bytes().decode("utf-8", "replace"), path.name))


def _restored(path: Path, home: Path) -> object:
    shutil.rmtree(home, ignore_errors=True)  # it must be new
    return restore(path, home, lambda *_: None)


def _pictured(store: Store, folder: Path, path: Path) -> object:
    """The picture among three of its class, beside another class."""
    images = folder / "images"
    for i in range(3):
        for name in ("cat", "dog"):
            (images / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (SIDE, SIDE), (40 * i, 90, 9)).save(images / name / f"{i}.png")
    for left in images.glob("cat/image.*"):
        left.unlink()
    (images / "cat" / path.name).write_bytes(path.read_bytes())
    return data.load(f"folder:{images}", store.home)


def made(store: Store, folder: Path, quick: bool) -> dict[str, bytes]:
    """Small files as the libraries write them that people have."""
    torch.manual_seed(0)
    model = models.build("small-cnn", SHAPE, N_CLASSES, "plain")
    state = model.state_dict()
    torch.save(state, folder / "whole.pt")
    return {
        **_tables(),
        **_images(),
        **_weights(model, state, folder),
        **_lists(),
        **({} if quick else _runs(store, folder)),
        "story.md": sorted(library.FOLDER.glob("*.md"))[0].read_bytes(),
        "sweep.yaml": SWEEP.encode(),
        "classes.json": json.dumps([str(i) for i in range(N_CLASSES)]).encode(),
    }


def _tables() -> dict[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, 5)).astype(np.float32), np.arange(N) % 3
    images = rng.integers(0, 256, (N, SIDE, SIDE, 3), dtype=np.uint8)
    plain, packed = io.BytesIO(), io.BytesIO()
    np.savez(plain, x=x, y=y)
    np.savez_compressed(packed, x=images, y=y)
    found = {"data.npz": plain.getvalue(), "images.npz": packed.getvalue()}
    encoded = [{"bytes": _encoded("PNG", one), "path": f"{i}.png"} for i, one in enumerate(images)]
    for name, columns in (
        ("rows.parquet", {"x": list(x), "label": y}),
        ("images.parquet", {"image": encoded, "label": y}),
    ):
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out)
        found[name] = out.getvalue()
    lines = [
        ",".join([*(f"{value:.3f}" for value in row), f"c{c}"]) for row, c in zip(x, y, strict=True)
    ]
    found["rows.csv"] = "\n".join(["a,b,c,d,e,label", *lines]).encode()
    return found


def _images() -> dict[str, bytes]:
    image = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return {f"image.{name}": _encoded(kind, image)
            for name, kind in (("png", "PNG"), ("jpg", "JPEG"), ("gif", "GIF"))}  # fmt: skip


def _encoded(kind: str, image: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, kind)
    return out.getvalue()


def _weights(model: Any, state: Mapping[str, Any], folder: Path) -> dict[str, bytes]:
    checkpoint.save(folder / "whole.safetensors", model, _header())
    old, arrays = io.BytesIO(), io.BytesIO()
    torch.save({"net": state, "epoch": 3}, old, _use_new_zipfile_serialization=False)
    np.savez(arrays, **{name: tensor.numpy() for name, tensor in state.items()})
    return {
        "weights.safetensors": (folder / "whole.safetensors").read_bytes(),
        "weights.pt": (folder / "whole.pt").read_bytes(),
        "old.pt": old.getvalue(),
        "weights.npz": arrays.getvalue(),
    }


def _header() -> dict[str, Any]:
    return {
        "architecture": "small-cnn",
        "head": "plain",
        "shape": list(SHAPE),
        "n_classes": N_CLASSES,
        "class_names": [str(i) for i in range(N_CLASSES)],
        "mean": [0.5],
        "std": [0.5],
    }


def _lists() -> dict[str, bytes]:
    import openpyxl

    index = np.arange(3, 40, 3)
    npy, npz, xlsx = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(npy, index)
    np.savez(npz, forget=index, retain=np.arange(50, 60))
    book = openpyxl.Workbook()
    for row in (["row"], *([int(i)] for i in index)):
        book.active.append(row)
    book.save(xlsx)
    return {
        "list.csv": "\n".join(["row,why", *(f"{i},asked" for i in index)]).encode(),
        "list.json": json.dumps({"forget": index.tolist()}).encode(),
        "list.npy": npy.getvalue(),
        "list.npz": npz.getvalue(),
        "list.xlsx": xlsx.getvalue(),
    }


def _runs(store: Store, folder: Path) -> dict[str, bytes]:
    """A run of three steps as it is handed out, and its home as it is backed up."""
    request = asked(train_epochs=1, max_steps=3, every=1, reference=False, probe_size=40)
    store.save_catalog(catalog(store.home))
    run_id = store.enqueue(request, "fuzzed")
    execute(store, store.claim_run(run_id))
    out = folder / "home.tar"
    backup(store.home, out, lambda *_: None)
    return {
        "run.zip": formats()["zip"].make(store, store.run(run_id)),
        "home.tar": out.read_bytes(),
    }
