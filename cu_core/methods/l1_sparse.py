"""l1-sparse unlearning (Jia et al., NeurIPS 2023, arXiv:2304.04934): fine-tune towards sparsity.

CE(D_r) + gamma_t |theta|_1 over all weights, gamma_t = gamma (1 - t / (T - T_plain)), 0 after, with
t in epochs. The authors' `FT.py` lowers gamma after each epoch; here it falls with every step along
the same line, so that its mean is half an epoch's fall lower (9 % less penalty in ten epochs, 20 %
in four). Their command line's default of 0.2 destroys a model in ten epochs and is not repeated. A
subgradient brings weights close to 0, not to 0.

Preset "coun" is the setting of CoUn (arXiv:2509.16391, E.2): gamma on for 4 of 50 epochs. It tunes
gamma in [1e-4, 1e-1] and lr in [0.01, 0.1] without printing the values: lr is the low end here,
gamma the lab's. "salun-code": the training of OPTML-Group/Unlearn-Saliency, with a gamma of 5e-4,
usual for its ten epochs, in place of that default.
"""

from typing import Literal

import torch
from torch import Tensor

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


class L1Sparse(
    Method,
    label="l1-sparse",
    paper="arXiv:2304.04934",
    idea="Fine-tunes on retained data while an l1 penalty, weaker with every step, shrinks all "
    "weights. What the retained data does not need is not rebuilt.",
    loss=r"\mathcal L_{CE}(D_r)+\gamma_t\,\lVert\theta\rVert_1"
    r"+\lambda_{CL}\,\mathcal L_{CL}(D_r)",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    toy_knobs={"coun_weight": 0.5},
    below=(("plain_epochs", "epochs"),),  # or no epoch would have a penalty
    presets={
        "coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"plain_epochs": 46, "schedule": "cosine"},
        "salun-code": {"epochs": 10, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"penalty": 5e-4},
    },
):
    epochs: int = knob(10, 1, 200, unit="epochs", help="Passes over the retain set")
    plain_epochs: int = knob(0, 0, 199, unit="epochs", help="The last of them, without penalty")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(5e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    penalty: float = knob(
        1e-3, 1e-6, 1e-1, log=True, symbol=r"\gamma", main=True, help="l1 penalty at the start"
    )
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    coun_weight: float = coun_weight_knob()
    coun_temperature: float = coun_temperature_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)

    def gamma(self, job: Job, t: int) -> float:
        """The penalty of update t: down a straight line to 0, where the plain epochs begin."""
        penalised = (self.epochs - self.plain_epochs) * self.steps_per_epoch(job)
        return self.penalty * (1 - t / penalised) if t < penalised else 0.0

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        terms = retain_terms(job, t, self.coun_weight, self.coun_temperature)
        norm = torch.stack([p.abs().sum() for p in job.model.parameters()]).sum()
        job.update(retain_loss(terms, self.coun_weight) + self.gamma(job, t) * norm)
        return {**terms, "l1 norm": norm}
