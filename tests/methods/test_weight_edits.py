"""SSD, Fisher forgetting and influence: their formulas as slow loops, and what the edits do."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core import engine, methods
from cu_core.methods import _edit, fisher, influence
from cu_core.methods.ssd import dampening
from cu_core.service.contract import toy
from cu_core.spec import Job, StepLog

EDITS = ("ssd", "fisher", "influence")


def run(key: str, job: Job, total: int | None = None, **knobs: Any) -> list[StepLog]:
    method = methods.get(key).make(**knobs)
    engine.begin(method, job)
    return [e for e in engine.run(method, job, total=total) if isinstance(e, StepLog)]


def vector(model: torch.nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def grad_of(model: torch.nn.Module, loss: Tensor) -> Tensor:
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])


def whole_pass(batches: Any) -> tuple[Tensor, Tensor]:
    xs, ys = zip(*(batches.batch(i) for i in range(batches.n_batches)), strict=True)
    return torch.cat(xs), torch.cat(ys)


# --- what they share ----------------------------------------------------------------------------


@pytest.mark.parametrize("start,stop", [(0, 1), (0, 60), (7, 31), (15, 16), (59, 60)])
def test_rows_are_those_of_the_first_pass(start: int, stop: int) -> None:
    batches = toy.job(16).forget
    x, y = whole_pass(batches)
    some_x, some_y = _edit.rows(batches, start, stop)
    assert torch.equal(some_x, x[start:stop]) and torch.equal(some_y, y[start:stop])


def test_batches_of_all_hold_every_sample_once_and_both_sets_each() -> None:
    job = toy.job(16)
    found = [_edit.rows_of_all(job, i, 15) for i in range(15)]
    assert {len(y) for _, y in found} == {16}
    assert all({0, 1} <= {int(v == 1) for v in y} for _, y in found)
    everything = torch.cat([x for x, _ in found])
    x, _ = toy.blobs()
    assert sorted(map(tuple, everything.tolist())) == sorted(map(tuple, x.tolist()))


@pytest.mark.parametrize("key", EDITS)
def test_nothing_moves_during_the_scan_and_the_walk_is_straight(key: str) -> None:
    knobs = {"importance": "output", "selection": 2.0} if key == "ssd" else {}
    before = vector(toy.job().model)
    places = []
    for total in (_edit.SCAN, _edit.SCAN + 1, _edit.SCAN + 2, _edit.SCAN + 4):
        job = toy.job()
        run(key, job, total, steps=4, **knobs)
        places.append(vector(job.model) - before)
    assert not places[0].any()
    torch.testing.assert_close(places[1] * 2, places[2], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(places[1] * 4, places[3], rtol=1e-4, atol=1e-6)
    assert places[3].norm() > 0
    at_once = toy.job()
    run(key, at_once, steps=1, **knobs)
    assert torch.equal(vector(at_once.model) - before, places[3])


@pytest.mark.parametrize("key", EDITS)
def test_statistics_and_gradients_are_left_alone(key: str) -> None:
    job = toy.job()
    state = [*job.model.buffers(), *(p.grad for p in job.model.parameters() if p.grad is not None)]
    before = [tensor.clone() for tensor in state]
    run(key, job)
    assert len(before) > 6
    assert all(torch.equal(a, b) for a, b in zip(before, state, strict=True))


# --- SSD ----------------------------------------------------------------------------------------


def test_dampening_is_the_formula_weight_by_weight() -> None:
    g = torch.Generator().manual_seed(0)
    i_f, i_all = (torch.rand(200, generator=g) ** 4 for _ in range(2))
    i_f[:3], i_all[2:5] = 0.0, 0.0
    for selection, strength in ((10.0, 1.0), (0.5, 0.1), (0.5, 5.0)):
        expected = []
        for f, d in zip(i_f.tolist(), i_all.tolist(), strict=True):
            expected.append(min(strength * d / f, 1.0) if f > selection * d else 1.0)
        found = dampening(i_f, i_all, selection, strength)
        torch.testing.assert_close(found, torch.tensor(expected))


def test_ssd_is_the_identity_where_the_forget_set_is_like_all_the_data() -> None:
    importance = torch.rand(50)
    assert torch.equal(dampening(importance, importance, 1.0, 0.1), torch.ones(50))
    assert torch.equal(dampening(importance, importance, 10.0, 1.0), torch.ones(50))


@pytest.mark.parametrize("importance", ["loss", "output"])
def test_ssd_importances_are_mean_squared_gradients_of_batches(importance: str) -> None:
    job, reference = toy.job(16, 2), copy.deepcopy(toy.job(16, 2).model).eval()
    run("ssd", job, batch_size=16, selection=0.1, strength=0.5, importance=importance)

    def squared(batches: list[tuple[Tensor, Tensor]]) -> Tensor:
        total = torch.zeros_like(vector(reference))
        for x, y in batches:
            logits = reference(x)[0]
            loss = cross_entropy(logits, y)
            if importance == "output":
                loss = (logits**2).sum(1).mean()
            total += grad_of(reference, loss) ** 2
        return total / len(batches)

    i_f = squared([job.forget.batch(i) for i in range(job.forget.n_batches)])
    i_all = squared([_edit.rows_of_all(job, i, 15) for i in range(15)])
    goal = vector(reference) * dampening(i_f, i_all, 0.1, 0.5)
    assert (goal != vector(reference)).any()
    torch.testing.assert_close(vector(job.model), goal)


def test_ssd_forgets_a_class_of_the_toy_and_all_but_leaves_a_random_set() -> None:
    for importance, selection in (("output", 6.0), ("loss", 2.0)):
        job = toy.job(16, 0)
        run("ssd", job, importance=importance, selection=selection, batch_size=16)
        assert toy.accuracy(job.model, {0}) == 0.0
        assert toy.accuracy(job.model, {1, 2, 3}) > 0.9
    random = toy.job(16, None)
    before = vector(random.model)
    run("ssd", random, batch_size=16)
    assert (vector(random.model) != before).float().mean() < 0.02
    assert toy.accuracy(random.model, {0, 1, 2, 3}) > 0.9


# --- Fisher -------------------------------------------------------------------------------------


def test_the_threshold_stays_within_the_reach_of_a_large_forget_set() -> None:
    job = toy.job()  # a class of four: ratios of 16 at most
    ssd: Any = methods.get("ssd")
    assert ssd.make(selection=30.0, reach=0.5).threshold(job) == 8
    assert ssd.make(selection=5.0, reach=0.5).threshold(job) == 5
    assert ssd.make(selection=30.0, reach=0.0).threshold(job) == 30
    assert ssd.make("ssd-runner").threshold(job) == 10  # as released


def test_ssd_finds_nothing_in_a_class_without_loss() -> None:
    """Class 1 of the toy is learnt to 2e-8, the others to 5e-5: no weight matters more to it."""
    job = toy.job(16, 1)
    before = vector(job.model)
    logs = run("ssd", job, selection=0.1)
    assert float(logs[_edit.SCAN - 1].losses["dampened share"]) == 0
    assert torch.equal(vector(job.model), before)


def test_fisher_is_the_expectation_over_samples_and_the_models_own_labels() -> None:
    job = toy.job()
    model = job.model.eval()
    x, _ = _edit.rows(job.retain, 0, 6)
    slow = torch.zeros_like(vector(model))
    for sample in x:
        log_p = model(sample[None])[0].detach().log_softmax(1)[0]
        for c in range(toy.CLASSES):
            again = model(sample[None])[0].log_softmax(1)[0, c]
            slow += float(log_p[c].exp()) * grad_of(model, again) ** 2
    ours = sum((fisher.fisher_of(model, x[i : i + 1])[0] for i in range(6)), torch.tensor(0.0))
    torch.testing.assert_close(ours, slow)


def test_a_group_squares_the_mean_gradient() -> None:
    """SalUn's port: p(y) and the gradient are means over the group before they are multiplied."""
    job = toy.job()
    model = job.model.eval()
    x, _ = _edit.rows(job.retain, 0, 6)
    expected = torch.zeros_like(vector(model))
    for c in range(toy.CLASSES):
        log_p = model(x)[0].log_softmax(1)[:, c]
        expected += float(log_p.detach().exp().mean()) * grad_of(model, log_p.mean()) ** 2
    torch.testing.assert_close(fisher.fisher_of(model, x)[0], expected)


def noise(job: Job, alpha: float, n: int = 40, **knobs: Any) -> Tensor:
    """Weights after n noisy edits of different seeds, minus the original, (n, P)."""
    before, found = vector(job.model), []
    for seed in range(n):
        again = toy.job(16, 1 if job.forget_classes else None)
        again.seed = seed
        run("fisher", again, alpha=alpha, samples=8, steps=1, **knobs)
        found.append(vector(again.model) - before)
    return torch.stack(found)


def test_fisher_noise_grows_with_alpha_and_is_bounded() -> None:
    """Its standard deviation is sqrt(alpha / F) with 1 / F at most 1e3, ten times its variance
    for vectors and the last layer."""
    job = toy.job(16, None)
    weak, strong = noise(job, 1e-8), noise(job, 1e-6)
    torch.testing.assert_close(strong, weak * 10, rtol=1e-2, atol=1e-5)
    params = list(job.model.named_parameters())
    spread = strong.std(0).split([p.numel() for _, p in params])
    for (name, p), std in zip(params, spread, strict=True):
        bound = 1e2 if "head" in name else 1e3
        louder = 10 if p.ndim == 1 or "head" in name else 1
        assert float(std.square().mean()) <= 1.3 * 1e-6 * bound * louder, name


def test_fisher_resets_the_forgotten_outputs_alone() -> None:
    job = toy.job(16, 1)
    run("fisher", job, alpha=1e-9, samples=8)
    rows = job.model.head.weight.detach().norm(dim=1)
    original = toy.job(16, 1).model.head.weight.detach()
    assert rows[1] < 0.2
    torch.testing.assert_close(
        job.model.head.weight.detach()[[0, 2, 3]], original[[0, 2, 3]], rtol=0, atol=0.02
    )
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.9


# --- influence ----------------------------------------------------------------------------------


def test_the_newton_step_solves_the_system() -> None:
    g = torch.Generator().manual_seed(0)
    gradients = torch.randn(7, 30, generator=g, dtype=torch.float64)
    v = torch.randn(30, generator=g, dtype=torch.float64)
    for damping in (1e-3, 1.0):
        hessian = damping * torch.eye(30, dtype=torch.float64) + gradients.T @ gradients / 7
        found = influence.newton(gradients, v, damping)
        torch.testing.assert_close(found, torch.linalg.solve(hessian, v))


def test_the_released_recursion_answers_on_a_line_and_not_the_system() -> None:
    """What the preset reproduces on purpose: v plus a multiple of the first gradient."""
    g = torch.Generator().manual_seed(1)
    gradients = 30 * torch.randn(12, 40, generator=g, dtype=torch.float64)
    v = torch.randn(40, generator=g, dtype=torch.float64)
    moved = influence.released(iter(gradients), v) - v
    along = moved @ gradients[0] / gradients[0].square().sum() * gradients[0]
    assert moved.norm() > 1e-6
    torch.testing.assert_close(moved, along)
    exact = influence.newton(gradients, v, 1.0)
    assert (v + moved - exact).norm() > 0.1 * exact.norm()


def test_the_right_hand_side_is_the_difference_of_the_mean_gradients() -> None:
    job, reference = toy.job(16, 1), copy.deepcopy(toy.job(16, 1).model).eval()
    run("influence", job, damping=100.0, alpha=1000.0, samples=8)
    v = torch.zeros_like(vector(reference))
    n_f, n_r = job.forget.n, job.retain.n
    for batches, weight in ((job.forget, 1.0), (job.retain, -n_f / n_r)):
        for x, y in zip(*whole_pass(batches), strict=True):
            loss = cross_entropy(reference(x[None])[0], y[None])
            v += weight / (n_f + n_r) * grad_of(reference, loss)
    x, y = _edit.rows(job.retain, 0, 8)
    losses = [cross_entropy(reference(x[i : i + 1])[0], y[i : i + 1]) for i in range(8)]
    each = torch.stack([grad_of(reference, loss) for loss in losses])
    goal = vector(reference) + 1000 * influence.newton(each, v, 100.0)
    torch.testing.assert_close(vector(job.model), goal, rtol=1e-4, atol=1e-5)


def test_influence_raises_the_loss_of_the_forget_set_more_than_that_of_the_rest() -> None:
    job, before = toy.job(16, 0), toy.job(16, 0)

    def losses(model: torch.nn.Module) -> list[float]:
        model.eval()
        with torch.no_grad():
            sets = (whole_pass(job.forget), whole_pass(job.retain))
            return [float(cross_entropy(model(x)[0], y)) for x, y in sets]

    run("influence", job, alpha=10.0, damping=0.01)
    (f0, r0), (f1, r1) = losses(before.model), losses(job.model)
    assert f1 - f0 > 0.5 and f1 - f0 > 100 * (r1 - r0)
