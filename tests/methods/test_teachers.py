"""The methods that learn from a frozen copy: formulas as loops, what each does on the toy."""

import copy
import math
from io import BytesIO
from typing import Any

import pytest
import torch
from torch import Tensor

from cu_core import engine, methods
from cu_core.errors import BadRequest
from cu_core.methods._rewind import reference_error, rewind, wrong_and_seen
from cu_core.methods._teacher import divergence, frozen, last_layer, logits_and_input, masked
from cu_core.methods.bad_teacher import incompetent
from cu_core.methods.boundary_shrink import stepped_over
from cu_core.service.contract import toy
from cu_core.spec import Job, Method


def begun(key: str, job: Job, **knobs: Any) -> Any:
    method = methods.get(key).make(**knobs)
    engine.begin(method, job)
    return method


def run(method: Method, job: Job, start: int = 0, total: int | None = None) -> list[dict[str, Any]]:
    return [log.losses for log in engine.run(method, job, start=start, total=total)]  # type: ignore[union-attr]


def state(model: torch.nn.Module) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[k], b[k]) for k in a)


# --- shared pieces ------------------------------------------------------------------------------


def test_the_divergence_is_the_sum_over_classes_and_the_mean_over_samples() -> None:
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 4, generator=g, dtype=torch.float64)
    target = masked(torch.randn(5, 4, generator=g, dtype=torch.float64), torch.arange(5) % 4)
    q, total = target.softmax(1), 0.0
    for row in range(5):
        soft = [math.exp(float(v) / 2.0) for v in logits[row]]
        for c in range(4):
            if q[row, c] > 0:  # 0 log 0 = 0
                total += float(q[row, c]) * math.log(float(q[row, c]) * sum(soft) / soft[c])
    assert float(divergence(q, logits, 2.0)) == pytest.approx(total / 5, rel=1e-12)


def test_masked_logits_leave_no_mass_on_the_label_or_a_forgotten_class() -> None:
    y = torch.tensor([0, 1, 2])
    p = masked(torch.full((3, 5), 100.0), y, (1, 4)).softmax(1)
    assert p[torch.arange(3), y].eq(0).all() and p[:, [1, 4]].eq(0).all()
    torch.testing.assert_close(p.sum(1), torch.ones(3))
    assert masked(torch.zeros(3, 5), y).isinf().sum() == 3


def test_the_last_layers_input_is_read_without_a_trace() -> None:
    model = toy.job().model.eval()
    x, _ = toy.blobs(7)
    last = last_layer(model, toy.CLASSES)
    logits, seen = logits_and_input(model, last, x)
    torch.testing.assert_close(last(seen), logits)
    assert last is model.head and not last._forward_pre_hooks


# --- DELETE, head distillation ------------------------------------------------------------------


@pytest.mark.parametrize("key", ["delete", "boundary-shrink"])
def test_the_class_goes_and_the_others_stay_without_retain_data(key: str) -> None:
    job = toy.job()
    method = begun(key, job, lr=3e-3, epochs=30)
    run(method, job)
    assert toy.accuracy(job.model, {1}) < 0.1
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.85


def test_delete_goes_to_the_originals_answers_without_the_class() -> None:
    job = toy.job()
    method = begun("delete", job, lr=0.05, epochs=60)
    original = copy.deepcopy(job.model).eval()
    losses = run(method, job)
    assert losses[-1]["forget KL"] < 0.2 * losses[0]["forget KL"]
    x, _ = job.forget.batch(0, order="stored")
    with torch.no_grad():
        was, now = original(x)[0], job.model.eval()(x)[0].softmax(1)
    rest = [0, 2, 3]
    torch.testing.assert_close(now[:, rest], was[:, rest].softmax(1), atol=0.25, rtol=0)
    assert float(now[:, 1].max()) < 0.1


def test_head_distillation_hides_the_class_and_leaves_every_bit_of_the_encoder() -> None:
    job = toy.job()
    before, x = state(job.model.body), toy.blobs(seed=3)[0]
    z = copy.deepcopy(job.model).eval()(x)[1]
    method = begun("head-distillation", job, epochs=100, lr=0.2)
    run(method, job)
    assert same(before, job.model.body.state_dict())  # BatchNorm statistics too
    assert torch.equal(job.model.eval()(x)[1], z)
    assert toy.accuracy(job.model, {1}) < 0.05
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95


# --- Boundary Shrink and Expand -----------------------------------------------------------------


def test_the_step_over_the_boundary_climbs_the_loss_by_the_bound_in_every_input() -> None:
    model = frozen(toy.job().model)
    x, y = toy.blobs(12)
    across = stepped_over(model, x, y, 0.5)
    # in float32 the loss of so sure a model is 0, and flat; the step must not stop there
    torch.testing.assert_close((across - x).abs(), torch.full_like(x, 0.5))
    for weight in model.head.parameters():
        weight.mul_(0.1)
    across = stepped_over(model, x, y, 0.5)
    wide = copy.deepcopy(model).double()

    def loss(at: Tensor) -> Tensor:
        return torch.nn.functional.cross_entropy(wide(at)[0], y, reduction="none")  # (12,)

    assert (loss(across.double()) > loss(x.double())).all()
    for j in range(x.shape[1]):  # the sign of a slow difference quotient
        up = x.double()
        up[:, j] += 1e-6
        slope = loss(up) - loss(x.double())
        assert torch.equal(slope.sign(), (across - x)[:, j].sign().double())


def test_a_sample_that_no_step_takes_across_is_not_rehearsed_unless_asked() -> None:
    job = toy.job()
    x, y = job.forget.batch(0)
    method = begun("boundary-shrink", job, bound=0.01)  # too short for any boundary
    assert (method.neighbours(job, x, y) != y).all()
    code = begun("boundary-shrink", job, bound=0.01, failed="own")
    assert (code.neighbours(job, x, y) == y).float().mean() > 0.9


def test_two_forgotten_classes_do_not_take_each_others_samples() -> None:
    job = toy.job(forget_class=None)
    job.forget_classes = (0, 1)
    method = begun("boundary-shrink", job)
    for i in range(job.forget.n_batches):
        assert not torch.isin(
            method.neighbours(job, *job.forget.batch(i)), torch.tensor([0, 1])
        ).any()


def test_boundary_expand_has_c_outputs_at_every_look_and_a_full_shadow_at_the_end() -> None:
    job = toy.job()
    names = list(job.model.state_dict())
    method = begun("boundary-expand", job, lr=0.02)
    x, y = job.forget.batch(0, order="stored")
    for t in range(method.total_steps(job)):
        run(method, job, t, t + 1)
        assert job.model(x)[0].shape == (len(x), toy.CLASSES)
    assert list(job.model.state_dict()) == names
    logits, seen = logits_and_input(job.model.eval(), job.model.head, x)
    wide = torch.cat([logits, job.extra["shadow"](seen)], 1)
    assert (wide.argmax(1) == toy.CLASSES).float().mean() > 0.9
    assert (logits.argmax(1) == y).float().mean() < 0.5


def test_boundary_expand_keeps_the_outputs_it_starts_from() -> None:
    job = toy.job()
    before = state(job.model)
    begun("boundary-expand", job)
    assert same(before, job.model.state_dict())


# --- Bad Teacher --------------------------------------------------------------------------------


def test_the_bad_teacher_knows_nothing_and_is_not_the_originals_own_beginning() -> None:
    model = toy.job().model
    x, y = toy.blobs()
    teacher, again, other = (incompetent(model, seed) for seed in (0, 0, 1))
    assert same(teacher.state_dict(), again.state_dict())
    assert not same(teacher.state_dict(), other.state_dict())
    assert (teacher(x)[0].argmax(1) == y).float().mean() < 0.6
    assert not teacher.training and not any(p.requires_grad for p in teacher.parameters())
    assert toy.accuracy(model, {0, 1, 2, 3}) > 0.9  # the model itself is as it was


def test_bad_teacher_brings_forget_samples_to_the_one_and_keeps_the_others_at_the_other() -> None:
    job = toy.job()
    method = begun("bad-teacher", job, epochs=60, lr=1e-2)
    x, _ = job.forget.batch(0, order="stored")
    bad = job.extra["incompetent"](x)[0].softmax(1)
    apart = float(divergence(bad, job.extra["original"](x)[0]))
    run(method, job)
    with torch.no_grad():
        assert float(divergence(bad, job.model.eval()(x)[0])) < 0.2 * apart
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95


def test_bad_teacher_draws_its_part_of_the_retain_set_once() -> None:
    job = toy.job(8)
    method = begun("bad-teacher", job, retain_share=0.3, batch_size=8)
    asked: list[int] = []
    whole = job.retain.batch
    job.retain.batch = lambda i, **kw: (asked.append(i), whole(i, **kw))[1]  # type: ignore[method-assign]
    run(method, job)
    assert set(asked) == set(range(round(0.3 * job.retain.n_batches)))


# --- UNSIR --------------------------------------------------------------------------------------


def test_unsir_learns_noise_first_and_leaves_the_model_alone() -> None:
    job = toy.job()
    before = state(job.model)
    method = begun("unsir", job)
    losses = run(method, job, total=method.noise_steps)
    assert same(before, job.model.state_dict())
    assert losses[-1]["noise cross-entropy"] > losses[0]["noise cross-entropy"]
    noise = job.extra["noise"][0]
    assert (job.extra["original"](noise)[0].argmax(1) != 1).all()


def test_unsir_labels_the_noise_of_each_class_with_that_class() -> None:
    job = toy.job()
    job.forget_classes = (1, 3)
    method = begun("unsir", job, batch_size=5)
    assert method._labels(job).tolist() == [1] * 5 + [3] * 5
    assert len(job.extra["noise"][0]) == 10


def test_unsir_impairs_and_then_repairs() -> None:
    job = toy.job()
    method = begun("unsir", job, repair_epochs=4, retain_share=1.0)
    repair_from = method.noise_steps + method.steps_per_epoch(job)
    losses = run(method, job, total=repair_from)
    impaired = toy.accuracy(job.model, {0, 2, 3})
    losses += run(method, job, start=repair_from)
    terms = [next(iter(one)) for one in losses]
    assert terms.index("impair cross-entropy") == method.noise_steps
    assert terms.index("repair cross-entropy") == repair_from
    assert len(terms) == repair_from + 4 * method.steps_per_epoch(job)
    assert impaired < 0.9 and toy.accuracy(job.model, {0, 2, 3}) > impaired


# --- SCRUB --------------------------------------------------------------------------------------


def test_scrub_takes_turns_and_has_no_extra_max_epoch() -> None:
    job = toy.job()
    method = begun("scrub", job, epochs=4, msteps=2)
    n_f, n_r = job.forget.n_batches, job.retain.n_batches
    losses = run(method, job)
    kinds = ["max" if "forget KL" in one else "min" for one in losses]
    turn = ["max"] * n_f + ["min"] * n_r
    assert kinds == turn * 2 + ["min"] * (2 * n_r)


def test_scrub_reads_every_batch_of_an_epoch_once() -> None:
    job = toy.job()
    method = begun("scrub", job, epochs=3, msteps=2, forget_split=4)
    seen: dict[str, list[int]] = {"forget": [], "retain": []}
    for name in seen:
        batches: Any = getattr(job, name)

        def asked(i: int, batch: Any = batches.batch, to: list[int] = seen[name], **kw: Any) -> Any:
            to.append(i)
            return batch(i, **kw)

        batches.batch = asked
    run(method, job)
    assert seen["retain"] == list(range(3 * job.retain.n_batches))
    assert seen["forget"] == [i for i in range(2 * job.forget.n_batches) for _ in range(4)]


def test_a_max_step_raises_the_divergence_and_a_min_step_lowers_it() -> None:
    for weight, sign in ((1.0, 1), (0.0, -1)):  # away with T^2 KL, back with alpha T^2 KL
        job = toy.job()
        with torch.no_grad():
            job.model.head.weight.mul_(0.1)  # answers that are not all but certain
        knobs = {"msteps": int(weight), "lr": 1e-3, "weight_decay": 0.0, "gamma": 0.0, "alpha": 1.0}
        method = begun("scrub", job, **knobs)
        for module in job.model.modules():  # the loss of a step is then a function of weights alone
            module.training = False
        with torch.no_grad():
            job.model.head.weight.add_(0.3)
            job.model.head.weight[0] -= 0.6
        x, _ = (job.forget if weight else job.retain).batch(0)
        target = (job.extra["original"](x)[0] / 2).softmax(1)
        before = divergence(target, job.model(x)[0], 2.0)
        logged = run(method, job, total=1)[0]
        assert torch.isclose(logged["forget KL" if weight else "retain KL"], before)
        after = divergence(target, job.model(x)[0], 2.0)
        assert sign * (after - before).item() > 0


def test_scrub_forgets_the_class_and_keeps_the_rest() -> None:
    job = toy.job()
    method = begun("scrub", job, epochs=6, lr=3e-3)
    run(method, job)
    assert toy.accuracy(job.model, {1}) < 0.1
    assert toy.accuracy(job.model, {0, 2, 3}) > 0.95


def test_scrub_r_holds_a_tenth_of_the_retain_batches_out_of_every_step() -> None:
    job = toy.job(8, forget_class=None)
    method = begun("scrub", job, rewind="held-out", batch_size=8)
    n = job.retain.n_batches
    asked: list[int] = []
    whole = job.retain.batch
    job.retain.batch = lambda i, **kw: (asked.append(i), whole(i, **kw))[1]  # type: ignore[method-assign]
    total = method.total_steps(job)
    run(method, job, total=total - 1)
    assert set(asked) == set(range(n - n // 10))
    run(method, job, total - 1, total)
    assert set(asked) == set(range(n))  # the reference error, in the last step


def test_scrub_r_puts_back_the_epoch_nearest_to_the_reference() -> None:
    job = toy.job(forget_class=None)
    wrong = state(job.model)
    wrong["head.bias"] = torch.tensor([99.0, 0, 0, 0])  # answers 0: most forget samples are wrong
    right = state(job.model)
    job.extra |= {"epoch 0": wrong, "epoch 1": right, "epoch 2": wrong}
    told = rewind(job, 3, range(1))  # the finished model is right on what was held out
    assert float(told["reference error"]) < 0.1 and float(told["forget error"]) < 0.1
    assert same(job.model.state_dict(), right)
    job.forget_classes = (1,)  # a class task: a model that never saw the class gets all wrong
    told = rewind(job, 3, range(1))
    assert float(told["reference error"]) == 1.0
    assert same(job.model.state_dict(), wrong)


def test_the_reference_error_is_weighed_to_the_classes_of_the_forget_set() -> None:
    job = toy.job(forget_class=None)
    judge = frozen(job.model)
    with torch.no_grad():
        judge.head.bias[2] -= 99  # class 2 is always wrong, the others hardly ever
    held_out = range(3)
    missed, seen = wrong_and_seen(judge, job.retain, held_out, toy.CLASSES)
    assert float(missed[2]) == float(seen[2]) > 0
    only = torch.tensor([0.0, 0.0, 9.0, 0.0])
    assert float(reference_error(job, judge, held_out, only)) == 1.0
    none = torch.tensor([5.0, 0.0, 0.0, 5.0])
    assert float(reference_error(job, judge, held_out, none)) < 0.2


def test_scrub_r_without_a_batch_to_hold_out_is_refused() -> None:
    with pytest.raises(BadRequest, match="Lower batch_size"):
        begun("scrub", toy.job(240), rewind="held-out")


# --- resuming in a later phase ------------------------------------------------------------------


@pytest.mark.parametrize(
    "key,knobs,share",
    [
        ("scrub", {"rewind": "held-out", "epochs": 3}, 0.6),
        ("scrub", {"rewind": "held-out", "epochs": 3, "optimizer": "adam"}, 0.99),
        ("unsir", {}, 0.3),
        ("unsir", {}, 0.8),
        ("boundary-expand", {}, 0.5),
    ],
)
def test_a_run_taken_up_again_ends_with_the_same_bits(
    key: str, knobs: dict[str, Any], share: float
) -> None:
    unbroken, broken, fresh = toy.job(), toy.job(), toy.job()
    method = begun(key, unbroken, **knobs)
    total = method.total_steps(unbroken)
    run(method, unbroken)
    begun(key, broken, **knobs)
    at = int(share * total)
    run(method, broken, total=at)
    file = BytesIO(engine.to_bytes(engine.save(broken, at)))
    assert engine.load(method, fresh, torch.load(file, weights_only=True)) == at
    run(method, fresh, start=at)
    assert same(unbroken.model.state_dict(), fresh.model.state_dict())


# --- presets ------------------------------------------------------------------------------------


def test_released_code_that_crops_forget_images_is_followed() -> None:
    for key in ("delete", "boundary-shrink", "boundary-expand", "gradient-ascent"):
        cls = methods.get(key)
        assert not cls.make().augmented and cls.make(augment=True).augmented
        assert all(cls.make(preset).augmented for preset in cls.presets)
    assert methods.get("coun").make().augmented and not methods.get("contrastive").make().augmented


def test_presets_hold_the_numbers_of_their_sources() -> None:
    scrub: Any = methods.get("scrub").make("large-scale")
    assert (scrub.alpha, scrub.gamma, scrub.temperature) == (0.001, 0.99, 4.0)
    assert (scrub.msteps, scrub.epochs, scrub.lr, scrub.batch_size) == (2, 3, 5e-4, 128)
    assert scrub.batch_size // scrub.forget_split == 32
    shrink: Any = methods.get("boundary-shrink").make("official-code")
    assert (shrink.lr, shrink.batch_size, shrink.epochs, shrink.failed) == (1e-5, 64, 10, "own")
    copied: Any = methods.get("boundary-shrink").make("delete-code")
    assert (shrink.bound, copied.bound) == (1.0, 0.4)
    erase: Any = methods.get("delete").make("official-code")
    assert (erase.lr, erase.batch_size, erase.epochs) == (1e-4, 128, 20)
    unsir: Any = methods.get("unsir").make("notebook")
    assert (unsir.impair_lr, unsir.repair_lr, unsir.batch_size) == (0.02, 0.01, 256)
    assert (unsir.noise_steps, unsir.noise_updates, unsir.noise_lr) == (5, 8, 0.1)
