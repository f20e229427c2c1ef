"""Fine-tune: go on training on the retain set alone and let the rest fade (`CoUn`, Sec. 4.1).

The baseline that every unlearning paper compares with: it never sees a forget sample.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.spec import Job, Method, knob


class FineTune(
    Method,
    label="Fine-tune",
    paper="arXiv:2509.16391, Sec. 4.1",
    idea="Goes on training on the retained data only. What is not rehearsed may fade, or may not.",
    loss=r"\mathcal L_{CE}(D_r)",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    presets={"coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}},
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, main=True, help="SGD weight decay")

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = torch.optim.SGD(
            job.model.parameters(), self.lr, self.momentum, weight_decay=self.weight_decay
        )

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x, y = job.retain.batch(t)
        ce = cross_entropy(job.model(x)[0], y)
        job.update(ce)
        return {"cross-entropy": ce}
