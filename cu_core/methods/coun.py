"""CoUn (Khalil, Setayesh, Li, NeurIPS 2025, arXiv:2509.16391): L = L_CE + lambda L_CL, Eq. 4.

Retain data alone. Two views of each retain batch are contrasted (Eq. 2), labels unused, so images
of one class repel each other too and every cluster loosens; cross-entropy on view 1 ties the
retained ones down again, and forget samples drift to the cluster they resemble most.

As in the paper's listing B.2: no half on the symmetric sum, negatives from the other view only,
the embedding before the last layer, two forward passes in train mode, one augmentation for both
terms. Not repeated from it: log(sum(exp)), which overflows at low temperatures, and a hook added
at every call and never removed.

Where the recipe has no augmentation (rows, images below 16 pixels) both views are the same image:
its pull is then constant, and the term only spreads samples apart.

Preset "coun" is the paper's appendix E.2. It tunes lr in [0.01, 0.1], lambda in [0.1, 6] and tau
in (0, 0.3] and prints none of the chosen values but tau = 0.1 (CIFAR-100, ResNet-18, 50 %): lr is
the low end here, lambda the lab's. The loss on random features is 2 ln N, so a large lambda rules
the first steps. The default is chosen by `python -m bench defaults`: at 0.3 half of the classes
forgotten there were still answered right in part, at 1 none was, for two points of the others.
"""

from typing import Literal

from torch import Tensor

from cu_core.methods._parts import (
    coun_loss,
    retain_loss,
    retain_terms,
    schedule_knob,
    scheduled,
    set_lr,
    sgd,
)
from cu_core.spec import Job, Method, knob

__all__ = ["CoUn", "coun_loss"]


class CoUn(
    Method,
    label="CoUn",
    paper="arXiv:2509.16391",
    idea="Contrasts two views of retained images, which loosens every cluster, while cross-entropy "
    "holds the retained ones. Forgotten samples, held by nothing, drift to what they resemble.",
    loss=r"\mathcal L_{CE}(D_r)+\lambda\,\mathcal L_{CL}(D_r)",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    presets={
        "coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"temperature": 0.1, "schedule": "cosine"},
    },
):
    epochs: int = knob(10, 1, 200, unit="epochs", help="Passes over the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="N", unit="images", help="Images in a step")
    lr: float = knob(5e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    contrast_weight: float = knob(
        1.0, 0.0, 10.0, symbol=r"\lambda", main=True, help="How hard the clusters are loosened"
    )
    temperature: float = knob(
        0.1, 0.01, 1.0, symbol=r"\tau", main=True, help="Low: the nearest images repel most"
    )
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob("cosine")

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        terms = retain_terms(job, t, self.contrast_weight, self.temperature)
        job.update(retain_loss(terms, self.contrast_weight))
        return terms
