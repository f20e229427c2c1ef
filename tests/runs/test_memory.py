"""What a run takes of memory is told beforehand; what does not fit is refused with numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from cu_core import models
from cu_core.errors import BadRequest
from cu_core.models.evaluate import outputs
from cu_core.runs.execute import check
from cu_core.runs.memory import COPIES, _counted, needed
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import TrainRequest, UnlearnRequest
from cu_core.store import Store

GB = 10**9


@pytest.fixture
def images(tmp_path: Path) -> str:
    x = np.random.default_rng(0).integers(0, 255, (40, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(40) % 4)
    return f"npz:{tmp_path / 'x.npz'}"


def test_what_a_pass_keeps_is_counted_to_the_byte() -> None:
    """mlp: its flattened input, two activations and the logits' softmax, of 4 bytes each."""
    weights, each = _counted("mlp", (3, 32, 32), 10, "plain")
    assert weights == sum(p.numel() for p in models.build("mlp", (3, 32, 32), 10).parameters()) * 4
    assert 4 * (3072 + 256 + 64 + 10) <= each <= 4 * (3072 + 256 + 64 + 10) + 32


@pytest.mark.parametrize("key", ["resnet20", "timm:test_vit", "torchvision:mobilenet_v3_small"])
def test_larger_images_keep_as_much_more(key: str) -> None:
    small, large = (_counted(key, (3, side, side), 4, "plain")[1] for side in (32, 64))
    assert 2.5 < large / small < 8


def test_a_run_that_does_not_fit_is_refused_with_the_numbers(
    images: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = UnlearnRequest(
        dataset=images, forget="class:1", model="resnet18", device="cpu", hparams={"batch_size": 64}
    )
    setup = Setup(asked, tmp_path)
    assert setup.forget is not None
    need = needed(setup, method_of(asked, setup.forget))
    assert need.weights >= COPIES * 4 * 11_000_000 and need.images == 128  # 64 of each set
    store = Store(tmp_path)
    check(store, asked)
    monkeypatch.setattr("cu_core.runs.memory.free", lambda device: GB // 2)
    with pytest.raises(BadRequest) as refusal:
        check(store, asked)
    said = str(refusal.value)
    assert f"needs {need.total / GB:.1f} GB" in said and "a batch of 128 images of 32 x 32" in said
    assert "0.5 GB are free on cpu" in said and "choose a smaller batch_size" in said
    monkeypatch.setattr("cu_core.runs.memory.free", lambda device: GB // 10)
    with pytest.raises(BadRequest, match="choose a smaller network, or images of fewer pixels"):
        check(store, TrainRequest(dataset=images, model="resnet18", device="cpu"))


def test_large_images_are_looked_at_a_few_at_a_time() -> None:
    """A batch of 128 at 224 pixels would take some five gigabytes of a network's outputs."""
    seen = []

    class Counting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            seen.append(len(x))
            return x.mean((2, 3)), x.mean((2, 3))

    for side, most in ((64, 64), (224, 26), (512, 5)):
        seen.clear()
        x = torch.zeros(130, 3, side, side, dtype=torch.uint8)
        outputs(Counting(), x, lambda batch: batch.float())
        assert max(seen) == most and sum(seen) == 130
