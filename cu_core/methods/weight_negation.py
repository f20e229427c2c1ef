"""NoT (Khalil et al., CVPR 2025, arXiv:2503.05657): negate a layer, then fine-tune on what is kept.

The weights of the first layer are multiplied by -1 in step 0; everything after it is fed features
it never saw, and relearns from retain data alone. Of a layer only the kernel or matrix is negated;
of a transformer the learned positions too, which are added to what its first layer gives: CoUn
(arXiv:2509.16391, E.2) takes parameter 0 of convolutional networks, 0 and 4 of its ViT. BatchNorm
stays in train mode: its statistics have to follow the sign.

Preset "coun" is the setting of that appendix; it tunes lr in [0.01, 0.1], here the low end.
"""

from typing import Literal

import torch
from torch import Tensor

from cu_core.methods._layers import kernels, positions
from cu_core.methods._parts import (
    coun_temperature_knob,
    coun_weight_knob,
    retain_loss,
    retain_terms,
    schedule_knob,
    scheduled,
    set_lr,
    sgd,
)
from cu_core.spec import Job, Method, knob


class WeightNegation(
    Method,
    label="Weight negation (NoT)",
    early=("layers",),
    paper="arXiv:2503.05657",
    idea="Flips the sign of the first layer's weights, so that nothing after it fits any more. "
    "Fine-tuning on the retained data brings back what that data teaches.",
    loss=r"\theta_1\leftarrow-\theta_1,\;\mathcal L_{CE}(D_r)+\lambda_{CL}\,\mathcal L_{CL}(D_r)",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    toy_knobs={"coun_weight": 0.5},
    presets={
        "coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"layers": 1, "schedule": "cosine"},
    },
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    layers: int = knob(1, 1, 8, unit="layers", main=True, help="Negated, from the input on")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    coun_weight: float = coun_weight_knob()
    coun_temperature: float = coun_temperature_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        if t == 0:  # not in start: the run's first picture is the original model's
            self._negate(job)
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        terms = retain_terms(job, t, self.coun_weight, self.coun_temperature)
        job.update(retain_loss(terms, self.coun_weight))
        return terms

    @torch.no_grad()
    def _negate(self, job: Job) -> None:
        for weight in [*kernels(job.model)[: self.layers], *positions(job.model)]:
            weight.neg_()
