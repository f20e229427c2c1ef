"""Random labels (Graves et al., Amnesiac, arXiv:2010.10981): teach forget samples wrong answers.

L = CE(D_f, y~) + CE(D_r, y), y~ uniform. An epoch is one pass over both sets, in batches of one
set each: all forget batches first, or all batches in an order drawn for the epoch. Where several
classes are forgotten, wrong labels are those of kept classes: as labels of one another they would
be learnt again.

Two codes are known by this name, and each is a preset:
"salun-code", OPTML-Group/Unlearn-Saliency `RL.py` on CIFAR-10 and SVHN: a forget pass, then a
retain pass; labels drawn anew for every batch, the true one among them (1 in C is taught the
truth, on purpose here). For CIFAR-100 it shuffles the union, which ``order="shuffled"`` follows
but for batches that mix both sets.
"ssd-runner", `amnesiac` of selective-synaptic-dampening: the true label is excluded, each sample
keeps one wrong label, Adam without weight decay. A kept label needs a fixed order of the forget
samples, so their batches are then the same in every pass.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.methods._parts import kept_labels, sgd
from cu_core.seeding import derive
from cu_core.spec import Job, Method, knob


def relabelled(
    y: Tensor, n_classes: int, exclude_true: bool, seed: int, forgotten: Sequence[int] = ()
) -> Tensor:
    """Uniform labels in place of y (B,): of all classes, or of all but each sample's own; where
    several classes are ``forgotten``, of those that are kept."""
    g = torch.Generator().manual_seed(seed)
    if exclude_true and len(forgotten) > 1:
        return kept_labels(y, n_classes, forgotten, g)
    turn = torch.randint(int(exclude_true), n_classes, (len(y),), generator=g)  # 0: the true one
    return (y + turn.to(y.device)) % n_classes


class RandomLabels(
    Method,
    label="Random labels",
    paper="arXiv:2010.10981",
    idea="Trains forget samples on random labels and the retained ones on their own. The model "
    "learns to be wrong about what it should forget.",
    loss=r"\mathcal L_{CE}(D_f,\tilde y)+\mathcal L_{CE}(D_r),\;\tilde y\sim\mathcal U",
    epoch_over="retain",
    augments=True,
    presets={
        "salun-code": {"epochs": 10, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"exclude_true": False},
        "ssd-runner": {"epochs": 3, "batch_size": 128, "lr": 1e-4, "weight_decay": 0.0}
        | {"optimizer": "adam", "labels": "kept", "order": "shuffled"},
    },
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over both sets")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="Learning rate")
    exclude_true: bool = knob(
        True, main=True, help="Draw among the wrong labels only, none of a forgotten class"
    )
    labels: Literal["fresh", "kept"] = knob(
        "fresh", help="Drawn for every batch, or once for each sample"
    )
    order: Literal["forget-first", "shuffled"] = knob(
        "forget-first", help="Forget batches, then retain batches; or shuffled together"
    )
    optimizer: Literal["sgd", "adam"] = knob("sgd", help="SGD with momentum, or Adam")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="Weight decay")

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches + job.retain.n_batches

    def start(self, job: Job) -> None:
        if self.optimizer == "adam":
            params, decay = job.model.parameters(), self.weight_decay
            job.optimizer = torch.optim.Adam(params, self.lr, weight_decay=decay)
        else:
            job.optimizer = sgd(job, self)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        epoch, k = divmod(t, self.steps_per_epoch(job))
        n_f, n_r = job.forget.n_batches, job.retain.n_batches
        place = self._places(job, epoch)[k] if self.order == "shuffled" else k
        if place >= n_f:
            x, y = job.retain.batch(epoch * n_r + place - n_f)
            name = "cross-entropy"
        else:
            x, y = self._forget_batch(job, epoch * n_f + place)
            name = "random-label cross-entropy"
        ce = cross_entropy(job.model(x)[0], y)
        job.update(ce)
        return {name: ce}

    def _places(self, job: Job, epoch: int) -> list[int]:
        """A pass's batches in the order of the steps: forget batches 0.., then retain batches."""
        g = torch.Generator().manual_seed(derive(job.seed, "random labels", "order", epoch))
        order: list[int] = torch.randperm(self.steps_per_epoch(job), generator=g).tolist()
        return order

    def _forget_batch(self, job: Job, i: int) -> tuple[Tensor, Tensor]:
        """Forget batch i, x (B, ...) and its random labels (B,): a function of the seed and i."""
        kept = self.labels == "kept"
        x, y = job.forget.batch(i, order="stored" if kept else "shuffled")
        draw = i % job.forget.n_batches if kept else i
        seed = derive(job.seed, "random labels", self.labels, draw)
        return x, relabelled(y, job.n_classes, self.exclude_true, seed, job.forget_classes)
