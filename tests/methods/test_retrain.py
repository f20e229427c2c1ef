"""Retraining is training from scratch by the recipe of the originals, whatever came before."""

import numpy as np
import pytest
import torch

from cu_core import engine, models
from cu_core.data.batches import DeviceBatches
from cu_core.methods.retrain import Retrain, fresh_weights
from cu_core.models import train
from cu_core.models.checkpoint import weights_sha256
from cu_core.service.contract import toy
from cu_core.spec import Job

SEED = 7


def job(architecture: str, original_seed: int) -> Job:
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (48, 1, 8, 8), dtype=torch.uint8, generator=g)
    y, index = torch.arange(48) % 4, np.arange(48)

    def batches(rows: np.ndarray, name: str) -> DeviceBatches:
        mean, std = torch.tensor([127.0]), torch.tensor([74.0])
        return DeviceBatches(x, y, rows, 8, SEED, name, "none", mean, std)

    model = models.build(architecture, (1, 8, 8), 4, seed=original_seed)
    return Job(model, batches(index[:12], "f"), batches(index[12:], "r"), 4, seed=SEED)


def retrained(given: Job, **knobs: object) -> torch.nn.Module:
    method = Retrain.make(**knobs)
    engine.begin(method, given)
    list(engine.run(method, given))
    return given.model


@pytest.mark.parametrize("architecture", ["mlp", "small-cnn"])
def test_it_is_training_from_scratch_bit_for_bit(architecture: str) -> None:
    given = job(architecture, original_seed=1)
    fresh = models.build(architecture, (1, 8, 8), 4, seed=SEED)
    recipe = train.Recipe(epochs=3, lr=0.05, batch_size=8, weight_decay=5e-4)
    for _ in train.train(fresh, given.retain, recipe, seed=SEED):
        pass
    model = retrained(given, epochs=3, lr=0.05)
    assert weights_sha256(model) == weights_sha256(fresh)


@pytest.mark.parametrize("architecture", ["small-cnn", "resnet20"])
def test_nothing_of_the_original_is_left(architecture: str) -> None:
    shas = {weights_sha256(retrained(job(architecture, seed), epochs=1)) for seed in (1, 2)}
    assert len(shas) == 1


@pytest.mark.parametrize("architecture", models.names())
def test_every_weight_of_every_network_is_drawn_anew(architecture: str) -> None:
    image, row = (1, 8, 8), (64,)  # a network that is not Lethe's own may take rows alone
    shape = row if models.supports(architecture, image) else image
    model = models.build(architecture, shape, 4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(7.0)
    fresh = fresh_weights(model, SEED)
    left = [name for name, _ in model.named_parameters() if bool((fresh[name] == 7.0).any())]
    assert not left


def test_fresh_weights_depend_on_the_seed_and_disturb_no_stream() -> None:
    model = models.build("resnet20", (1, 8, 8), 4)
    state = torch.get_rng_state()
    a, b, c = (fresh_weights(model, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    learned = [name for name, p in model.named_parameters() if p.ndim > 1]
    for name in learned:
        assert torch.equal(a[name], b[name]) and not torch.equal(a[name], c[name])
    assert float(a["body.bn1.running_mean"].abs().max()) == 0.0


@pytest.mark.parametrize("warmup", [0.0, 0.3, 0.9])
def test_the_rate_is_the_one_cycle_of_the_originals(warmup: float) -> None:
    recipe = train.Recipe(epochs=1, lr=0.2, batch_size=8, weight_decay=0.0, warmup=warmup)
    method = Retrain(lr=0.2, warmup=warmup)
    for t in range(40):
        assert method.rate(t, 40) == pytest.approx(train.one_cycle(recipe, t, 40), rel=1e-12)


def test_coun_preset_falls_tenfold_at_half_and_three_quarters() -> None:
    method = Retrain.make("coun")
    assert isinstance(method, Retrain)
    rates = [method.rate(t, 100) for t in (0, 49, 50, 74, 75, 99)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_the_class_is_unknown_and_the_rest_is_learned() -> None:
    given = toy.job()
    model = retrained(given, epochs=10, lr=0.05)
    assert toy.accuracy(model, {1}) == 0.0
    assert toy.accuracy(model, {0, 2, 3}) > 0.9
