"""A network at its real size on large images: read, trained, unlearned, played, and the memory.

    python -m bench size --model timm:vit_tiny_patch16_224 --side 224
    python -m bench size --model timm:resnet50 --side 224 --streamed

The images are drawn: a shape of a colour on noise for each class, as JPEGs of 300 x 240 in a folder
a class. The original is trained for an epoch of them, so that its accuracy says nothing; a class is
unlearned in a few steps, each with a frame. ``--streamed``: as on a machine whose memory they do
not fit, so that batches are read from the disk.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench import report
from bench.report import Found
from bench.runs import asked, booked, executed, say, trained
from bench.scale_cells import MB, disk, peak_mb
from cu_core import data
from cu_core.data import memory
from cu_core.service.catalog import catalog
from cu_core.spec import UnlearnRequest
from cu_core.stage.export import formats
from cu_core.store import Store

WIDE, HIGH = 300, 240  # pixels of a file
HARDLY_ANY = 1e-6  # of the free memory, that nothing fits
LOOKS = ("snapshot", "map", "metrics", "store")  # of the clock, once a frame


def main(argv: list[str]) -> int:
    options = report.Options("size", __doc__)
    add = options.add_argument
    add("--quick", action="store_true", help="few images, a small network")
    options.sized("--model", "timm:vit_tiny_patch16_224", "timm:test_vit", "the network")
    options.sized("--images", 2000, 60, "in the folder")
    options.sized("--side", 224, 96, "pixels that they are read at")
    options.sized("--steps", 12, 3, "of unlearning")
    add("--classes", type=int, default=10)
    add("--batch", type=int, default=32, help="images of each set in an update")
    add("--streamed", action="store_true", help="read batches from the disk")
    options.device("cpu")
    return report.run("size", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> Found:
    if options.streamed:
        memory.SHARE = HARDLY_ANY
    say(f"drawing {options.images} images")
    key = f"folder:{drawn(home / 'images', options.images, options.classes)}"
    request = asked(
        dataset=key,
        size=options.side,
        model=options.model,
        train_epochs=1,
        forget="class:1",
        method="contrastive",
        hparams={"batch_size": options.batch, "epochs": 1},
        max_steps=options.steps,
        every=1,
        reference=False,
        device=options.device,
    )
    rows = [*reading(request, home), *running(request, Store(home / "home"))]
    return {"rows": [*rows, target("GB of the process at most", peak_mb() / 1000)]}


def drawn(folder: Path, n: int, classes: int) -> Path:
    """A folder of ``n`` JPEGs, a sub-folder for each class: polygons of 3, 4, ... corners."""
    rng = np.random.default_rng(0)
    for i in range(n):
        c = i % classes
        noise = rng.integers(0, 110, (HIGH // 4, WIDE // 4, 3)).astype(np.uint8)
        image = Image.fromarray(noise).resize((WIDE, HIGH))
        x, y, r = (int(rng.integers(*span)) for span in ((90, 210), (90, 150), (40, 85)))
        turns = [2 * math.pi * (k / (c + 3)) + float(rng.random()) for k in range(c + 3)]
        corners = [(x + r * math.cos(turn), y + r * math.sin(turn)) for turn in turns]
        colour = tuple(int(v) for v in rng.integers(140, 256, 3))
        ImageDraw.Draw(image).polygon(corners, fill=colour)
        path = folder / f"shape-{c}" / f"{i:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=90)
    return folder


def reading(request: UnlearnRequest, home: Path) -> list[Found]:
    say("reading them")
    spent: dict[str, Any] = {}
    for turn in ("decoded", "from the cache"):
        with booked(spent, turn):
            found = data.load(request.dataset, home / "home", size=request.size)
    where = "on disk" if isinstance(found.train_x, np.memmap) else "in memory"
    where = f"{where}, {found.train_x.dtype}, {'writable' if found.train_x.flags.writeable else ''}"
    return [
        target("seconds of reading the folder", spent["decoded"]),
        target("seconds of reading it again", spent["from the cache"], where.rstrip(", ")),
        target("MB of the cache", disk(home / "home" / "data")),
    ]


def running(request: UnlearnRequest, store: Store) -> list[Found]:
    store.save_catalog(catalog(store.home))
    original = trained(store, request)
    say("unlearning")
    with executed(store, request) as record:
        seconds, progress = record.summary.seconds, store.reader(record.run_id).progress()
        frames, steps = len(store.reader(record.run_id).snapshots()), record.summary.steps
        sheet = len((store.reader(record.run_id).probe() or {})["atlas"])
        pages = {key: len(formats()[key].make(store, record)) for key in ("html",)}
    tile = progress.atlas.tile if progress.atlas else 0
    frame = sum(seconds.get(part, 0.0) for part in LOOKS) / frames
    return [
        target("seconds of an epoch of training", original.seconds),
        target("seconds of an update", seconds["step"] / steps, f"{steps} of them"),
        target("seconds of a frame", frame, f"{frames} of them"),
        target("seconds of the whole run", seconds.get("total", sum(seconds.values()))),
        target("MB of the cards' pictures", sheet / MB, f"tiles of {tile} pixels"),
        target("MB of the page that plays it", pages["html"] / MB),
    ]


def target(name: str, value: float, note: str = "") -> Found:
    return report.target(name, value, note=note)


def text(found: report.Row) -> str:
    return "\n".join([*report.target_table(found["rows"]), "", report.circumstances(found)])
