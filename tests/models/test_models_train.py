"""Training: the update against one written out by hand, resume to the last bit, the recipes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cu_core import models
from cu_core.errors import BadCheckpoint, BadRequest, LetheError
from cu_core.models.evaluate import outputs
from cu_core.models.train import Recipe, augmentation, one_cycle, recipe, state, train

SHORT = Recipe(epochs=3, lr=0.05, batch_size=32, weight_decay=0.01, label_smoothing=0.1)


def run(model, batches, recipe=SHORT, **kw):
    return list(train(model, batches, recipe, seed=0, **kw))


def equal(a, b):
    x, y = a.state_dict(), b.state_dict()
    return x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)


class Dropping(nn.Module):
    """Draws random numbers inside the model."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.body, self.fc = nn.Linear(6, 16), nn.Linear(16, 4)

    def forward(self, x):
        z = torch.dropout(self.body(x).relu(), 0.5, self.training)
        return self.fc(z), z


def test_updates_are_those_of_nesterov_sgd_written_out(blobs):
    model = models.build("mlp", (6,), 4)
    w = [p.detach().clone().double() for p in model.parameters()]
    v = [torch.zeros_like(p) for p in w]
    total = 3 * blobs.n_batches
    for t in range(total):
        rise, fall = (t + 1) / (0.3 * total + 1), (total - t) / (0.7 * total)
        lr = 0.05 * min(rise, fall)
        x, y = blobs.batch(t)
        p = [q.clone().requires_grad_() for q in w]
        h = torch.relu(torch.relu(x.double() @ p[0].T + p[1]) @ p[2].T + p[3])
        log_p = (h @ p[4].T + p[5]).log_softmax(1)
        target = torch.full((len(y), 4), 0.1 / 4, dtype=torch.float64)
        target[torch.arange(len(y)), y] += 0.9
        (-(target * log_p).sum(1).mean()).backward()
        for i, q in enumerate(p):
            g = q.grad + 0.01 * w[i]
            v[i] = 0.9 * v[i] + g
            w[i] = w[i] - lr * (g + 0.9 * v[i])
    steps = run(model, blobs)
    assert [s.step for s in steps] == list(range(1, total + 1))
    assert {s.total for s in steps} == {total}
    for mine, slow in zip(model.parameters(), w, strict=True):
        torch.testing.assert_close(mine.detach().double(), slow, rtol=1e-4, atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0, 0.99), st.floats(1e-4, 1.0))
def test_one_cycle_rises_once_and_falls_once(total, warmup, lr):
    r = Recipe(epochs=1, lr=lr, batch_size=2, weight_decay=0, warmup=warmup)
    rates = [one_cycle(r, t, total) for t in range(total)]
    assert all(0 < x <= lr * (1 + 1e-9) for x in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] <= lr * max(1 / (total * (1 - warmup)), 1 / (warmup * total + 1)) * (1 + 1e-9)


@pytest.mark.parametrize("k", [1, 4, 8, 9])
@pytest.mark.parametrize("kind", ["small-cnn", "dropout"])
def test_resumed_training_is_the_unbroken_one_bit_for_bit(kind, k, blobs, small_images):
    def fresh(seed):
        return Dropping() if kind == "dropout" else models.build(kind, (1, 8, 8), 4, seed=seed)

    batches = blobs if kind == "dropout" else small_images
    unbroken = fresh(0)
    losses = [float(s.loss) for s in run(unbroken, batches)]
    broken = fresh(0)
    for s in train(broken, batches, SHORT, seed=0):
        if s.step == k:
            saved = state(broken, s.optimizer, s.step)  # a copy: going on does not change it
    resumed = fresh(7)
    torch.rand(3)
    rest = [float(s.loss) for s in run(resumed, batches, start=saved)]
    assert rest == losses[k:]
    assert equal(resumed, unbroken)
    assert all(isinstance(v, torch.Tensor | int) for v in saved.values())


def test_watching_changes_nothing_and_no_global_random_number_is_drawn(small_images):
    a, b = (models.build("small-cnn", (1, 8, 8), 3) for _ in range(2))
    before = torch.get_rng_state()
    run(a, small_images)
    assert torch.equal(before, torch.get_rng_state())
    for _ in train(b, small_images, SHORT, seed=0):
        torch.rand(5)
        outputs(b, small_images.x, lambda t: t)
    assert equal(a, b)


def test_the_seed_decides_what_is_drawn_inside_the_model(blobs):
    a, b, c = Dropping(), Dropping(), Dropping()
    for model, seed in ((a, 0), (b, 0), (c, 1)):
        list(train(model, blobs, SHORT, seed=seed))
    assert equal(a, b)
    assert not equal(a, c)


def test_batches_are_asked_for_one_update_at_a_time(blobs):
    going = train(models.build("mlp", (6,), 4), blobs, SHORT, seed=0)
    assert blobs.asked == []
    assert next(going).step == 1
    assert blobs.asked == [0]
    going.close()
    assert blobs.asked == [0]


def test_a_loss_that_is_not_finite_ends_the_training(blobs):
    blobs.x[3, 2] = float("inf")
    with pytest.raises(LetheError, match=r"diverged.* of 9 .*learning rate"):
        run(models.build("mlp", (6,), 4), blobs)


def test_one_sample_is_refused(blobs, array_batches):
    one = array_batches(blobs.x[:1], blobs.y[:1])
    with pytest.raises(BadRequest, match="at least two samples"):
        run(models.build("mlp", (6,), 4), one)


def test_a_state_of_another_model_or_recipe_is_refused(blobs):
    model = models.build("mlp", (6,), 4)
    last = run(model, blobs)[-1]
    saved = state(model, last.optimizer, last.step)
    with pytest.raises(BadCheckpoint, match="another model"):
        run(models.build("mlp", (6,), 5), blobs, start=saved)
    shorter = SHORT.model_copy(update={"epochs": 2})
    with pytest.raises(BadCheckpoint, match=r"after 9 updates.* 6 in"):
        run(model, blobs, shorter, start=saved)


@pytest.mark.parametrize(
    ("key", "shape", "expected"),
    [
        ("digits", (1, 8, 8), "none"),
        ("npz:/x/rows.npz", (20,), "none"),
        ("mnist", (1, 28, 28), "crop"),
        ("fashion-mnist", (1, 28, 28), "crop"),
        ("svhn", (3, 32, 32), "crop"),
        ("parquet:/data/SVHN", (3, 32, 32), "crop"),
        ("cifar10", (3, 32, 32), "crop+flip"),
        ("folder:/pictures", (3, 64, 64), "crop+flip"),
    ],
)
def test_only_what_keeps_its_meaning_is_mirrored(key, shape, expected):
    assert augmentation(key, shape) == expected


def test_recipes_follow_the_size_of_the_set_and_the_device():
    digits = recipe("small-cnn", "digits", (1, 8, 8), 1347)
    assert (digits.epochs, digits.batch_size, digits.lr) == (20, 64, 0.1)
    assert recipe("small-cnn", "digits", (1, 8, 8), 1347, epochs=3).epochs == 3
    assert recipe("small-cnn", "digits", (1, 8, 8), 10).epochs == 60
    assert digits == recipe("small-cnn", "digits", (1, 8, 8), 1347, device="cuda")
    augmented = recipe("small-cnn", "signs", (3, 32, 32), 3000)  # a thousand updates at least
    assert (augmented.epochs, augmented.batch_size, augmented.augment) == (22, 64, "crop")
    on = {d: recipe("resnet20", "cifar10", (3, 32, 32), 50_000, device=d) for d in ("cpu", "cuda")}
    assert (on["cpu"].epochs, on["cpu"].batch_size) == (8, 128)
    assert (on["cuda"].epochs, on["cuda"].batch_size) == (30, 256)
    assert on["cuda"].lr == 2 * on["cpu"].lr
    with pytest.raises(BadRequest, match="resnet20"):
        recipe("lenet", "digits", (1, 8, 8), 1347)


@pytest.mark.parametrize(("architecture", "at_least"), [("small-cnn", 98.0), ("mlp", 96.0)])
def test_the_digits_are_learnt(architecture, at_least, digits, array_batches):
    x, y, test_x, test_y, normalise = digits
    r = recipe(architecture, "digits", (1, 8, 8), len(x))
    model = models.build(architecture, (1, 8, 8), 10)
    for _ in train(model, array_batches(normalise(x), y, r.batch_size), r, seed=0):
        pass
    logits, _ = outputs(model, test_x, normalise)
    assert (logits.argmax(1) == test_y.numpy()).mean() * 100 >= at_least
