"""Recorded passes on a real GPU; what needs none is in ``test_models_capture.py``."""

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from cu_core import models
from cu_core.models.capture import SEEN, next_update, record_passes
from cu_core.spec import ComputePlan

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def trained(graphs: bool, passes: int, hold: bool = False) -> tuple[Any, list[float]]:
    """A small network after some updates of so many passes each. ``hold``: what an update computed
    lives on into the next one, as the losses do that an engine has yielded."""
    torch.backends.cudnn.deterministic = True
    model = models.build("small-cnn", (3, 32, 32), 4, seed=1)
    model.use(ComputePlan())
    model.to(memory_format=torch.channels_last).cuda().train()
    optimizer = torch.optim.SGD(model.parameters(), 0.02, 0.9)
    if graphs:
        record_passes(model, optimizer)
    stream = torch.Generator("cuda").manual_seed(0)
    losses, held = [], None
    for _ in range(SEEN + 4):
        next_update(model)
        x = torch.randn(passes, 16, 3, 32, 32, device="cuda", generator=stream)
        y = torch.randint(4, (passes, 16), device="cuda", generator=stream)
        loss = sum(cross_entropy(model(a)[0], b) for a, b in zip(x, y, strict=True))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
        held = loss * 1 if hold else None
    del held
    return model, losses


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("hold", [False, True])
def test_graphs_train_as_ordinary_passes_do(passes: int, hold: bool) -> None:
    model, quick = trained(True, passes, hold)
    _, plain = trained(False, passes, hold)
    assert model.capture.fault == "" and len(model.capture._graphs) == passes
    assert quick == pytest.approx(plain, rel=1e-4)


def test_a_recording_that_fails_leaves_the_stream_of_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.cuda.current_stream()
    model = models.build("small-cnn", (3, 32, 32), 4, seed=1).cuda().train()
    record_passes(model, None)
    real = model.body.forward

    def waits(x: torch.Tensor) -> torch.Tensor:
        z: torch.Tensor = real(x)
        return z * float(z.sum().item() > -1e30)  # no graph can hold a number read by the host

    monkeypatch.setattr(model.body, "forward", waits)
    x = torch.randn(8, 3, 32, 32, device="cuda")
    for _ in range(SEEN + 1):
        next_update(model)
        model(x)[0].sum().backward()
    assert model.capture.fault.startswith("not recorded")
    assert torch.cuda.current_stream() == before
