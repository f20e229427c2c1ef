r"""Head distillation: the control that refits the last layer and leaves the features alone.

$KL(\mathrm{softmax}(f_{\theta_o}|_{z_c=-\infty})\,\|\,p_\theta)$ on forget and retain samples;
only the last layer learns (Jeon et al., arXiv:2405.17878). The answers become those of a model
that lacks the class, so whatever looks at outputs alone is content; every embedding stays as it
was, bit for bit, BatchNorm statistics included, since the encoder is read through a frozen copy.
A probe of the features must read "unchanged" here; one that does not is measuring the head.
"""

import torch
from torch import Tensor

from cu_core.methods._teacher import divergence, frozen, last_layer, logits_and_input, masked
from cu_core.spec import Job, Method, knob


class HeadDistillation(
    Method,
    label="Head distillation (control)",
    paper="arXiv:2405.17878",
    idea="Refits only the last layer to the model's own answers with the class taken out. Outputs "
    "look forgotten while the features are untouched, and an honest probe must say so.",
    loss=r"KL\big(\mathrm{softmax}(f_{\theta_o}|_{z_c=-\infty})\,\|\,p_\theta\big)_{D_f\cup D_r}",
    epoch_over="forget",
    kinds=("class",),
):
    epochs: int = knob(20, 1, 200, unit="epochs", main=True, help="Passes over the forget set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Of each set in a step")
    lr: float = knob(0.05, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        job.extra["original"] = frozen(job.model)
        last = last_layer(job.model, job.n_classes)
        job.optimizer = torch.optim.SGD(last.parameters(), self.lr, self.momentum)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x_f, x_r = job.forget.batch(t)[0], job.retain.batch(t)[0]
        original = job.extra["original"]
        with torch.no_grad():
            its_last = last_layer(original, job.n_classes)
            logits, seen = logits_and_input(original, its_last, torch.cat([x_f, x_r]))
        hidden = torch.full((len(logits),), job.forget_classes[0], device=logits.device)
        target = masked(logits, hidden, job.forget_classes).softmax(1)  # (F+R, C)
        loss = divergence(target, last_layer(job.model, job.n_classes)(seen))
        job.update(loss)
        return {"KL": loss}
