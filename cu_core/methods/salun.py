"""SalUn (Fan et al., arXiv:2310.12508): random labels, learnt by the salient weights alone.

A weight is salient when |d loss(D_f) / d theta| at the original weights (eval mode, one pass) is
among the largest ``mask_share`` of all. An epoch is a pass over the forget set with labels drawn
anew for every batch, then a pass over the retain set with its own; only salient weights move.

Weight decay joins the gradient before the mask, so neither it nor the momentum can move a masked
weight; early versions of the released code let both leak. BatchNorm statistics are no weights
and follow the data, as there. The released code draws from all classes, the true one included,
as the preset ``official-code`` does; the default draws a wrong label, of a kept class. Presets: the
authors' README (10 epochs at 0.013), and 50 epochs from CoUn's lowest rate (its mask share is not
printed).
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.methods._edit import ce_gradient, evaluating, flat, unflat, weights
from cu_core.methods._parts import kept_labels, schedule_knob, scheduled, set_lr
from cu_core.spec import Job, Method, knob


def top_share(scores: Tensor, share: float) -> Tensor:
    """True for the largest ``share`` of the scores (P,), at least one."""
    n = max(1, int(share * scores.numel()))
    chosen = torch.zeros_like(scores, dtype=torch.bool)
    chosen[scores.argsort(descending=True, stable=True)[:n]] = True
    return chosen


class SalUn(
    Method,
    label="SalUn",
    early=("mask_share",),
    paper="arXiv:2310.12508",
    idea="Teaches random labels for the forgotten samples, but only to the weights that they pull "
    "on most. The others stay exactly as they were.",
    loss=r"m\odot\nabla\big(\mathcal L_{CE}(D_f,\tilde y)+\mathcal L_{CE}(D_r,y)\big)",
    epoch_over="retain",
    augments=True,
    presets={
        "official-code": {"epochs": 10, "batch_size": 256, "lr": 0.013, "exclude_true": False},
        "coun": {"epochs": 50, "batch_size": 256, "lr": 0.01, "exclude_true": False}
        | {"schedule": "cosine"},
    },
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over the forget and the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    mask_share: float = knob(
        0.5, 0.01, 1.0, main=True, help="Share of the weights that may move, the most salient"
    )
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    exclude_true: bool = knob(
        True, help="Draw among the wrong labels only, none of a forgotten class"
    )

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches + job.retain.n_batches

    def start(self, job: Job) -> None:
        total = torch.zeros_like(flat(weights(job.model)))
        with evaluating(job.model):
            for i in range(job.forget.n_batches):
                x, y = job.forget.batch(i)
                total += len(x) * ce_gradient(job.model, x, y)[1]
        job.extra["mask"] = top_share(total.abs(), self.mask_share)
        job.optimizer = torch.optim.SGD(weights(job.model), self.lr, self.momentum)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        epoch, i = divmod(t, self.steps_per_epoch(job))
        forgetting = i < job.forget.n_batches
        if forgetting:
            x, y = job.forget.batch(epoch * job.forget.n_batches + i)
            y = self._random(y, job.n_classes, job.forget_classes)
        else:
            i -= job.forget.n_batches
            x, y = job.retain.batch(epoch * job.retain.n_batches + i)
        ce = cross_entropy(job.model(x)[0], y)
        self._update(job, ce)
        return {"random-label cross-entropy" if forgetting else "cross-entropy": ce}

    def _random(self, y: Tensor, n_classes: int, forgotten: Sequence[int] = ()) -> Tensor:
        """Labels (B,) drawn from all classes, or from all but the true one; of several forgotten
        classes, from those that are kept."""
        if self.exclude_true and len(forgotten) > 1:
            return kept_labels(y, n_classes, forgotten)
        turn = torch.randint(int(self.exclude_true), n_classes, y.shape).to(y.device)
        return (y + turn) % n_classes  # turn 0 would be the true label

    def _update(self, job: Job, loss: Tensor) -> None:
        job.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        params = weights(job.model)
        for p, may_move in zip(params, unflat(job.extra["mask"], params), strict=True):
            if p.grad is not None:
                p.grad.add_(p.detach(), alpha=self.weight_decay).mul_(may_move)
        job.optimizer.step()
