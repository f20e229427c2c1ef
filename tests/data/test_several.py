"""Images read by several processes: what one process would have read, whatever becomes of them."""

import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cu_core.data import _several
from cu_core.data.counting import counting
from cu_core.data.decode import Decoded, decode

ROOT = Path(__file__).parents[2]
SEVERAL = 2


def encoded(image: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def hard(n: int) -> list[bytes]:
    """Images of every kind that a folder may hold, some of them no images."""
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    found = []
    for i in range(n):
        image = Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8))
        turned = encoded(image, "JPEG", exif=exif)
        kinds = (
            encoded(image), turned, encoded(image.convert("P")), encoded(image.convert("L")),
            encoded(image.convert("RGBA")), encoded(image.resize((9, 7))), encoded(image, "JPEG"),
        )  # fmt: skip
        found.append(kinds[i % len(kinds)])
    found[5], found[n - 1] = b"no image", b""
    return found


def deep(n: int) -> list[bytes]:
    """Gray images of 12 bits, in files of 16."""
    rng = np.random.default_rng(1)
    return [
        encoded(Image.fromarray(rng.integers(0, 4096, (8, 8)).astype(np.uint16))) for _ in range(n)
    ]


def read(items: list[bytes], cores: int, monkeypatch: pytest.MonkeyPatch) -> Decoded:
    monkeypatch.setattr(_several.joblib, "cpu_count", lambda: cores)
    monkeypatch.setattr(_several, "FEWEST", 1)
    monkeypatch.setattr(_several, "CHUNK", 7)
    return decode(items, [f"image {i}" for i in range(len(items))])


@pytest.mark.parametrize("made", [hard, deep])
def test_several_processes_read_what_one_does(
    made: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = made(60)  # type: ignore[operator]
    one, more = (read(items, cores, monkeypatch) for cores in (1, SEVERAL))
    np.testing.assert_array_equal(one.x, more.x)
    np.testing.assert_array_equal(one.kept, more.kept)
    assert one.notes == more.notes


def test_what_is_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr("cu_core.data.decode.HELD", 10)
    with counting(lambda done, total: told.append((done, total))):
        read(hard(60), SEVERAL, monkeypatch)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[0][0] == 0 and told[-1][0] == 60 and {total for _, total in told} == {60}


def _dying(at: int, own: int, item: int) -> int:
    """Ends the process it is in, unless that is ``own``."""
    if item == at and os.getpid() != own:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def test_a_process_that_dies_costs_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_several.joblib, "cpu_count", lambda: SEVERAL)
    monkeypatch.setattr(_several, "FEWEST", 1)
    monkeypatch.setattr(_several, "CHUNK", 10)
    found = list(_several.each(partial(_dying, 55, os.getpid()), range(100)))
    assert found == [2 * item for item in range(100)]


def test_nobody_reads_on_for_a_process_that_was_killed() -> None:
    """Started by a script without a guard for its main part, and from a thread."""
    script = """
        import threading, time
        from functools import partial
        from cu_core.data import _several
        _several.joblib.cpu_count = lambda: 2
        _several.FEWEST = 1
        def read():
            for n, _ in enumerate(_several.each(partial(pow, 3), range(10**9))):
                if n == 1000:
                    print("reading", flush=True)
        reading = threading.Thread(target=read)
        reading.start()
        reading.join()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"reading\n"
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= SEVERAL
    process.kill()
    process.wait()
    process.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=300)
    for child in alive:
        child.kill()
    assert not alive


def test_few_images_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_several, "_by_several", lambda *_: pytest.fail("a process was started"))
    assert list(_several.each(abs, [-1, 2])) == [1, 2]


def test_large_images_go_a_few_at_a_time() -> None:
    parts = list(_several._parts([b"x" * (9 << 20)] * 5))
    assert [len(part) for part in parts] == [2, 2, 1]
