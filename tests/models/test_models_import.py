"""Weights that someone brings: translated with a note, or refused in a sentence."""

import collections
import os
import pickle
import re
import struct
import sys
import warnings
import zipfile

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from cu_core import models
from cu_core.data import memory
from cu_core.errors import BadCheckpoint
from cu_core.models import _assemble
from cu_core.models.checkpoint import import_file, save, weights_sha256

IMAGE = (3, 16, 16)


@pytest.fixture(scope="module")
def resnet20():
    return models.build("resnet20", IMAGE, 10, seed=4)


@pytest.fixture(scope="module")
def resnet18():
    return models.build("resnet18", IMAGE, 10, seed=4)


@pytest.fixture
def mlp():
    return models.build("mlp", (4,), 3)


def theirs(model, *renames):
    """The state dict as torchvision and most others would name it."""
    found = {k.removeprefix("body."): v for k, v in model.state_dict().items()}
    for ours, other in renames:
        found = {k.replace(ours, other): v for k, v in found.items()}
    return found


def written(path, content):
    torch.save(content, path)
    return path


def refusal(*args, **kw):
    with pytest.raises(BadCheckpoint) as caught:
        import_file(*args, **kw)
    sentence = str(caught.value)
    assert sentence.endswith((".", "`."))
    assert "Traceback" not in sentence
    return sentence


# --- what is understood -----------------------------------------------------------------------


def nothing(weights):
    return weights


def prefixed(*prefixes):
    return lambda w: {"".join(prefixes) + k: v for k, v in w.items()}


@pytest.mark.parametrize(
    ("renames", "wrap", "notes"),
    [
        ([], nothing, ["resnet18, plain head"]),
        ([("downsample", "shortcut"), ("fc.", "linear.")], nothing, ["translated"]),
        ([], prefixed("module."), ['"module."']),
        (
            [],
            prefixed("_orig_mod.", "module.", "model."),
            ['"_orig_mod."', '"module."', '"model."'],
        ),
        ([], lambda w: {"state_dict": w, "epoch": 3}, ['"state_dict"']),
        ([], lambda w: {"model": {"state_dict": prefixed("module.")(w)}}, ['"model"', '"module."']),
        ([], lambda w: collections.OrderedDict(w), []),
        (
            [],
            lambda w: {k: v.half() if v.is_floating_point() else v for k, v in w.items()},
            ["float16"],
        ),
        ([], lambda w: {k: v for k, v in w.items() if "num_batches" not in k}, ["20 BatchNorm"]),
        ([], lambda w: {**w, "epoch": 7, "best": 0.9}, []),
    ],
)
def test_the_usual_ways_of_saving_a_resnet_are_understood(here, resnet18, renames, wrap, notes):
    path = written(here / "w.pth", wrap(theirs(resnet18, *renames)))
    brought = import_file(path, IMAGE, 10)
    model, said = brought.model, brought.notes
    assert model.architecture == "resnet18"
    rounded = "float16" in notes
    for a, b in zip(model.state_dict().values(), resnet18.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-3 if rounded else 0, rtol=1e-2 if rounded else 0)
    for note in notes:
        assert any(note in sentence for sentence in said), (note, said)


def test_torchvision_itself_is_understood(here):
    from torchvision.models import resnet18

    original = resnet18(num_classes=5).eval()
    path = here / "w.safetensors"
    save_file(original.state_dict(), path)
    model = import_file(path, (3, 72, 72), 5).model
    x = torch.randn(2, 3, 72, 72)
    torch.testing.assert_close(model.eval()(x)[0], original(x), atol=1e-5, rtol=1e-4)


def test_the_authors_model_is_understood_as_the_normalised_head(here):
    ours = models.build("resnet18", IMAGE, 10, head="normalised")
    renames = [("mlp_head.", "head."), ("fc.weight", "fc.1.weight"), ("fc.bias", "fc.1.bias")]
    content = {
        k if k.startswith(("head.", "fc.")) else f"encoder.{k}": v
        for k, v in theirs(ours, *renames).items()
    }
    model = import_file(written(here / "w.pt", content), IMAGE, 10).model
    assert model.head == "normalised"
    assert weights_sha256(model) == weights_sha256(ours)


def test_our_own_file_is_understood_and_its_hash_checked(here, mlp):
    path = here / "m.safetensors"
    save(path, mlp, {})
    brought = import_file(path, (4,), 3)
    model, notes = brought.model, brought.notes
    assert weights_sha256(model) == weights_sha256(mlp)
    assert notes == ()
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    assert "weights are not those that were written" in refusal(path, (4,), 3)


def test_the_imported_weights_are_an_own_copy(here, mlp):
    content = mlp.state_dict()
    content["fc.bias"] = torch.zeros(1).expand(3)  # one element, three times
    model = import_file(written(here / "w.pt", content), (4,), 3, "mlp").model
    with torch.no_grad():
        model.fc.bias[0] = 1
    assert model.fc.bias.tolist() == [1, 0, 0]
    assert model.fc.bias.requires_grad


# --- what does not fit ------------------------------------------------------------------------


def test_another_number_of_classes_is_said_with_both_numbers(here, resnet20):
    sentence = refusal(written(here / "w.pt", theirs(resnet20)), IMAGE, 100)
    assert "10 classes" in sentence
    assert "this data set has 100" in sentence


def test_another_architecture_is_said_with_five_mismatches_and_the_right_name(here, resnet20):
    path = written(here / "w.pt", theirs(resnet20))
    sentence = refusal(path, IMAGE, 10, "resnet18")
    assert sentence.count(" in the file and ") == 5
    assert "conv1.weight is (16, 3, 3, 3) in the file and (64, 3, 3, 3) in it" in sentence
    assert re.search(r"; and \d\d+ more\.", sentence)
    assert "It fits resnet20 exactly: import it as resnet20." in sentence


def test_another_stem_is_a_network_of_its_own(here):
    from torchvision.models import resnet18

    path = written(here / "w.pt", resnet18(num_classes=10).state_dict())
    assert import_file(path, IMAGE, 10).model.architecture == "resnet18-7x7-stride-pool"
    sentence = refusal(path, IMAGE, 10, "resnet18")
    assert "conv1.weight is (64, 3, 7, 7) in the file and (64, 3, 3, 3)" in sentence
    assert "import it as resnet18-7x7-stride-pool" in sentence


def test_a_head_that_the_network_lacks_is_left_aside(here, mlp):
    content = {**mlp.state_dict(), "mlp_head.0.weight": torch.zeros(2, 2)}
    notes = import_file(written(here / "w.pt", content), (4,), 3, "mlp").notes
    assert any("Left aside" in note and "mlp_head.0" in note for note in notes)


def test_an_unknown_architecture_is_refused(here, mlp):
    assert "'lenet'" in refusal(written(here / "w.pt", mlp.state_dict()), (4,), 3, "lenet")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.update({"fc.bias": torch.zeros(1).expand(10**9)}), ["(1000000000,)", "(3,)"]),
        (lambda w: w.update({"body.9.weight": torch.zeros(1)}), ["body.9.weight is unknown"]),
        (lambda w: w.pop("body.1.bias"), ["1.bias is missing"]),
        (
            lambda w: w.update({"linear.weight": w["fc.weight"], "linear.bias": w["fc.bias"]}),
            ["fc.weight (3, 64)", "linear.weight (3, 64)", "could be its last layer"],
        ),
        (lambda w: w["fc.bias"].fill_(float("nan")), ["3 of 3 values of fc.bias", "not finite"]),
        (lambda w: w.update({"fc.bias": torch.zeros(3).to_sparse()}), ["fc.bias", "sparse"]),
        (lambda w: w.update({"fc.bias": torch.zeros(3, device="meta")}), ["fc.bias", "empty"]),
        (lambda w: w.update({"fc.bias": torch.zeros(3, dtype=torch.int8)}), ["int8", "float"]),
        (lambda w: w.update({"fc.bias": torch.zeros(3, dtype=torch.cfloat)}), ["complex"]),
        (
            lambda w: w.update({"fc.weight": torch.zeros(())}),
            ["fc.weight ()", "reads the 64 features"],
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_a_copy_is_made(here, mlp, change, words):
    content = dict(mlp.state_dict())
    change(content)
    sentence = refusal(written(here / "w.pt", content), (4,), 3, "mlp")
    for word in words:
        assert word in sentence
    assert len(sentence) < 700


def test_a_billion_declared_elements_are_never_copied(here, mlp, monkeypatch):
    def explode(*args):
        raise AssertionError("copied before the shapes were compared")

    monkeypatch.setattr(_assemble, "_own", explode)
    content = {k: torch.zeros(1).expand(10**9) for k in mlp.state_dict()}
    sentence = refusal(written(here / "w.pt", content), (4,), 3)
    assert "(1000000000,)" in sentence


@pytest.mark.parametrize(
    "content", [[1, 2], torch.zeros(3), {}, {"epoch": 3}, {"state_dict": {"lr": 0.1}}]
)
def test_a_file_without_named_weights_is_refused(here, content):
    assert "holds no weights" in refusal(written(here / "w.pt", content), (4,), 3)


# --- what is no weights file ------------------------------------------------------------------


class Bomb:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("how", ["zip", "raw", "raw-2", "legacy"])
def test_a_pickle_bomb_is_refused_and_does_not_go_off(here, how):
    path, marker = here / "w.pt", here / "went-off"
    if how.startswith("raw"):
        path.write_bytes(pickle.dumps(Bomb(marker), protocol=2 if how == "raw-2" else 5))
    else:
        torch.save({"w": Bomb(marker)}, path, _use_new_zipfile_serialization=how == "zip")
    sentence = refusal(path, (4,), 3)
    assert "which Lethe never does" in sentence
    assert "save_file(model.state_dict()" in sentence
    assert not marker.exists()


def test_a_torchscript_program_is_refused(here):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(2, 2)).save(here / "w.pt")
    assert "TorchScript" in refusal(here / "w.pt", (4,), 3)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("w.pt", b"", "empty (0 bytes)"),
        ("w.safetensors", b"", "empty (0 bytes)"),
        ("w.pt", b"\n <!DOCTYPE html><title>404", "web page"),
        ("w.safetensors", b"<html>", "web page"),
        ("w.pt", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        ("w.pt", b"epoch,loss\n1,0.3", "no weights file that Lethe can read"),
        ("w.pt", b"PK\x03\x04" + bytes(200), "cut short"),
        ("w.safetensors", b"PK\x03\x04" + bytes(200), "cut short"),
        ("w.safetensors", b"abc", "cut short"),
        ("w.safetensors", struct.pack("<Q", 2**60) + b"{}", "1,152,921,504,606,846,976 bytes"),
        ("w.safetensors", struct.pack("<Q", 2) + b"[]", "no intact safetensors"),
        ("w.safetensors", struct.pack("<Q", 4) + b"\xff\xfe\xfd{", "no intact safetensors"),
        ("w", b"x", "first bytes are b'x'"),
        ("w.pt", b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
        ("w.h5", b"GGUF" + bytes(99), "GGUF"),
        ("w.pt", b"\x08\x07\x12\x07pytorch\x1a\x052.0.0", "ONNX"),
        ("w.pt", b"\x83\xa6params\x83", "MessagePack"),
        ("w.pt", b'{"metadata": {}, "weight_map": {}}', "JSON"),
        ("w.pth.tar", bytes(257) + b"ustar" + bytes(99), "tar archive"),
        ("w.pt.gz", b"\x1f\x8b" + bytes(99), "compressed by gzip"),
        ("w.npy", b"\x93NUMPY\x01\x00" + bytes(99), "single array"),
        ("w.pt", b"\x89PNG\r\n", "PNG picture"),
    ],
)
def test_files_of_another_kind_are_told_apart(here, name, content, word):
    (here / name).write_bytes(content)
    assert word in refusal(here / name, (4,), 3)


def test_a_missing_file_and_a_folder_are_refused(here):
    assert "no file" in refusal(here / "w.pt", (4,), 3)
    (here / "d.pt").mkdir()
    assert "no file" in refusal(here / "d.pt", (4,), 3)


def test_a_file_that_memory_cannot_hold_is_not_read(here, mlp, monkeypatch):
    path = written(here / "w.pt", {**mlp.state_dict(), "more": torch.zeros(2**19)})
    monkeypatch.setattr(memory, "free", lambda: 2**20)
    assert "2 MB, which is more than the memory that is free" in refusal(path, (4,), 3)


@pytest.mark.parametrize("how", ["deflated", "overlapping"])
def test_an_archive_that_unfolds_is_refused(here, mlp, how):
    whole = written(here / "whole.pt", mlp.state_dict())
    with zipfile.ZipFile(whole) as a, zipfile.ZipFile(here / "w.pt", "w") as b:
        for record in a.infolist():
            kind = zipfile.ZIP_DEFLATED if how == "deflated" else zipfile.ZIP_STORED
            b.writestr(record.filename, a.read(record), compress_type=kind)
        if how == "overlapping":  # many names in the table for the same bytes
            b.filelist += [max(b.filelist, key=lambda r: r.file_size)] * 99
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "unfolds to" in refusal(here / "w.pt", (4,), 3)


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_file_cut_anywhere_is_refused(here, mlp, kind):
    path = here / f"w.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "safetensors":
        save_file(mlp.state_dict(), path)
    else:
        torch.save(mlp.state_dict(), path, _use_new_zipfile_serialization=kind == "zip")
    content = path.read_bytes()
    for share in (0.001, 0.01, 0.3, 0.9, 0.999):
        path.write_bytes(content[: max(int(share * len(content)), 9)])
        sentence = refusal(path, (4,), 3, "mlp")
        assert "cut short" in sentence or "no intact" in sentence or "pickle" in sentence


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.binary(min_size=1, max_size=300), st.sampled_from([".pt", ".safetensors"]))
def test_any_bytes_at_all_end_in_a_sentence(here, content, suffix):
    path = here / f"w{suffix}"
    path.write_bytes(content)
    refusal(path, (4,), 3, "mlp")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_a_damaged_pickle_loads_or_ends_in_a_sentence(here, data):
    path = written(here / "w.pt", models.build("mlp", (4,), 3).state_dict())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content), 3000) - 1))
        content[-at if data.draw(st.booleans()) else at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        import_file(path, (4,), 3, "mlp")
    except BadCheckpoint as error:
        assert str(error).endswith((".", "`."))


def test_code_that_a_file_names_is_not_run(here, mlp, monkeypatch):
    """Only where the person names it: a header is somebody else's word."""
    (here / "theirs.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))
    mlp.architecture = "python:theirs.net"
    save(here / "w.safetensors", mlp, {})
    said = refusal(here / "w.safetensors", (4,), 3)
    assert "python:theirs.net" in said and "Nothing is run because a file names it" in said
    assert not (here / "ran").exists() and "theirs" not in sys.modules
