"""Fine-tune: go on training on the retain set alone and let the rest fade (`CoUn`, Sec. 4.1).

The baseline that every unlearning paper compares with: it never sees a forget sample. With
``coun_weight`` on it is CoUn.

Presets: "coun", its appendix E.2 (lr tuned in [0.01, 0.1], here the low end); "salun-code",
the defaults of OPTML-Group/Unlearn-Saliency; "ssd-runner", that of selective-synaptic-dampening;
"convnext", chosen by `bench defaults` for a small one, in which the default leaves up to half of a
class. It destroys a ViT of that size, which the default suits.
"""

from typing import Literal

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


class FineTune(
    Method,
    label="Fine-tune",
    paper="arXiv:2509.16391, Sec. 4.1",
    idea="Goes on training on the retained data only. What is not rehearsed may fade, or may not.",
    loss=r"\mathcal L_{CE}(D_r)+\lambda_{CL}\,\mathcal L_{CL}(D_r)",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    toy_knobs={"coun_weight": 0.5},
    presets={
        "coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"schedule": "cosine"},
        "salun-code": {"epochs": 10, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4},
        "ssd-runner": {"epochs": 5, "lr": 2e-2, "weight_decay": 5e-4},
        "convnext": {"lr": 1e-1},
    },
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, main=True, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    coun_weight: float = coun_weight_knob()
    coun_temperature: float = coun_temperature_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        terms = retain_terms(job, t, self.coun_weight, self.coun_temperature)
        job.update(retain_loss(terms, self.coun_weight))
        return terms
