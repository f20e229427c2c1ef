"""Looking at a model leaves no trace in it."""

import copy

import numpy as np
import pytest
import torch

from cu_core import models
from cu_core.models.evaluate import outputs


@pytest.fixture
def model():
    return models.build("small-cnn", (1, 8, 8), 3)


@pytest.fixture
def x():
    return torch.randint(0, 256, (23, 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(
        torch.uint8
    )


def scale(t):
    return t.float() / 255


def test_outputs_are_those_of_the_model_in_eval_mode(model, x):
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        logits, z = twin(scale(x))
    mine = outputs(model, x, scale, batch=7)
    assert [a.dtype for a in mine] == [np.float32, np.float32]
    np.testing.assert_allclose(mine[0], logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(mine[1], z.numpy(), atol=1e-5)


def test_nothing_of_the_model_or_the_random_stream_changes(model, x):
    model.train()
    model.body[1].eval()  # a method that freezes one BatchNorm
    modes = [m.training for m in model.modules()]
    weights = copy.deepcopy(model.state_dict())
    before = torch.get_rng_state()
    outputs(model, x, scale)
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(weights[k], v) for k, v in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert torch.is_grad_enabled()


def test_modes_come_back_after_a_failure(model, x):
    model.body[1].eval()
    modes = [m.training for m in model.modules()]
    with pytest.raises(RuntimeError):
        outputs(model, x[:, :, :1].repeat(1, 5, 1, 1), scale)
    assert [m.training for m in model.modules()] == modes
    assert torch.is_grad_enabled()


def test_arrays_and_an_empty_set_are_taken(model, x):
    np.testing.assert_array_equal(outputs(model, x.numpy(), scale)[0], outputs(model, x, scale)[0])
    logits, z = outputs(model, x[:0], scale)
    assert (logits.shape, z.shape) == ((0, 3), (0, 64))
