"""Contrastive unlearning (Lee, Zhang, Yang, Lou, Xiong, arXiv:2401.10458).

A forget sample is pushed from the retain samples of its own class (``same``) and pulled to those
of all others; cross-entropy on the retain batch holds the rest in place. In a class task no
retain sample shares the label, so Eq. 6 is pull alone: its denominator is a constant.

Embeddings are L2-normalised inside the loss when the model does not do it (the paper's Fig. 1
speaks of a normalised space; its code trains a normalised 128-d head, an option of the ResNets).
The preset ``official-code`` reproduces three quirks of the released code on purpose:
Q1 the same first omega retain batches for every forget batch, Q4 a push term weighted by
(retain batch / number of other-class samples), Q8 embeddings passed through ReLU.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, relu

from cu_core.spec import Job, Method, knob


def push_pull(
    z_f: Tensor, y_f: Tensor, z_r: Tensor, y_r: Tensor, temperature: float, variant: str = "paper"
) -> tuple[Tensor, Tensor]:
    """The two halves of Eq. 5, per anchor: push (F,) from the own class, pull (F,) to the others.

    Where an anchor lacks the samples, that half is 0 and its gradient finite.
    """
    sim = z_f @ z_r.T / temperature  # (F, R)
    same = y_f[:, None] == y_r  # (F, R)
    n_other = (~same).sum(1)  # (F,)
    # A large finite fill, not -inf: the gradient of an all-masked row would be NaN.
    push = sim.masked_fill(~same, -1e9).logsumexp(1)  # (F,)
    push = push.where(same.any(1), torch.zeros_like(push))
    if variant == "official":
        push = push * y_r.numel() / n_other.clamp(min=1)
    pull = (sim * ~same).sum(1) / n_other.clamp(min=1)  # (F,)
    return push, pull


def contrastive_loss(
    z_f: Tensor,
    y_f: Tensor,
    z_r: Tensor,
    y_r: Tensor,
    temperature: float,
    variant: Literal["paper", "official"] = "paper",
) -> Tensor:
    """L_UL of Eq. 5 and 6 as a mean over anchors (the paper sums; so does Eq. 5 / F).

    ``z_f (F, D)``, ``z_r (R, D)`` unit-norm embeddings, ``y_f (F,)``, ``y_r (R,)`` labels.
    ``variant="official"`` weights the push term as the released code does (quirk Q4).
    """
    push, pull = push_pull(z_f, y_f, z_r, y_r, temperature, variant)
    return (push - pull).mean()


class Contrastive(
    Method,
    label="Contrastive unlearning",
    paper="arXiv:2401.10458",
    idea="Pushes each forget sample away from the retained samples of its own class and pulls it "
    "towards those of the others. Cross-entropy on retained batches keeps the rest in place.",
    loss=r"\lambda_{UL}\,\big(\text{push}_\tau-\text{pull}_\tau\big)+\lambda_{CE}\,\mathcal L_{CE}",
    epoch_over="forget",
    presets={
        "paper": {"epochs": 1, "batch_size": 64, "lr": 1e-3},
        "official-code": {"batch_size": 128, "lr": 1e-3}
        | {"variant": "official", "retain_draw": "first", "relu_embeddings": True},
        "coun-tuned": {"temperature": 0.1, "contrast_weight": 1.0, "batch_size": 256}
        | {"epochs": 50, "weight_decay": 5e-4},
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
    normalise: bool = knob(True, help="L2-normalise embeddings in the loss; off, it is unbounded")
    variant: Literal["paper", "official"] = knob("paper", help="Eq. 5, or the released code (Q4)")
    retain_draw: Literal["fresh", "first"] = knob(
        "fresh", help="Fresh random batches, or the first omega each time (Q1)"
    )
    relu_embeddings: bool = knob(False, help="Contrast ReLU of the embeddings, as the code (Q8)")

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches * self.retain_batches

    def start(self, job: Job) -> None:
        decay, params = self.weight_decay, job.model.parameters()
        job.optimizer = torch.optim.SGD(params, self.lr, self.momentum, weight_decay=decay)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x_f, y_f = job.forget.batch(t // self.retain_batches)
        if self.retain_draw == "fresh":
            x_r, y_r = job.retain.batch(t)
        else:
            x_r, y_r = job.retain.batch(t % self.retain_batches, order="stored")
        logits, z = job.model(torch.cat([x_f, x_r]))  # (F+R, C), (F+R, D)
        n = len(x_f)
        z = normalize(z, dim=1) if self.normalise else z
        z = relu(z) if self.relu_embeddings else z
        push, pull = push_pull(z[:n], y_f, z[n:], y_r, self.temperature, self.variant)
        contrast = (self.push_weight * push - self.pull_weight * pull).mean()
        ce = cross_entropy(logits[n:], y_r)
        job.update(self.contrast_weight * contrast + self.ce_weight * ce)
        return {"push": push.mean(), "pull": pull.mean(), "cross-entropy": ce}
