"""Every method and every metric on networks that Lethe did not make: a vision transformer of
timm's and torchvision's ResNet-18, at 64 pixels."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from cu_core import engine, methods, metrics, models
from cu_core.data.batches import DeviceBatches, resident
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest
from cu_core.methods._layers import kernels
from cu_core.runs import reference_models
from cu_core.runs.evaluation import Evaluation
from cu_core.runs.resolve import Setup
from cu_core.service.contract.stepping import made
from cu_core.spec import Dataset, Job, StepLog, UnlearnRequest
from cu_core.store import Store

CLASSES, SIDE, FORGOTTEN = 4, 64, 1
NETWORKS = ("python:tests.contract.tiny:vit", "python:tests.contract.tiny.resnet18")
BLOCK = dict(zip(NETWORKS, ("blocks.1", "layer4"), strict=True))  # one that CKA is told of
FEW = {"samples": 3, "steps": 1, "epochs": 1, "batch_size": 4, "noise_steps": 1}


def pictures(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise (n, 3, 64, 64) with a bright bar whose place is the class."""
    label = np.arange(n) % CLASSES
    x = np.random.default_rng(0).integers(0, 90, (n, 3, SIDE, SIDE)).astype(np.uint8)
    for image, c in zip(x, label, strict=True):
        image[:, 16 * c : 16 * c + 12] += 120
    return x, label.astype(np.int64)


@pytest.fixture(scope="module", params=NETWORKS)
def trained(request: pytest.FixtureRequest) -> models.Classifier:
    """A few updates from its random weights."""
    model = models.build(request.param, (3, SIDE, SIDE), CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9)
    x, y = pictures(16)
    for _ in range(3):
        optimizer.zero_grad()
        loss = cross_entropy(model(torch.from_numpy(x).float() / 128 - 1)[0], torch.from_numpy(y))
        loss.backward()
        optimizer.step()
    return model


def job(model: models.Classifier, size: int, kind: str) -> Job:
    x, y = pictures(24)
    data = resident(Dataset("made", x, y, x[:4], y[:4], tuple("abcd")))
    chosen = y == FORGOTTEN if kind == "class" else np.arange(len(y)) % 4 == 0
    sets = [
        DeviceBatches(
            data.train_x, data.train_y, np.flatnonzero(where), size, 0, name, "none",
            data.mean, data.std,
        )
        for where, name in ((chosen, "forget"), (~chosen, "retain"))
    ]  # fmt: skip
    classes = (FORGOTTEN,) if kind == "class" else ()
    return Job(copy.deepcopy(model), *sets, n_classes=CLASSES, forget_classes=classes)


@pytest.mark.parametrize("key", methods.names())
def test_every_method_works_on_it(trained: models.Classifier, key: str) -> None:
    cls = methods.get(key)
    method = made(cls, **{name: v for name, v in FEW.items() if name in cls.model_fields})
    todo = job(trained, 4, "class" if "class" in cls.kinds else "sample")
    engine.begin(method, todo)
    total = min(method.total_steps(todo), 7 if hasattr(method, "steps") else 2)
    logs = [e for e in engine.run(method, todo, total=total) if isinstance(e, StepLog)]
    assert len(logs) == total
    assert all(torch.as_tensor(v).isfinite() for log in logs for v in log.losses.values()), logs
    before, after = trained.state_dict(), todo.model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert all(value.isfinite().all() for value in after.values())


def test_every_metric_has_a_value_or_a_reason_on_it(
    trained: models.Classifier, tmp_path: Path
) -> None:
    """The original and the retrained model, trained for an epoch, and beside them the original as
    if it had been unlearned."""
    x, y = pictures(48)
    np.savez(tmp_path / "x.npz", x=x.transpose(0, 2, 3, 1), y=y)
    asked = UnlearnRequest(
        dataset=f"npz:{tmp_path / 'x.npz'}",
        model=trained.architecture,
        train_epochs=1,
        forget="class:1",
        method="fine-tune",
        hparams={"epochs": 1, "batch_size": 16},
        probe_size=30,
        precision="float32",
    )
    store, setup = Store(tmp_path / "home"), Setup(asked, tmp_path / "home")
    assert setup.forget is not None
    original, retrained = (
        reference_models.ensure(store, setup, without, lambda *_: None)
        for without in (None, setup.forget)
    )
    assert not set(":/. ") & set(original + retrained)  # an id is a folder's name
    probe = make_probe(setup.dataset, setup.forget, asked.probe_size)
    evaluation = Evaluation(store, setup, probe, engine.Observer(setup.resident, probe))
    model = reference_models.load_model(store, setup, original)
    found = evaluation.measure(model, original, retrained)
    for metric in metrics.all_metrics().values():
        own = [value for key, value in found.values.items() if key.split("/")[0] == metric.key]
        told = [value for value in own if value is not None]
        assert told or found.reasons.get(metric.key), metric.key
        low, high = metric.range
        assert all(low <= value <= high for value in told), metric.key
    assert found.values[
        f"cka_layers_forget_original/{BLOCK[trained.architecture]}"
    ] == pytest.approx(1.0)


def test_a_last_layer_without_a_bias_is_refused_by_the_one_method_that_needs_it() -> None:
    model: Any = models.build("python:tests.contract.tiny:Unbiased", (3, SIDE, SIDE), CLASSES)
    assert model.fc.bias is None
    todo = job(model, 4, "class")
    with pytest.raises(BadRequest, match="lowers the bias of the last layer"):
        engine.begin(made(methods.get("logit-mask")), todo)
    for key in ("boundary-expand", "fisher", "head-distillation"):
        method = made(methods.get(key), batch_size=4) if key != "fisher" else made(
            methods.get(key), samples=3, steps=1)  # fmt: skip
        engine.begin(method, todo := job(model, 4, "class"))
        assert list(engine.run(method, todo, total=2))


def test_the_first_layer_is_the_one_that_the_image_meets_first() -> None:
    model: Any = models.build("python:tests.contract.tiny:Unbiased", (3, SIDE, SIDE), CLASSES)
    net = model.body.net
    assert [id(w) for w in kernels(model)] == [
        id(net.first.weight), id(net.second.weight), id(model.fc.weight),
    ]  # fmt: skip
