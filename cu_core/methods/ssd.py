"""Selective synaptic dampening (Foster, Schoepf, Brintrup, arXiv:2308.07707): no training at all.

The importance of a weight for a set is its squared gradient, a mean over the batches of the set.
With I_f of the forget set and I_D of the whole training set, every weight with I_f > alpha I_D is
multiplied by min(lambda I_D / I_f, 1).

As in the authors' code the model is in eval mode and a gradient is that of a batch, not of one
sample: batches of D are mixed as D is. A weight that only a share p of D pulls on has p times its
gradient there, so I_f / I_D reaches about 1 / p^2: 100 for a class of ten, 25 for two. A threshold
above that finds nothing, so it is at most ``reach`` of it (chosen by `python -m bench defaults`).
On a random set the ratio is about 1 and next to nothing is selected; a class whose loss is all but
0 has no importance to find: that is the method. ``importance="output"`` takes the squared length of
the logits for the loss (arXiv:2402.19308). Presets: the authors' runner for ResNet-18, ViT, faces.
"""

from typing import Literal

import torch
from torch import Tensor

from cu_core.methods._edit import (
    SCAN,
    begin_edit,
    ce_gradient,
    end_scan,
    evaluating,
    gradient,
    part,
    rows_of_all,
    walk,
)
from cu_core.spec import Job, Method, knob


def dampening(i_f: Tensor, i_all: Tensor, selection: float, strength: float) -> Tensor:
    """The factor of each weight: min(strength I_D / I_f, 1) where I_f > selection I_D, else 1."""
    selected = i_f > selection * i_all
    factor = (strength * i_all / i_f.clamp(min=torch.finfo(i_f.dtype).tiny)).clamp(max=1)
    return torch.where(selected, factor, torch.ones_like(factor))


class SelectiveSynapticDampening(
    Method,
    label="Selective synaptic dampening",
    early=("selection", "strength", "reach", "importance", "batch_size"),
    paper="arXiv:2308.07707",
    idea="Shrinks the weights that matter more to the forgotten samples than to all the data. "
    "Nothing is trained, so nothing is repaired either.",
    loss=r"\theta\leftarrow\min(\lambda I_D/I_f,\,1)\,\theta\ \text{ where } I_f>\alpha I_D",
    epoch_over="none",
    toy_knobs={"importance": "output", "selection": 2.0, "reach": 0.06},
    presets={
        "ssd-runner": {"selection": 10.0, "strength": 1.0, "reach": 0.0},
        "ssd-runner-vit": {"selection": 5.0, "strength": 1.0, "reach": 0.0},
        "ssd-runner-faces": {"selection": 50.0, "strength": 0.1, "reach": 0.0},
    },
):
    selection: float = knob(
        30.0, 0.1, 1000.0, log=True, symbol=r"\alpha", main=True, help="Low: more weights shrink"
    )
    strength: float = knob(
        1.0, 0.01, 5.0, log=True, symbol=r"\lambda", main=True, help="Low: they shrink further"
    )
    reach: float = knob(0.5, 0.0, 1.0, help="Of 1 / p^2, the most the threshold may be; 0: any")
    importance: Literal["loss", "output"] = knob(
        "loss", help="Gradient of the loss, or of the length of the logits, without labels"
    )
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="In one squared gradient")
    steps: int = knob(15, 1, 200, unit="steps", help="Equal parts in which the edit is shown")

    def steps_per_epoch(self, job: Job) -> int:
        return SCAN + self.steps

    def start(self, job: Job) -> None:
        begin_edit(job, "forget", "all")

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        if t >= SCAN:
            return {"distance": walk(job, t - SCAN + 1, self.steps)}
        with evaluating(job.model):
            losses = self._scan(job, t)
        if t == SCAN - 1:
            i_f = job.extra["forget"] / job.forget.n_batches
            i_all = job.extra["all"] / self._mixed(job)
            factor = dampening(i_f, i_all, self.threshold(job), self.strength)
            end_scan(job, job.extra["origin"] * factor)
            losses["dampened share"] = (factor < 1).float().mean()
        return losses

    def threshold(self, job: Job) -> float:
        """alpha, or less where the forget set is too large a share for it."""
        largest = ((job.forget.n + job.retain.n) / job.forget.n) ** 2
        return min(self.selection, self.reach * largest) if self.reach else self.selection

    def _mixed(self, job: Job) -> int:
        """Batches of the whole training set."""
        return -(-(job.forget.n + job.retain.n) // self.batch_size)

    def _scan(self, job: Job, t: int) -> dict[str, Tensor]:
        """One part of both sums of squared gradients."""
        n = self._mixed(job)
        forget = (job.forget.batch(i) for i in part(job.forget.n_batches, t))
        whole = (rows_of_all(job, i, n) for i in part(n, t))
        found = {}
        for name, batches in (("forget", forget), ("all", whole)):
            values = []
            for x, y in batches:
                value, g = self._measured(job, x, y)
                job.extra[name] += g.square()
                values.append(value)
            if values:
                found[f"{name} {self.importance}"] = torch.stack(values).mean()
        return found

    def _measured(self, job: Job, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """What the importance is the gradient of, 0-d, and that gradient (P,)."""
        if self.importance == "loss":
            return ce_gradient(job.model, x, y)
        length = job.model(x)[0].square().sum(1).mean()
        return length.detach(), gradient(length, job.model)
