"""The image zoo: every kind of file a folder may hold, and what is said about it."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from cu_core import data
from cu_core.data.counting import counting
from cu_core.data.decode import decode
from cu_core.errors import BadData, Cancelled


def png(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colour(seed: int = 0, size: tuple[int, int] = (8, 6)) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def gray(size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.fromarray(np.arange(size[0] * size[1], dtype=np.uint8).reshape(size[::-1]))


def read(*items: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    decoded = decode(items, [f"image {i}" for i in range(len(items))])
    return decoded.x, decoded.notes


def test_colour_images_come_out_as_they_are() -> None:
    x, notes = read(png(colour(0)), png(colour(1)))
    assert x.shape == (2, 3, 6, 8) and notes == ()
    assert np.array_equal(x[1], np.asarray(colour(1)).transpose(2, 0, 1))


def test_gray_images_stay_gray_until_one_has_colour() -> None:
    x, notes = read(png(gray()), png(gray().convert("1")))
    assert x.shape == (2, 1, 6, 8) and notes == ()
    assert np.array_equal(x[0, 0], np.asarray(gray()))
    x, notes = read(png(gray()), png(colour()))
    assert x.shape == (2, 3, 6, 8) and notes == ("1 gray image given three channels",)
    assert (x[0] == np.asarray(gray())).all()


def test_transparency_is_flattened_on_white() -> None:
    clear = Image.new("RGBA", (8, 6), (10, 20, 30, 0))
    half = Image.new("RGBA", (8, 6), (0, 0, 0, 128))
    palette = Image.new("P", (8, 6), 0)
    palette.putpalette([200, 0, 0] * 256)
    x, notes = read(png(clear), png(half), png(palette, transparency=0))
    assert notes == ("3 RGBA images flattened on white",)
    assert (x[0] == 255).all() and (abs(x[1].astype(int) - 127) <= 1).all() and (x[2] == 255).all()
    faint = png(Image.new("LA", (8, 6), (0, 51)))
    assert (read(faint, faint)[0] == 204).all()  # a gray set stays one channel
    assert read(faint, faint)[0].shape[1] == 1


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.linspace(0, 65535, 48).astype(np.uint16).reshape(6, 8)
    x, notes = read(png(Image.fromarray(values)), png(Image.fromarray(values), "TIFF"))
    assert notes == ("2 16-bit images scaled to 8 bits",)
    assert np.array_equal(x[0, 0], np.rint(values / 257.0)) and np.array_equal(x[0], x[1])


def test_palette_and_cmyk_images_become_rgb() -> None:
    palette = colour().quantize(4)
    cmyk = Image.new("CMYK", (8, 6), (0, 255, 255, 0))  # red ink
    x, notes = read(png(palette), png(cmyk, "TIFF"))
    assert set(notes) == {"1 palette image expanded", "1 CMYK image converted to RGB"}
    assert np.array_equal(x[0], np.asarray(palette.convert("RGB")).transpose(2, 0, 1))
    assert (x[1][0] > 250).all() and (x[1][1:] < 5).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_exif_turns_the_image_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 270 degrees
    stored = Image.new("L", (6, 8), 0)
    stored.paste(255, (0, 0, 3, 8))  # its left half is white
    upright = png(gray())
    x, notes = read(upright, upright, png(stored, kind, exif=exif))
    assert notes == ("1 image turned by its EXIF orientation",), notes
    assert x.shape == (3, 1, 6, 8)
    assert x[2, 0, :3].min() > 240 and x[2, 0, 3:].max() < 15  # left has become top


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (8, 6), c) for c in ((255, 0, 0), (0, 255, 0))]
    x, notes = read(png(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert "1 animated image: first frame used" in notes
    assert (x[0, 0] == 255).all() and (x[0, 1] == 0).all()


def test_the_most_common_size_wins_up_to_64_pixels() -> None:
    x, notes = read(png(gray((10, 10))), png(gray()), png(gray()))
    assert x.shape == (3, 1, 6, 8) and notes == ("1 image resized to 8 x 6",)
    x, notes = read(png(gray((200, 100)), "JPEG"), png(gray((200, 100))), png(gray((64, 64))))
    assert x.shape == (3, 1, 64, 64) and notes == ("2 images resized to 64 x 64",)


def test_a_large_photo_keeps_its_picture() -> None:
    photo = Image.new("RGB", (1600, 1200), (200, 30, 30))
    photo.paste((30, 30, 200), (800, 0, 1600, 1200))
    x, _ = read(png(photo, "JPEG"))
    assert x.shape == (1, 3, 64, 64)
    assert abs(x[0, :, 32, 5].astype(int) - (200, 30, 30)).max() < 6
    assert abs(x[0, :, 32, 58].astype(int) - (30, 30, 200)).max() < 6


def bomb(side: int) -> bytes:
    """A PNG that claims side x side pixels in a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "damaged",
    [b"", b"not an image", png(colour())[:60], bomb(8001), bomb(12_000), bomb(30_000)],
    ids=["empty", "text", "cut short", "64 MP", "warned of", "refused by Pillow"],
)
def test_what_cannot_be_read_is_left_out_and_named(damaged: bytes) -> None:
    good = [png(colour(i)) for i in range(20)]
    decoded = decode([*good, damaged], [f"a{i}" for i in range(20)] + ["bad one.png"])
    assert decoded.notes == ("1 unreadable image left out: bad one.png",)
    assert decoded.kept.tolist() == list(range(20)) and len(decoded.x) == 20


def test_images_that_would_fill_memory_are_refused_by_their_heads(
    recwarn: pytest.WarningsRecorder,
) -> None:
    huge = {f"{side}.png": bomb(side) for side in (8001, 12_000, 30_000)}
    with pytest.raises(BadData) as refusal:
        decode([png(colour()), *huge.values()], ["good.png", *huge])
    assert str(refusal.value).count("pixels are more than 64,000,000") == 3
    with pytest.raises(BadData, match="3 of 3 images cannot be read"):
        decode([*huge.values()], [*huge])
    assert not [one for one in recwarn if one.category is Image.DecompressionBombWarning]


def test_no_other_program_draws_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostScript under an image's name: Pillow would have Ghostscript run it."""
    asked: list[object] = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: asked.append(given))
    with pytest.raises(BadData, match=r"a\.png \(no image\)"):
        decode([png(colour(), "EPS"), png(colour())], ["a.png", "b.png"])
    assert not asked


def test_more_than_one_in_twenty_is_refused_naming_three() -> None:
    items = [png(colour())] * 15 + [b"x", png(colour())[:60], b"", b"y"]
    with pytest.raises(BadData, match="4 of 19 images cannot be read") as caught:
        decode(items, [f"n{i}" for i in range(19)])
    assert "and 1 more" in str(caught.value) and "5%" in str(caught.value)


def test_reading_says_how_far_it_is_and_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cu_core.data.decode.HELD", 2)
    heard: list[tuple[int, int]] = []
    items = [png(gray())] * 5
    with counting(lambda done, total: heard.append((done, total))):
        decode(items, [""] * 5)
    decode(items, [""] * 5)  # nobody listens any more
    assert heard == [(0, 5), (0, 5), (2, 5), (4, 5), (5, 5)]  # heads, then pixels

    def stop(done: int, total: int) -> None:
        raise Cancelled("Stopped by you.")

    with counting(stop), pytest.raises(Cancelled):
        decode(items, [""] * 5)


def test_floating_point_pixels_are_not_guessed() -> None:
    floats = png(Image.fromarray(np.ones((6, 8), np.float32)), "TIFF")
    with pytest.raises(BadData, match="1 of 2 images cannot be read"):
        decode([floats, png(gray())], ["a.tiff", "b.png"])


def fill(root: Path, per_class: int = 5, classes: tuple[str, ...] = ("cat", "dög 数据")) -> None:
    for c, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(per_class):
            colour(10 * c + i).save(root / name / f"bild nummer {i} ü.png")


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    root = tmp_path / "ünï côdé 数据"
    fill(root)
    (root / "cat" / "notes.txt").write_text("not an image")
    (root / ".cache").mkdir()
    (root / "nothing yet").mkdir()
    found = data.load(f"folder:{root}")
    assert found.class_names == ("cat", "dög 数据") and found.shape == (3, 6, 8)
    assert len(found.train_y) == 8 and np.bincount(found.test_y).tolist() == [1, 1]
    assert "no test part: a fixed 2 of 10 samples serve as one" in found.notes
    assert "1 sub-folder without images: nothing yet" in found.notes
    assert found.hash == data.load(f"folder:{root}").hash


def test_train_and_test_folders_are_kept_apart(tmp_path: Path) -> None:
    fill(tmp_path / "train", 4)
    fill(tmp_path / "test", 2)
    (tmp_path / "train" / "cat" / "broken.png").write_bytes(b"")
    for i in range(20):
        colour(i).save(tmp_path / "train" / "cat" / f"more {i}.jpg", quality=95)
    found = data.load(f"folder:{tmp_path}")
    assert np.bincount(found.train_y).tolist() == [24, 4]
    assert np.bincount(found.test_y).tolist() == [2, 2]
    assert found.notes == (
        "read from train (29 images) and test (4)",
        "1 unreadable image left out: train/cat/broken.png",
    )
    assert found.train_origin is not None
    assert found.train_origin.row.tolist() == [*range(4), *range(5, 29)]  # as ImageFolder counts
    assert found.train_origin.file[4] == "train/cat/more 0.jpg"


def test_a_train_folder_alone_is_split_and_a_class_may_be_called_train(tmp_path: Path) -> None:
    fill(tmp_path / "one" / "train")
    assert data.load(f"folder:{tmp_path / 'one'}").class_names == ("cat", "dög 数据")
    fill(tmp_path / "two", classes=("plane", "train"))
    assert data.load(f"folder:{tmp_path / 'two'}").class_names == ("plane", "train")


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="There is no folder"):
        data.load(f"folder:{tmp_path / 'gone'}")
    colour().save(tmp_path / "loose.png")
    with pytest.raises(BadData, match="it needs one sub-folder per class"):
        data.load(f"folder:{tmp_path}")
    fill(tmp_path, classes=("only",))
    with pytest.raises(BadData, match=r"only one class \('only'\)"):
        data.load(f"folder:{tmp_path}")


def test_images_read_at_a_size_are_cropped_in_the_middle_and_not_stretched(tmp_path: Path) -> None:
    wide = Image.fromarray(np.repeat(np.arange(40, dtype=np.uint8)[None] * 6, 20, 0))
    decoded = decode([png(wide), png(gray((20, 20)))], ["wide", "square"], None, 10)
    assert decoded.x.shape == (2, 1, 10, 10)
    assert abs(int(decoded.x[0, 0, 5].mean()) - 117) <= 3  # the middle half of 0..234
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        for i in range(4):
            wide.save(tmp_path / folder / f"{i}.png")
    home = tmp_path / "home"
    key = f"folder:{tmp_path}"
    small, large = (data.load(key, home, size=side) for side in (10, 16))
    assert (small.shape, large.shape) == ((1, 10, 10), (1, 16, 16))
    assert data.load(key, home, size=10).hash == small.hash != large.hash
    assert data.load("digits", size=16).shape == (1, 16, 16)
