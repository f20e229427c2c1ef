"""What each baseline does, and does not do, on the toy."""

import pytest
import torch

from cu_core import engine, methods, models
from cu_core.errors import LoneSample
from cu_core.service.contract import toy


def run(key: str, n: int, **knobs: object) -> tuple[torch.nn.Module, torch.nn.Module]:
    before, job = toy.job(), toy.job()
    method = methods.get(key).make(**knobs)
    engine.begin(method, job)
    list(engine.run(method, job, total=n))
    return before.model, job.model


def test_fine_tune_keeps_what_it_rehearses() -> None:
    _, model = run("fine-tune", 30)
    assert toy.accuracy(model, {0, 2, 3}) > 0.95


def test_gradient_ascent_forgets_and_takes_the_rest_with_it() -> None:
    _, model = run("gradient-ascent", 200, lr=0.02)
    assert toy.accuracy(model, {1}) < 0.1


def test_gradient_ascent_moves_no_further_than_the_clip_allows() -> None:
    before, after = run("gradient-ascent", 1, lr=0.01, momentum=0.0, clip=0.5)
    moved = [b - a for a, b in zip(before.parameters(), after.parameters(), strict=True)]
    norm = torch.cat([m.detach().flatten() for m in moved]).norm()
    assert float(norm) == pytest.approx(0.01 * 0.5, rel=0.05)


def test_logit_mask_hides_the_class_and_leaves_every_embedding() -> None:
    before, after = run("logit-mask", 20, depth=1000.0)
    x, _ = toy.blobs(seed=3)
    before.eval(), after.eval()
    with torch.no_grad():
        torch.testing.assert_close(before(x)[1], after(x)[1])
    assert toy.accuracy(after, {1}) == 0.0
    assert toy.accuracy(after, {0, 2, 3}) >= toy.accuracy(before, {0, 2, 3})


def test_a_lone_sample_that_batchnorm_cannot_take_is_said_in_a_sentence() -> None:
    """A single forget sample of 8 x 8 pixels is one value a channel at the end of a VGG."""
    given = toy.job(16, None)
    given.model = models.build("vgg16-bn", (1, 8, 8), toy.CLASSES)
    lone = torch.zeros(1, 1, 8, 8), torch.zeros(1, dtype=torch.int64)
    given.forget.batch = lambda i, **how: lone  # type: ignore[assignment,method-assign]
    method = methods.get("gradient-ascent").make()
    engine.begin(method, given)
    with pytest.raises(LoneSample, match=r"holds one sample.*Forget more samples"):
        list(engine.run(method, given, total=1))
