"""The two callbacks in the real loops of their libraries, on tiny models, with no network."""

import logging
import warnings

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from cu_core.store import Store
from tests.watching.loops import blobs, network, split

STEPS = 6


@pytest.fixture
def quiet():
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def of_lightning(home, tmp_path, watched, accumulate=1, fault=None):
    pl = pytest.importorskip("pytorch_lightning")
    from cu_core.watching.lightning import Watch

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, i):
            if fault and i == 2:
                raise fault
            return nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    forget, retain = split(blobs())
    module = Module()
    callback = Watch(forget=forget, retain=retain, test=blobs(40, 1), home=home, every=2)
    trainer = pl.Trainer(
        max_steps=STEPS,
        accumulate_grad_batches=accumulate,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        callbacks=[callback] if watched else [],
    )
    torch.manual_seed(0)
    trainer.fit(module, DataLoader(retain, batch_size=16, shuffle=True))
    return module, callback.watched


def test_lightning(tmp_path, quiet):
    alone, _ = of_lightning(tmp_path / "home", tmp_path, False)
    seen, w = of_lightning(tmp_path / "home", tmp_path, True)
    weights = zip(alone.parameters(), seen.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    store = Store(tmp_path / "home")
    assert w.problem == "" and store.run(w.run_id).state == "done"
    reader = store.reader(w.run_id)
    assert [row.step for row in reader.snapshots()] == [0, 2, 4, 6]
    assert reader.metrics()["loss/loss"][0] == [1, 2, 3, 4, 5, 6]


def test_lightning_counts_updates_not_batches(tmp_path, quiet):
    _, w = of_lightning(tmp_path / "home", tmp_path, True, accumulate=2)
    assert w.steps == STEPS


def test_lightnings_own_failure_is_on_record(tmp_path, quiet):
    with pytest.raises(ZeroDivisionError):
        of_lightning(tmp_path / "home", tmp_path, True, fault=ZeroDivisionError("my own"))
    (record,) = Store(tmp_path / "home").runs()
    assert record.state == "failed" and "my own" in record.message


class Mapped(Dataset):
    """Samples as the Trainer has them."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        x, y = self.data[i]
        return {"pixel_values": x, "labels": y}


class Pictured(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = network()

    def forward(self, pixel_values, labels=None):
        logits = self.net(pixel_values)
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def of_transformers(tmp_path, watched):
    transformers = pytest.importorskip("transformers")
    from cu_core.watching.transformers import Watch

    forget, retain = (Mapped(side) for side in split(blobs()))
    callback = Watch(
        forget=forget, retain=retain, test=Mapped(blobs(40, 1)), home=tmp_path / "home", every=2
    )
    model = Pictured()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"),
        max_steps=STEPS,
        per_device_train_batch_size=16,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        seed=0,
    )
    callbacks = [callback] if watched else []
    transformers.Trainer(model, arguments, train_dataset=retain, callbacks=callbacks).train()
    return model, callback.watched


def test_transformers(tmp_path, quiet, capsys):
    alone, _ = of_transformers(tmp_path, False)
    seen, w = of_transformers(tmp_path, True)
    weights = zip(alone.parameters(), seen.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    store = Store(tmp_path / "home")
    assert w.problem == "" and store.run(w.run_id).state == "done"
    reader = store.reader(w.run_id)
    assert [row.step for row in reader.snapshots()] == [0, 2, 4, 6]
    assert reader.metrics()["loss/loss"][0] == [1, 2, 3, 4, 5, 6]
    assert reader.progress().atlas is not None
