"""Looking at a model leaves no trace in it."""

import copy

import numpy as np
import pytest
import torch

from cu_core import models
from cu_core.models.evaluate import block_outputs, outputs


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


def test_block_outputs_are_rows_of_every_top_level_block_and_leave_no_hook() -> None:
    for key, wanted in (
        ("resnet20", None),
        ("small-cnn", {"0": 32, "4": 64, "8": 96, "13": 64}),
        ("vit-tiny", None),
    ):
        model = models.build(key, (1, 8, 8), 3)
        x = torch.rand(5, 1, 8, 8)
        with block_outputs(model) as blocks:
            outputs(model, x, lambda part: part, batch=3)
        widths = {name: torch.cat(parts).shape for name, parts in blocks.items()}
        assert widths and all(len(shape) == 2 and shape[0] == 5 for shape in widths.values())
        if wanted:
            assert {name: shape[1] for name, shape in widths.items()} == wanted
        assert not any(module._forward_hooks for module in model.modules())


def test_block_outputs_are_means_over_positions() -> None:
    model = models.build("small-cnn", (1, 8, 8), 3).eval()
    x = torch.rand(4, 1, 8, 8)
    with block_outputs(model) as blocks:
        outputs(model, x, lambda part: part)
    first = model.body[0](x).detach()
    torch.testing.assert_close(blocks["0"][0], first.mean((2, 3)))
