"""A browser tab without a browser: polls a run and puts its frames together as run.js does."""

from typing import Any

import numpy as np

from cu_core.spec import Catalog
from cu_core.stage import replay, unpack
from cu_core.store import Store

PARTS = (
    "true_label",
    "ghost",
    "ghost_share",
    "xyz",
    "ghost_xyz",
    "exact",
)  # replaced whole when they come


class Tab:
    def __init__(self, store: Store, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self.sent = replay.Sent(run_id)
        self.frames: list[dict[str, Any]] = []
        self.parts: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.last: bytes | None = None
        self.blobs = 0

    def poll(self, **words: Any) -> None:
        """One look; a blob is taken if it is another one than before."""
        store, run_id = self.store, self.run_id
        record, reader = store.run(run_id), store.reader(run_id)
        catalog = store.catalog() or Catalog()
        data = replay.blob(record, reader, reader.progress(), catalog, self.sent, **words)
        if data is None or data is self.last:
            return
        self.last, self.blobs = data, self.blobs + 1
        self.take(data)

    def take(self, data: bytes) -> None:
        header, sections = unpack(data)
        every = header.get("every", 1)
        known = len(self.frames) - (every > 1)  # the newest of every k-th gives way to the next
        joins = every == self.header.get("every", 1) and header["start"] <= known
        assert joins or not header["start"], "the page would have to ask for frames"
        if header["start"] == 0:
            self.frames, self.parts = [], {}
        self.header = header
        self.parts |= {name: sections[name] for name in PARTS if name in sections}
        own = ("xy", "pred", "share")
        for f in range(header["count"]):
            frame = {name: sections[name][f] for name in own if name in sections}
            frame |= {"step": header["steps"][f], "quality": header["quality"][f]}
            self.frames[header["start"] + f :] = [
                frame, *self.frames[header["start"] + f + 1 : header["total"]]
            ]  # fmt: skip
        self.frames = self.frames[: header["total"]]


def assert_same_picture(one: Tab, other: Tab) -> None:
    """Every frame and part as it is drawn: the same uint16 positions in the same box."""
    assert one.header["box"] == other.header["box"]
    assert [f["step"] for f in one.frames] == [f["step"] for f in other.frames]
    for a, b in zip(one.frames, other.frames, strict=True):
        assert a.keys() == b.keys() and a["quality"] == b["quality"]
        for name in a.keys() - {"step", "quality"}:
            np.testing.assert_array_equal(a[name], b[name])
    assert one.parts.keys() == other.parts.keys()
    for name in one.parts:
        np.testing.assert_array_equal(one.parts[name], other.parts[name])
