r"""DELETE, decoupled distillation to erase (Zhou et al., CVPR 2025, arXiv:2503.23751).

$KL(\mathrm{softmax}(f_{\theta_o}|_{z_y=-\infty})\,\|\,p_\theta)$ on the forget set alone: towards
what the original model would say of a forget sample if its own class did not exist.

A mean over samples, as in the released code (not over samples and classes). Where several classes
are forgotten, all of them are masked, so that none is taught to take the samples of another; the
formula masks the own label alone, which for one class, and in a sample task, is the same. The
paper is about classes; of random samples it asks a wrong answer, which a retrained model would
mostly not give.

Preset "official-code": shaaaaron/DELETE. Its rate of 1e-4 is for many hundred steps, the default
for a small forget set; and it crops and mirrors the forget images, which ``augment`` does.
"""

import torch
from torch import Tensor

from cu_core.methods._parts import augment_knob
from cu_core.methods._teacher import divergence, frozen, masked
from cu_core.spec import Job, Method, knob


class Delete(
    Method,
    label="DELETE",
    paper="arXiv:2503.23751",
    idea="Teaches the model its own answers on forget samples, with the forgotten class taken out. "
    "The order of the other classes in those answers is meant to keep the rest in place.",
    loss=r"KL\big(\mathrm{softmax}(f_{\theta_o}|_{z_y=-\infty})\,\|\,p_\theta\big)_{D_f}",
    epoch_over="forget",
    uses_retain=False,
    presets={"official-code": {"epochs": 20, "batch_size": 128, "lr": 1e-4, "augment": True}},
):
    epochs: int = knob(10, 1, 200, unit="epochs", main=True, help="Passes over the forget set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-3, 1e-6, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    augment: bool = augment_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        job.extra["original"] = frozen(job.model)
        job.optimizer = torch.optim.SGD(job.model.parameters(), self.lr, self.momentum)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x, y = job.forget.batch(t)
        with torch.no_grad():
            target = masked(job.extra["original"](x)[0], y, job.forget_classes).softmax(1)
        loss = divergence(target, job.model(x)[0])
        job.update(loss)
        return {"forget KL": loss}
