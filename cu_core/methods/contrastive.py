"""Contrastive unlearning (Lee, Zhang, Yang, Lou, Xiong, arXiv:2401.10458).

A forget sample is pushed from the retain samples of its own class (``same``) and pulled to those
of all others; cross-entropy on the retain batch holds the rest in place. In a class task no
retain sample shares the label, so Eq. 6 is pull alone: its denominator is a constant.

Embeddings are L2-normalised inside the loss when the model does not do it (the paper's Fig. 1
speaks of a normalised space; its code trains a normalised 128-d head: ``--head normalised``).
The preset ``official-code`` reproduces three quirks of the released code on purpose:
the same first omega retain batches for every forget batch, a push term weighted by (retain
batch / number of other-class samples), and embeddings passed through ReLU. ``vit``: chosen by
`bench defaults` for a small one, of which the default rate costs 14 to 27 points.

Beyond the paper, each off by default: a queue of past embeddings (``_queue.py``), retain batches
of equal class counts or half of nearest samples (``retain_draw``), and BatchNorm statistics that
stay the original's, not those of batches half of forget samples (``freeze_statistics``).
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, relu

from cu_core.methods._contrast import contrastive_loss, push_pull
from cu_core.methods._parts import schedule_knob, scheduled, set_lr, sgd
from cu_core.methods._queue import beside_queue, enqueue, slow_embeddings, start_queue
from cu_core.methods._sampling import Draw, batch_of, retain_rows, statistics_kept
from cu_core.spec import Job, Method, knob

__all__ = ["Contrastive", "batch_of", "contrastive_loss", "push_pull"]


class Contrastive(
    Method,
    label="Contrastive unlearning",
    paper="arXiv:2401.10458",
    idea="Pushes each forget sample away from the retained samples of its own class and pulls it "
    "towards those of the others. Cross-entropy on retained batches keeps the rest in place.",
    loss=r"\lambda_{UL}\,\big(\text{push}_\tau-\text{pull}_\tau\big)+\lambda_{CE}\,\mathcal L_{CE}",
    epoch_over="forget",
    toy_knobs={"queue": 32, "key_momentum": 0.9, "retain_draw": "hard"},
    presets={
        "paper": {"epochs": 1, "batch_size": 64, "lr": 1e-3},
        "vit": {"lr": 3e-3},
        "official-code": {"batch_size": 128, "lr": 1e-3}
        | {"variant": "official", "retain_draw": "first", "relu_embeddings": True},
        "coun-tuned": {"temperature": 0.1, "contrast_weight": 1.0, "batch_size": 256}
        | {"epochs": 50, "weight_decay": 5e-4, "schedule": "cosine"},
    },
):
    epochs: int = knob(3, 1, 200, unit="epochs", help="Passes over the forget set")
    batch_size: int = knob(32, 2, 1024, symbol="B", unit="images", help="Of each set in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", help="SGD learning rate")
    temperature: float = knob(
        0.7, 0.05, 2.0, symbol=r"\tau", main=True, help="Low: the nearest samples dominate"
    )
    contrast_weight: float = knob(
        3.0, 0.0, 10.0, symbol=r"\lambda_{UL}", main=True, help="Pressure to forget"
    )
    ce_weight: float = knob(
        1.0, 0.0, 10.0, symbol=r"\lambda_{CE}", main=True, help="Hold on what is kept"
    )
    push_weight: float = knob(1.0, 0.0, 2.0, help="Share of the push from the own class")
    pull_weight: float = knob(1.0, 0.0, 2.0, help="Share of the pull to the other classes")
    retain_batches: int = knob(4, 1, 16, symbol=r"\omega", help="Retain batches per forget batch")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(0.0, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    normalise: bool = knob(True, help="L2-normalise embeddings in the loss; off, it is unbounded")
    variant: Literal["paper", "official"] = knob(
        "paper", help="Eq. 5, or the released code's, which weights the push a little more"
    )
    retain_draw: Draw = knob(
        "fresh",
        help="Retain batches: fresh random ones, the first omega each time, balanced over "
        "the classes, or hard: half of them those most like the forget samples",
    )
    hard_candidates: int = knob(4, 2, 16, help="Hard: retain batches of which the nearest are kept")
    relu_embeddings: bool = knob(False, help="Contrast ReLU of embeddings, as the released code")

    freeze_statistics: bool = knob(False, help="Keep BatchNorm's statistics as they were")
    queue: int = knob(
        0, 0, 8192, symbol="K", unit="samples", help="Past retain embeddings contrasted too; 0: off"
    )
    key_momentum: float = knob(
        0.0, 0.0, 0.9999, symbol="m", help="Of the queue's own slow encoder; 0: the model itself"
    )

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches * self.retain_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)
        start_queue(job, self.key_momentum if self.queue else 0.0)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        x_f, y_f = job.forget.batch(t // self.retain_batches)
        x_r, y_r = retain_rows(
            job, t, self.retain_draw, self.retain_batches, x_f, self.hard_candidates
        )
        with statistics_kept(job.model, self.freeze_statistics):
            logits, z = job.model(torch.cat([x_f, x_r]))  # (F+R, C), (F+R, D)
        z, n = self._compared(z), len(x_f)
        z_r, y_all = beside_queue(job, z[n:], y_r)  # (R+K, D), (R+K,)
        push, pull = push_pull(z[:n], y_f, z_r, y_all, self.temperature, self.variant)
        contrast = (self.push_weight * push - self.pull_weight * pull).mean()
        ce = cross_entropy(logits[n:], y_r)
        job.update(self.contrast_weight * contrast + self.ce_weight * ce)
        if self.queue:
            slow = self.key_momentum > 0
            kept = slow_embeddings(job, x_r, self.key_momentum) if slow else None
            enqueue(job, z[n:] if kept is None else self._compared(kept), y_r, self.queue)
        return {"push": push.mean(), "pull": pull.mean(), "cross-entropy": ce}

    def _compared(self, z: Tensor) -> Tensor:
        """Embeddings (B, D) as the loss compares them."""
        z = normalize(z, dim=1) if self.normalise else z
        return relu(z) if self.relu_embeddings else z
