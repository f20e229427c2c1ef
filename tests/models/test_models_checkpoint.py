"""Our own weights files: back bit for bit, or not at all."""

import hashlib
import json
import os

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as to_bytes

from cu_core import models
from cu_core.errors import BadCheckpoint, DiskFull
from cu_core.models.checkpoint import load, save, weights_sha256

EXTRA = {
    "class_names": ["Ø", "1"],
    "mean": [0.5],
    "std": [0.25],
    "seed": 3,
    "recipe": {"epochs": 2, "lr": 0.1},
    "versions": {"gpu": "none"},
}


@pytest.fixture
def mlp():
    return models.build("mlp", (4,), 3)


def rewritten(path, change):
    """The same tensors under a header that ``change`` has had its way with."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["lethe"])
        tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
    change(header, tensors)
    path.write_bytes(to_bytes(tensors, metadata={"lethe": json.dumps(header)}))


@pytest.mark.parametrize(
    ("architecture", "shape", "head"),
    [
        ("mlp", (4,), "plain"),
        ("small-cnn", (1, 8, 8), "plain"),
        ("resnet20", (3, 16, 16), "normalised"),
        ("resnet18", (1, 8, 8), "plain"),
    ],
)
def test_a_model_comes_back_bit_for_bit_with_its_header(here, architecture, shape, head):
    model = models.build(architecture, shape, 3, head, seed=5)
    model(torch.randn(6, *shape))  # BatchNorm statistics are part of it
    path = here / "m.safetensors"
    sha = save(path, model, EXTRA)
    assert sha == hashlib.sha256(path.read_bytes()).hexdigest()
    back, header = load(path, sha)
    assert weights_sha256(back) == weights_sha256(model) == header["weights_sha256"]
    x = torch.randn(5, *shape)
    for a, b in zip(model.eval()(x), back.eval()(x), strict=True):
        assert torch.equal(a, b)
    assert all(header[k] == EXTRA[k] for k in EXTRA if k != "versions")
    assert (header["architecture"], header["head"], header["n_classes"]) == (architecture, head, 3)
    assert header["shape"] == shape
    assert set(header["versions"]) == {"lethe", "torch", "gpu"}
    assert all(p.requires_grad and p.is_contiguous() and p.is_leaf for p in back.parameters())


def test_the_same_model_gives_the_same_file(here, mlp):
    assert save(here / "a.safetensors", mlp, EXTRA) == save(here / "b.safetensors", mlp, EXTRA)


def test_the_hash_is_of_the_weights_not_of_their_layout_or_mode():
    model = models.build("small-cnn", (3, 8, 8), 3)
    before = weights_sha256(model)
    assert weights_sha256(model.to(memory_format=torch.channels_last).eval()) == before
    with torch.no_grad():
        model.fc.bias[1] += 1e-7
    assert weights_sha256(model) != before


def test_a_model_that_diverged_is_not_written(here, mlp):
    with torch.no_grad():
        mlp.fc.bias[:2] = torch.tensor([float("nan"), float("inf")])
    with pytest.raises(BadCheckpoint, match=r"2 of 3 values of fc\.bias are not finite"):
        save(here / "m.safetensors", mlp, {})
    assert list(here.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_file(here, mlp, monkeypatch):
    path = here / "m.safetensors"
    sha = save(path, mlp, EXTRA)

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="No space"):
        save(path, models.build("mlp", (4,), 3, seed=9), {})
    assert [p.name for p in here.iterdir()] == ["m.safetensors"]
    assert load(path, sha)[1]["seed"] == 3


def test_another_file_than_the_recorded_one_is_refused(here, mlp):
    path = here / "m.safetensors"
    sha = save(path, mlp, {})
    save(path, models.build("mlp", (4,), 3, seed=9), {})
    assert load(path)
    with pytest.raises(BadCheckpoint, match=r"damaged.*SHA-256.*restore"):
        load(path, sha)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.booleans())
def test_damage_anywhere_is_noticed_without_a_recorded_hash(here, at, flip, cut):
    path = here / "m.safetensors"
    model = models.build("mlp", (4,), 3)
    save(path, model, EXTRA)
    content = bytearray(path.read_bytes())
    position = int(at * len(content)) if at > 0.05 else int(at * 20 * 700)  # the header, often
    if cut:
        content = content[:position]
    else:
        content[position] ^= flip
    path.write_bytes(content)
    try:
        back, _ = load(path)
    except BadCheckpoint as error:
        assert str(error).endswith(".")
    else:  # a byte of the header that says nothing about the weights
        assert not cut
        assert weights_sha256(back) == weights_sha256(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h, t: h.update(format=2), ["newer Lethe", "Update"]),
        (lambda h, t: h.pop("weights_sha256"), ["damaged header", "1 fault"]),
        (lambda h, t: h.update(architecture="lenet"), ["'lenet'", "small-cnn"]),
        (lambda h, t: h.update(n_classes=4), ["3 classes", "4"]),
        (lambda h, t: h.update(n_classes=1), ["1"]),
        (lambda h, t: h.update(shape=[10**12]), ["body.1.weight", "(256, 4)"]),
        (lambda h, t: h.update(head="normalised"), ["mlp has no normalised head"]),
        (lambda h, t: t["fc.bias"].mul_(2).add_(1), ["weights are not those"]),
        (lambda h, t: t.update({"fc.bias": t["fc.bias"].half()}), ["weights are not those"]),
        (lambda h, t: t.pop("fc.bias"), ["fc.bias is missing"]),
        (lambda h, t: t.clear(), ["is missing"]),
    ],
)
def test_a_header_or_weight_that_was_changed_is_refused(here, mlp, change, words):
    path = here / "m.safetensors"
    save(path, mlp, EXTRA)
    rewritten(path, change)
    with pytest.raises(BadCheckpoint) as caught:
        load(path)
    for word in words:
        assert word in str(caught.value)


def test_a_safetensors_file_of_someone_else_is_to_be_imported(here, mlp):
    path = here / "m.safetensors"
    path.write_bytes(to_bytes(dict(mlp.state_dict())))
    with pytest.raises(BadCheckpoint, match=r"not written by Lethe\. Import it"):
        load(path)
