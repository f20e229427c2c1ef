"""Watched or not, the same weights; and nothing of Lethe raises in a loop."""

import logging
import random
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from cu_core.errors import StoreError
from cu_core.store import RunWriter, Store
from cu_core.watching.looking import Looker
from tests.watching.loops import blobs, network, same, train, watched


class Restless(nn.Module):
    """Draws, counts, keeps and averages in every pass, whatever its mode."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.calls, self.last = network(), 0, None
        self.rng = np.random.default_rng(0)
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        x = nn.functional.dropout(x, 0.2, training=True)
        x = x + 0.01 * np.random.rand() + 0.01 * random.random() + 0.01 * self.calls
        x = x + 0.01 * self.rng.random()
        logits = self.body(x)
        self.last = logits
        self.mean.mul_(0.9).add_(0.1 * logits.detach().mean(0))
        return logits + 0.0 * self.mean if self.training else logits


class Half(nn.Module):
    """A part of it in eval mode, and weights that do not learn, while the rest is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.body = network()
        self.body[0].requires_grad_(False)

    def forward(self, x):
        self.body[1].eval()
        return {"logits": self.body(x)}


def of_logits(model, x, y):
    return nn.functional.cross_entropy(model(x)["logits"], y)


def under_autocast(model, x, y):
    with torch.autocast("cpu", torch.bfloat16):
        return nn.functional.cross_entropy(model(x), y)


CASES = {
    "plain": (network, None),
    "restless": (Restless, None),
    "half in eval": (Half, of_logits),
    "autocast": (network, under_autocast),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_weights_watched_or_not(case, tmp_path):
    made, loss_of = CASES[case]
    alone, _ = train(made, loss_of=loss_of)
    drawn = torch.rand(3), np.random.rand(), random.random()
    seen, w = train(
        made, lambda model, data: watched(tmp_path, model, data, every=1), loss_of=loss_of
    )
    assert w.problem == "" and w.recorder.frames == 7
    assert same(alone, seen)
    after = torch.rand(3), np.random.rand(), random.random()
    assert torch.equal(drawn[0], after[0]) and drawn[1:] == after[1:]


def test_in_the_middle_of_an_accumulation_and_inside_autocast(tmp_path):
    def loop(look):
        model, data = network(), blobs()
        w = watched(tmp_path, model, data, every=1) if look else None
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        torch.manual_seed(0)
        for k in range(6):
            x, y = (part[k * 16 : k * 16 + 16] for part in data.tensors)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(x)
                if w:
                    w.step()  # between the pass forward and the pass back
                loss = nn.functional.cross_entropy(logits, y) / 2
            loss.backward()
            if k % 2:
                optimizer.step()
                optimizer.zero_grad()
        if w:
            w.close()
            assert w.problem == ""
        return model

    assert same(loop(False), loop(True))


def test_an_average_of_the_weights_is_watched_as_well(tmp_path):
    def loop(look):
        model, data = network(), blobs()
        average = torch.optim.swa_utils.AveragedModel(model)
        w = watched(tmp_path, average, data, every=1) if look else None
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        torch.manual_seed(0)
        for _ in range(4):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(data.tensors[0]), data.tensors[1]).backward()
            optimizer.step()
            average.update_parameters(model)
            if w:
                w.step()
        if w:
            w.close()
            assert w.problem == "" and w.recorder.frames == 5
        return average

    assert same(loop(False), loop(True))


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler")
@pytest.mark.parametrize("inside", [False, True], ids=["wrapped", "in place"])
def test_a_compiled_model_is_compiled_no_more_often(inside, tmp_path):
    compiles = []

    def backend(graph, inputs):
        compiles.append(1)
        return graph.forward

    def made():
        torch._dynamo.reset()
        compiles.clear()
        model = network()
        if inside:
            model.compile(backend=backend)
            return model
        return torch.compile(model, backend=backend)

    alone, _ = train(made)
    before = len(compiles)
    seen, w = train(made, lambda model, data: watched(tmp_path, model, data, every=1))
    assert w.problem == "" and w.recorder.frames == 7
    assert same(alone, seen) and len(compiles) == before > 0


def state(model):
    hooks = [
        (dict(m._forward_hooks), dict(m._forward_pre_hooks), m.training) for m in model.modules()
    ]
    weights = [(p.requires_grad, p.grad) for p in model.parameters()]
    settings = (
        torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device(),
        torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"),
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark,
        logging.getLogger().handlers[:], np.geterr(),
    )  # fmt: skip
    return hooks, weights, settings


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_modes_hooks_gradients_and_settings_are_as_found(dtype, tmp_path):
    torch.set_default_dtype(dtype)
    try:
        model, data = network().to(dtype), blobs()
        model[1].eval()
        model[0].requires_grad_(False)
        before = state(model)
        w = watched(tmp_path, model, data, every=1)
        w.step(), w.close()
        assert w.problem == "" and state(model) == before
    finally:
        torch.set_default_dtype(torch.float32)


# --- nothing raises -------------------------------------------------------------------------------


def quiet(w, caplog, words):
    """The loop goes on, the sentence was said once, and the run is no longer alive."""
    for _ in range(4):
        w.step(loss=1.0)
    w.look(), w.close()
    said = [r.getMessage() for r in caplog.records if r.name == "lethe" and r.levelno >= 30]
    assert len(said) == 1 and words in said[0] and words in w.problem
    assert words in repr(w)
    return said[0]


def full(*args, **kwargs):
    raise OSError(28, "No space left on device")


def locked(*args, **kwargs):
    raise StoreError("run.db is locked by another process.")


@pytest.mark.parametrize(
    ("method", "fault", "words"),
    [("snapshot", full, "No space left"), ("steps", locked, "locked"), ("put", locked, "locked")],
)
def test_a_disk_that_refuses(method, fault, words, tmp_path, caplog, monkeypatch):
    w = watched(tmp_path, network(), blobs())
    monkeypatch.setattr(RunWriter, method, fault)
    quiet(w, caplog, words)
    monkeypatch.undo()
    assert Store(tmp_path).run(w.run_id).state in ("failed", "lost")


def test_numbers_that_are_none(tmp_path, caplog):
    model = network()
    w = watched(tmp_path, model, blobs())
    with torch.no_grad():
        model[0].weight.fill_(float("nan"))
    quiet(w, caplog, "output of the model")
    assert Store(tmp_path).run(w.run_id).state == "failed"


def test_a_model_that_changes_its_output(tmp_path, caplog):
    model = network()
    w = watched(tmp_path, model, blobs())
    w.looker.head.layer.weight = nn.Parameter(torch.zeros(7, 16))
    w.looker.head.layer.bias = None
    quiet(w, caplog, "gives 7 logits")


def test_a_head_that_is_replaced_is_found_and_one_that_is_gone_is_said(tmp_path, caplog):
    model = network()
    w = watched(tmp_path, model, blobs(), every=1)
    model[7] = nn.Linear(16, 4)
    w.step()
    assert w.problem == "" and w.looker.head.layer is model[7]
    model[7] = nn.Sequential(nn.Linear(16, 4), nn.Softplus())
    quiet(w, caplog, "not the output of a linear layer")


def test_a_home_that_cannot_be_written(tmp_path, caplog):
    (tmp_path / "home").write_text("a file")
    w = watched(tmp_path / "home", network(), blobs())
    quiet(w, caplog, "cannot be written")
    assert w.run_id == ""


@pytest.mark.parametrize(
    ("loss", "words"), [(torch.ones(3), r"a tensor (3,)"), ("low", "got str"), (None, "")]
)
def test_a_loss_that_is_none(loss, words, tmp_path, caplog):
    w = watched(tmp_path, network(), blobs())
    w.step(loss=loss)
    if words:
        quiet(w, caplog, words)
    else:
        assert w.problem == ""
        w.close()


def test_an_interrupt_passes_and_leaves_the_model_as_it_was(tmp_path, monkeypatch):
    def interrupted(self, step):
        raise KeyboardInterrupt

    model = network()
    before = state(model)
    with pytest.raises(KeyboardInterrupt), watched(tmp_path, model, blobs(), every=1) as w:
        monkeypatch.setattr(Looker, "_pass", interrupted)
        w.step()
    assert state(model) == before
    assert Store(tmp_path).run(w.run_id).state == "stopped"
