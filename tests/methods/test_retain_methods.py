"""NegGrad+, l1-sparse and weight negation: one update by hand, and what each leaves behind."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core import engine, methods, models
from cu_core.errors import BadRequest
from cu_core.methods.l1_sparse import L1Sparse
from cu_core.service.contract import toy
from cu_core.spec import Job, Snapshot

PLAIN = {"momentum": 0.0, "weight_decay": 0.0}


def job(**kwargs: Any) -> Job:
    """The toy without dropout, so that an update can be done by hand."""
    made = toy.job(**kwargs)
    made.model.body[3].p = 0.0
    return made


def run(key: str, given: Job, n: int, **knobs: Any) -> torch.nn.Module:
    method = methods.get(key).make(**knobs)
    engine.begin(method, given)
    list(engine.run(method, given, total=n))
    return given.model


def descended(model: torch.nn.Module, loss: Tensor, lr: float) -> list[Tensor]:
    grads = torch.autograd.grad(loss, list(model.parameters()))
    return [p.detach() - lr * g for p, g in zip(model.parameters(), grads, strict=True)]


def test_neg_grad_plus_weighs_both_losses_by_beta() -> None:
    given = job()
    model = copy.deepcopy(given.model).train()
    (x, y), (x_f, y_f) = given.retain.batch(0), given.forget.batch(0)
    loss = 0.9 * cross_entropy(model(x)[0], y) - 0.1 * cross_entropy(model(x_f)[0], y_f)
    wanted = descended(model, loss, 0.05)
    got = run("neg-grad-plus", given, 1, beta=0.9, lr=0.05, **PLAIN)
    torch.testing.assert_close(list(got.parameters()), wanted)


def test_neg_grad_plus_goes_round_the_forget_set_while_it_passes_the_retain_set() -> None:
    given = toy.job()
    asked: list[int] = []
    batch = given.forget.batch
    given.forget.batch = lambda i, **how: asked.append(i) or batch(i, **how)  # type: ignore[assignment,func-returns-value,method-assign]
    n = given.retain.n_batches
    assert n > given.forget.n_batches
    run("neg-grad-plus", given, n)
    assert asked == list(range(n))  # counted over all passes of the forget set


def test_neg_grad_plus_forgets_the_class_and_keeps_the_rest() -> None:
    model = run("neg-grad-plus", toy.job(), 60, beta=0.99, lr=0.02)
    assert toy.accuracy(model, {1}) < 0.1
    assert toy.accuracy(model, {0, 2, 3}) > 0.9


def test_the_l1_penalty_moves_every_weight_by_its_sign() -> None:
    before = copy.deepcopy(toy.job().model)
    knobs = {"lr": 0.05, **PLAIN}
    without = run("fine-tune", job(), 1, **knobs)
    with_l1 = run("l1-sparse", job(), 1, penalty=1e-2, **knobs)
    triples = zip(before.parameters(), without.parameters(), with_l1.parameters(), strict=True)
    for start, plain, shrunk in triples:
        torch.testing.assert_close(plain - shrunk, 0.05 * 1e-2 * start.sign())


def test_the_l1_penalty_falls_to_zero_where_the_plain_epochs_begin() -> None:
    given = toy.job()
    method = L1Sparse(epochs=5, plain_epochs=2, penalty=1e-3)
    n = given.retain.n_batches
    gammas = [method.gamma(given, t) for t in range(5 * n)]
    assert gammas[0] == 1e-3 and gammas[n] == pytest.approx(1e-3 * 2 / 3)
    assert gammas[3 * n :] == [0.0] * (2 * n) and gammas[3 * n - 1] > 0
    assert gammas == sorted(gammas, reverse=True)


@pytest.mark.parametrize("plain", [4, 46])
def test_plain_epochs_alone_would_be_another_method(plain: int) -> None:
    with pytest.raises(BadRequest, match=rf"plain_epochs must be below epochs \(4\), got {plain}"):
        L1Sparse.make("coun", epochs=4, plain_epochs=plain)


def test_the_l1_penalty_shrinks_the_weights_and_keeps_the_rest() -> None:
    def norm(model: torch.nn.Module) -> float:
        return float(sum(p.detach().abs().sum() for p in model.parameters()))

    plain = run("fine-tune", toy.job(), 48, lr=0.05)
    sparse = run("l1-sparse", toy.job(), 48, penalty=5e-3, lr=0.05)
    assert norm(sparse) < 0.9 * norm(plain)
    assert toy.accuracy(sparse, {0, 2, 3}) > 0.95


class Eye:
    """Keeps the first layer's weights, as a run's pictures would."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def look(self, model: Any, step: int) -> Snapshot:
        self.seen.append(model.body[0].weight.detach().clone())
        z = torch.zeros(1, 1).numpy()
        return Snapshot(step, z, z, z)


@pytest.mark.parametrize("layers", [1, 2])
def test_weights_are_negated_once_after_the_first_picture(layers: int) -> None:
    before, given, eye = toy.job().model, toy.job(), Eye()
    method = methods.get("weight-negation").make(layers=layers, lr=1e-5, **PLAIN)
    engine.begin(method, given)
    list(engine.run(method, given, eye, total=3))  # type: ignore[arg-type]
    first = before.body[0].weight.detach()
    torch.testing.assert_close(eye.seen[0], first, rtol=0, atol=0)
    for seen in eye.seen[1:]:
        torch.testing.assert_close(seen, -first, rtol=0, atol=1e-3)
    sign = -1 if layers == 2 else 1
    close = {"rtol": 0, "atol": 1e-3}
    torch.testing.assert_close(given.model.body[4].weight, sign * before.body[4].weight, **close)
    torch.testing.assert_close(given.model.body[0].bias, before.body[0].bias, **close)
    torch.testing.assert_close(given.model.head.weight, before.head.weight, **close)


def test_of_a_transformer_the_positions_and_the_patches_are_negated() -> None:
    """Parameters 0 and 4, as CoUn's appendix E.2 has it."""
    given = toy.job()
    given.model = models.build("vit-tiny", (1, 8, 8), 4)
    before = [p.detach().clone() for p in given.model.parameters()]
    methods.get("weight-negation").make("coun")._negate(given)  # type: ignore[attr-defined]
    after = list(given.model.parameters())
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if not a.equal(b)]
    assert changed == [0, 4]
    assert all(after[i].equal(-before[i]) for i in changed)


def test_negation_breaks_the_model_and_fine_tuning_mends_what_is_kept() -> None:
    broken = run("weight-negation", toy.job(), 1, lr=1e-5)
    assert toy.accuracy(broken, {0, 2, 3}) < 0.8
    mended = run("weight-negation", toy.job(), 120, epochs=20, lr=0.05)
    assert toy.accuracy(mended, {0, 2, 3}) > 0.95
