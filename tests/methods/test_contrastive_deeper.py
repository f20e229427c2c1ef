"""The contrastive method beyond the paper: queue, slow encoder, draws of the retain set, norms."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from cu_core import engine, methods
from cu_core.data.batches import DeviceBatches
from cu_core.methods._queue import beside_queue, enqueue, slow_embeddings, start_queue
from cu_core.methods._sampling import retain_rows, statistics_kept
from cu_core.methods.contrastive import push_pull
from cu_core.models.checkpoint import weights_sha256
from cu_core.service.contract import toy
from cu_core.spec import Job, StepLog
from tests.methods.test_contrastive import loop, sample

VARIANTS: list[dict[str, Any]] = [
    {},
    {"queue": 40},
    {"queue": 40, "key_momentum": 0.99},
    {"retain_draw": "balanced"},
    {"retain_draw": "hard"},
    {"freeze_statistics": True},
    {"queue": 40, "key_momentum": 0.5, "retain_draw": "hard", "freeze_statistics": True},
    {"push_weight": 0.0, "normalise": False},
    {"pull_weight": 0.0},
]


def some(**knobs: Any) -> Any:
    return methods.get("contrastive").make(**{"batch_size": 16, "lr": 0.05, **knobs})


def run(method: Any, job: Job, total: int, start: int = 0) -> list[dict[str, float]]:
    if start == 0:
        engine.begin(method, job)
    logs = [e for e in engine.run(method, job, start=start, total=total) if isinstance(e, StepLog)]
    return [{k: float(v) for k, v in log.losses.items()} for log in logs]


# --- the queue --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 16, 40])
def test_the_queue_is_the_last_samples_seen_in_order(size: int) -> None:
    job = toy.job(16, None)
    seen_z: list[Tensor] = []
    seen_y: list[Tensor] = []
    for i in range(5):
        z, y = torch.randn(3 + i, 6), torch.randint(4, (3 + i,))
        enqueue(job, z, y, size)
        seen_z, seen_y = [*seen_z, *z], [*seen_y, *y]
        assert torch.equal(job.extra["queue z"], torch.stack(seen_z[-size:]))
        assert torch.equal(job.extra["queue y"], torch.stack(seen_y[-size:]))


@pytest.mark.parametrize("filled", [0, 3, 11, 30])
def test_the_mask_over_batch_and_queue_is_that_of_a_slow_loop(filled: int) -> None:
    """At every filling, from empty over half-filled to full, of a queue of 30."""
    job = toy.job(16, None)
    z_f, y_f, z_r, y_r = sample(filled, 5, 4, 3)
    _, _, old_z, old_y = sample(filled + 100, 1, max(filled, 1), 3)
    if filled:
        enqueue(job, old_z, old_y, 30)
    z, y = beside_queue(job, z_r, y_r)
    push, pull = push_pull(z_f, y_f, z, y, 0.3)
    all_z = torch.cat([z_r, old_z[:filled]])
    all_y = torch.cat([y_r, old_y[:filled]])
    slow = loop(z_f, y_f, all_z, all_y, 0.3)
    assert float((push - pull).mean()) == pytest.approx(slow, rel=1e-9)


def test_a_class_task_never_pulls_towards_the_forgotten_class() -> None:
    """From the first step on: no retained sample of it is in the queue, so there is no push."""
    logs = run(some(queue=60), job := toy.job(16, 1), 12)
    assert [log["push"] for log in logs] == [0.0] * 12
    assert 1 not in job.extra["queue y"] and len(job.extra["queue y"]) == 60


def test_the_terms_of_a_step_are_those_of_batch_and_queue() -> None:
    """Step by step, against the slow loop over everything that the queue should hold."""
    method, job = some(queue=30, normalise=True), toy.job(8, None)
    kept: list[tuple[Tensor, Tensor]] = []
    engine.begin(method, job)
    for t in range(8):
        state = torch.get_rng_state()
        before = copy.deepcopy(job.model)
        x_f, y_f = job.forget.batch(t // method.retain_batches)
        x_r, y_r = job.retain.batch(t)
        z = normalize(before(torch.cat([x_f, x_r]))[1].detach(), dim=1)  # draws the same dropout
        torch.set_rng_state(state)
        losses = method.step(job, t)
        z_f, z_r = z[: len(x_f)], z[len(x_f) :]
        old = [pair for batch in kept for pair in zip(*batch, strict=True)][-30:]
        all_z = torch.cat([z_r, *(row[None] for row, _ in old)])
        all_y = torch.cat([y_r, *(label[None] for _, label in old)])
        slow = loop(z_f, y_f, all_z, all_y, method.temperature)
        assert float(losses["push"].detach() - losses["pull"].detach()) == pytest.approx(
            slow, abs=1e-4
        )
        kept.append((z_r, y_r))
        assert len(job.extra["queue y"]) == min(30, sum(len(y) for _, y in kept))


def test_the_slow_encoder_is_the_running_mean_of_the_weights() -> None:
    job = toy.job(16, None)
    start_queue(job, 0.9)
    origin = copy.deepcopy(job.model.state_dict())
    with torch.no_grad():
        for p in job.model.parameters():
            p.add_(1.0)
    x, _ = job.retain.batch(0)
    z = slow_embeddings(job, x, 0.9)
    key = job.extra["key encoder"]
    for name, p in job.model.named_parameters():
        expected = 0.9 * origin[name] + 0.1 * p.detach()
        torch.testing.assert_close(dict(key.named_parameters())[name], expected)
    assert torch.equal(z, key.eval()(x)[1]) and not z.requires_grad


def test_without_a_queue_there_is_no_second_encoder() -> None:
    job = toy.job(16, None)
    run(some(key_momentum=0.9), job, 2)
    assert not job.extra


# --- draws of the retain set --------------------------------------------------------------------


def lopsided(batch: int) -> DeviceBatches:
    """Classes 0, 2, 3 with 60, 20 and 4 samples of the toy."""
    x, y = toy.blobs()
    index = torch.cat([torch.where(y == c)[0][:n] for c, n in ((0, 60), (2, 20), (3, 4))])
    zero, one = torch.zeros(toy.DIM), torch.ones(toy.DIM)
    return DeviceBatches(x, y, index, batch, 0, "retain", "none", zero, one)


def test_balanced_batches_have_equal_counts_of_every_class() -> None:
    batches = lopsided(12)
    for i in range(20):
        _, y = batches.batch(i, order="balanced")
        assert torch.bincount(y, minlength=4).tolist() == [4, 0, 4, 4]
    _, y = lopsided(13).batch(3, order="balanced")
    counts = torch.bincount(y, minlength=4)[[0, 2, 3]]
    assert counts.max() - counts.min() <= 1


def test_balanced_batches_are_a_function_of_i_and_go_through_every_sample() -> None:
    batches, again = lopsided(12), lopsided(12)
    taken = [batches.batch(i, order="balanced") for i in range(30)]
    for i in (29, 3, 17, 0):  # in any order
        assert torch.equal(taken[i][0], again.batch(i, order="balanced")[0])
    x, y = torch.cat([x for x, _ in taken]), torch.cat([y for _, y in taken])
    for c, n in ((0, 60), (2, 20), (3, 4)):  # 120 of each are drawn
        rows, counts = x[y == c].unique(dim=0, return_counts=True)
        assert len(rows) == n
        assert counts.max() - counts.min() <= 1  # each once before any comes again


def similarity(job: Job, x_f: Tensor, x: Tensor) -> float:
    model = copy.deepcopy(job.model).eval()
    with torch.no_grad():
        z_f, z = normalize(model(x_f)[1], dim=1), normalize(model(x)[1], dim=1)
    return float((z @ z_f.T).amax(1).mean())


@pytest.mark.parametrize("forget_class", [1, None])
def test_hard_draws_are_more_like_the_forget_samples_than_uniform_ones(
    forget_class: int | None,
) -> None:
    job = toy.job(16, forget_class)
    for t in range(6):
        x_f, _ = job.forget.batch(t)
        x, y = retain_rows(job, t, "hard", 4, x_f, 4)
        fresh, _ = retain_rows(job, t, "fresh", 4, x_f, 4)
        assert similarity(job, x_f, x) > similarity(job, x_f, fresh)
        assert len(x) == len(y) and abs(len(x) - len(fresh)) <= 1
        assert len(x.unique(dim=0)) == len(x)  # no sample twice
    assert all(module.training for module in job.model.modules())


def test_more_candidates_than_there_are_batches_are_the_whole_set() -> None:
    job = toy.job(100, None)
    assert job.retain.n_batches == 2
    x_f, _ = job.forget.batch(0)
    for t in range(3):
        x, _ = retain_rows(job, t, "hard", 4, x_f, 16)
        assert len(x) == len(x.unique(dim=0)) == 100


# --- BatchNorm statistics -----------------------------------------------------------------------


def statistics(job: Job) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in job.model.state_dict().items() if "running" in k}


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_statistics_do_not_move_and_the_weights_do(frozen: bool) -> None:
    job = toy.job(16, 1)
    before, sha = statistics(job), weights_sha256(job.model)
    run(some(freeze_statistics=frozen, queue=20, retain_draw="hard"), job, 5)
    same = all(torch.equal(before[k], v) for k, v in statistics(job).items())
    assert same == frozen
    assert weights_sha256(job.model) != sha
    assert all(module.training for module in job.model.modules())


def test_modes_come_back_as_they_were_even_after_a_fault() -> None:
    model = toy.job(16, 1).model
    model.body[1].eval()
    with pytest.raises(RuntimeError), statistics_kept(model, True):
        assert not model.body[1].training and model.body[3].training
        raise RuntimeError
    assert not model.body[1].training and model.body[3].training


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize("knobs", VARIANTS, ids=str)
@pytest.mark.parametrize("at", [1, 4])
def test_a_resumed_run_has_the_same_bits(knobs: dict[str, Any], at: int, tmp_path: Path) -> None:
    method, unbroken, broken, fresh = some(**knobs), *(toy.job(16, None) for _ in range(3))
    run(method, unbroken, 9)
    run(method, broken, at)
    torch.save(engine.save(broken, at), tmp_path / "ckpt.pt")
    torch.rand(5)
    start = engine.load(method, fresh, torch.load(tmp_path / "ckpt.pt", weights_only=True))
    run(method, fresh, 9, start)
    assert weights_sha256(fresh.model) == weights_sha256(unbroken.model)
    for name, value in unbroken.extra.items():
        if isinstance(value, Tensor):
            assert torch.equal(fresh.extra[name], value)


def test_every_variant_is_another_run() -> None:
    shas = set()
    for knobs in VARIANTS:
        job = toy.job(16, None)
        run(some(**knobs), job, 9)
        shas.add(weights_sha256(job.model))
    assert len(shas) == len(VARIANTS)


@pytest.mark.parametrize("knobs", VARIANTS[:7], ids=str)
def test_a_class_is_forgotten_and_the_others_are_kept(knobs: dict[str, Any]) -> None:
    job = toy.job(16, 1)
    method = some(epochs=10, **knobs)
    run(method, job, method.total_steps(job))
    assert toy.accuracy(job.model, {1}) == 0.0
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95


def test_presets_use_none_of_this() -> None:
    shelf = methods.get("contrastive")
    for name in (None, *shelf.presets):
        method: Any = shelf.make(name)
        assert (method.queue, method.key_momentum, method.freeze_statistics) == (0, 0.0, False)
        assert method.retain_draw == ("first" if name == "official-code" else "fresh")
