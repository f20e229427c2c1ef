r"""Boundary Expand (Chen et al., CVPR 2023, arXiv:2303.11570).

$\ell(D_f, C{+}1)$: a further output, the shadow class, takes in the forget samples, and is pruned
at the end. No retain data.

The shadow unit never enters the model: it lies beside it and reads what the last layer reads. So
the model has its C outputs at every step, every frame shows it as if pruned there and then, and
pruning at the end is to drop the unit. (Unlearn-Saliency's copy never prunes, and measures a model
of C+1 outputs.) Once the unit is gone a sample falls back to its next best class, which may be
its own: the method's weakness, not a fault of this file.

The unit starts as ``nn.Linear`` does, the other outputs as they were. Preset "official-code":
TY-LEE-KR/Boundary-Unlearning-Code; its rate of 1e-5 is for thousands of steps, the default for few,
and it crops and mirrors the forget images, which ``augment`` does.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cu_core.methods._parts import augment_knob
from cu_core.methods._teacher import last_layer, logits_and_input
from cu_core.spec import Job, Method, knob


class BoundaryExpand(
    Method,
    label="Boundary Expand",
    paper="arXiv:2303.11570",
    idea="Trains the forget samples into a shadow class of their own, which the finished model "
    "does not have. Each then falls to whatever class comes next, at times to its old one.",
    loss=r"\mathcal L_{CE}(D_f, C{+}1)",
    epoch_over="forget",
    uses_retain=False,
    presets={"official-code": {"lr": 1e-5, "augment": True}},
):
    epochs: int = knob(10, 1, 200, unit="epochs", main=True, help="Passes over the forget set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-3, 1e-6, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    augment: bool = augment_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        last = last_layer(job.model, job.n_classes)
        shadow = nn.Linear(last.in_features, 1).to(last.weight.device)
        job.extra["shadow"] = shadow
        params = [*job.model.parameters(), *shadow.parameters()]
        job.optimizer = torch.optim.SGD(params, self.lr, self.momentum)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x, y = job.forget.batch(t)
        last = last_layer(job.model, job.n_classes)
        logits, seen = logits_and_input(job.model, last, x)  # (B, C), (B, H)
        wide = torch.cat([logits, job.extra["shadow"](seen)], 1)  # (B, C+1)
        ce = cross_entropy(wide, torch.full_like(y, job.n_classes))
        job.update(ce)
        return {"shadow cross-entropy": ce}
