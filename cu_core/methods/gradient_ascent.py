"""Gradient ascent (NegGrad): raise the loss on the forget set, with no retain data at all.

The loss has no upper bound, so the gradient norm is clipped; stop early or the model is gone.
The defaults are chosen by `python -m bench defaults`.
Released code (OPTML-Group/Unlearn-Saliency) crops and mirrors the forget images; so does
``augment``.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from cu_core.methods._parts import augment_knob
from cu_core.spec import Job, Method, knob


class GradientAscent(
    Method,
    label="Gradient ascent",
    paper="arXiv:1911.04933",
    idea="Climbs the loss on the forget samples. Nothing holds the rest, so it soon goes too.",
    loss=r"-\mathcal L_{CE}(D_f)",
    epoch_over="forget",
    uses_retain=False,
):
    epochs: int = knob(20, 1, 200, unit="epochs", help="Passes over the forget set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1.5e-3, 1e-6, 1e-1, log=True, symbol=r"\eta", main=True, help="Learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    clip: float = knob(1.0, 0.01, 100.0, log=True, main=True, help="Largest gradient norm")
    augment: bool = augment_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = torch.optim.SGD(job.model.parameters(), self.lr, self.momentum)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x, y = job.forget.batch(t)
        ce = cross_entropy(job.model(x)[0], y)
        job.optimizer.zero_grad(set_to_none=True)
        (-ce).backward()
        clip_grad_norm_(job.model.parameters(), self.clip)
        job.optimizer.step()
        return {"forget cross-entropy": ce}
