r"""SCRUB and SCRUB+R (Kurmanji et al., NeurIPS 2023, arXiv:2302.09880).

$\min\,\alpha KL(p_{\theta_o}\|p_\theta)_{D_r}+\gamma\ell_{D_r}-KL(p_{\theta_o}\|p_\theta)_{D_f}$
in turns: an epoch that raises the forget KL (the first ``msteps`` times), an epoch that lowers
the retain terms. KL has the factor T^2 and is a mean over samples, as in the released code.

A network without BatchNorm or dropout equals its teacher at step 0, where the first max epoch has
no gradient; it starts to forget in the second. Not repeated: RUM's extra max epoch (<= for <).

``rewind="held-out"`` is SCRUB+R: a tenth of the retain batches stays out of every step (the rest
are those of the first pass, each epoch again), the model is kept after each epoch, and one last
step puts back the one whose forget error is nearest to a reference error. Which data that comes
from, and why the test set is not asked, is told in ``_rewind.py``; it costs a model an epoch.
Presets: the notebooks of meghdadk/SCRUB, without decay; a forget batch of 32 is a quarter of 128.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.errors import BadRequest
from cu_core.methods._rewind import keep, rewind
from cu_core.methods._teacher import divergence, frozen
from cu_core.spec import Job, Method, knob


class Scrub(
    Method,
    label="SCRUB",
    early=("rewind",),
    paper="arXiv:2302.09880",
    idea="Moves away from the original model on forget samples, then back to it on kept ones, in "
    "turns. After a few turns only the second goes on, to repair what the first broke.",
    loss=r"\alpha\,KL(p_{\theta_o}\|p_\theta)_{D_r}+\gamma\,\mathcal L_{CE}(D_r)"
    r"-KL(p_{\theta_o}\|p_\theta)_{D_f}",
    epoch_over="retain",
    presets={
        "large-scale": {"epochs": 3, "msteps": 2, "lr": 5e-4, "batch_size": 128, "forget_split": 4}
        | {"alpha": 0.001, "gamma": 0.99, "temperature": 4.0},
        "small-scale": {"epochs": 10, "msteps": 3, "lr": 5e-4, "optimizer": "adam"}
        | {"weight_decay": 0.1, "alpha": 0.5, "gamma": 1.0, "temperature": 2.0},
        "scrub-r": {"rewind": "held-out"},
    },
):
    epochs: int = knob(4, 1, 100, unit="epochs", help="Passes over the retain set")
    msteps: int = knob(2, 0, 100, unit="epochs", main=True, help="Of them preceded by a max epoch")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    forget_split: int = knob(1, 1, 16, unit="steps", help="Max steps made of one forget batch")
    optimizer: Literal["sgd", "adam"] = knob("sgd", help="SGD with momentum 0.9, or Adam")
    lr: float = knob(3e-3, 1e-6, 1.0, log=True, symbol=r"\eta", main=True, help="Learning rate")
    weight_decay: float = knob(5e-4, 0.0, 0.2, help="Weight decay")
    alpha: float = knob(0.5, 0.0, 3.0, symbol=r"\alpha", main=True, help="Stay like the original")
    gamma: float = knob(1.0, 0.0, 3.0, symbol=r"\gamma", help="Weight of the retain loss")
    temperature: float = knob(2.0, 0.5, 10.0, symbol="T", help="Softens answers that are compared")
    rewind: Literal["off", "held-out"] = knob(
        "off", help="SCRUB+R: go back to where the forget error fits samples not unlearned on"
    )

    def steps_per_epoch(self, job: Job) -> int:
        """Min steps of an epoch: with a rewind, a tenth of the retain batches is held out."""
        n = job.retain.n_batches
        return n if self.rewind == "off" else max(1, n - max(1, n // 10))

    def _max_steps(self, job: Job) -> tuple[int, int]:
        """(max epochs, steps of one); the parts of a forget batch have two samples or more."""
        smallest = job.forget.n // job.forget.n_batches
        split = max(1, min(self.forget_split, smallest // 2))
        return min(self.msteps, self.epochs), split * job.forget.n_batches

    def total_steps(self, job: Job) -> int:
        turns, n_max = self._max_steps(job)
        both = turns * n_max + self.epochs * self.steps_per_epoch(job)
        return both + (self.rewind != "off")

    def start(self, job: Job) -> None:
        if self.rewind != "off" and job.retain.n_batches < 2:
            raise BadRequest("SCRUB+R holds out a retain batch and there is one. Lower batch_size.")
        job.extra["original"] = frozen(job.model)
        params, decay = job.model.parameters(), self.weight_decay
        if self.optimizer == "adam":
            job.optimizer = torch.optim.Adam(params, self.lr, weight_decay=decay)
        else:
            job.optimizer = torch.optim.SGD(params, self.lr, 0.9, weight_decay=decay)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        (turns, n_max), n_min = self._max_steps(job), self.steps_per_epoch(job)
        if t == turns * n_max + self.epochs * n_min:
            return rewind(job, self.epochs, range(n_min, job.retain.n_batches))
        turn, k = divmod(t, n_max + n_min)
        if turn < turns and k < n_max:
            return self._away(job, turn * n_max + k, n_max // job.forget.n_batches)
        epoch, k = divmod(t - min(turn + 1, turns) * n_max, n_min)
        return self._back(job, epoch, k, last=k == n_min - 1)

    def _answers(self, job: Job, x: Tensor) -> Tensor:
        """What the original model says of x, softened."""
        with torch.no_grad():
            logits: Tensor = job.extra["original"](x)[0]  # (B, C)
        return (logits / self.temperature).softmax(1)

    def _away(self, job: Job, i: int, split: int) -> dict[str, Tensor]:
        """Max step i, over all max epochs."""
        x = job.forget.batch(i // split)[0].tensor_split(split)[i % split]
        kl = divergence(self._answers(job, x), job.model(x)[0], self.temperature)
        job.update(-(self.temperature**2) * kl)
        return {"forget KL": kl}

    def _back(self, job: Job, epoch: int, k: int, last: bool) -> dict[str, Tensor]:
        """Min step k of an epoch."""
        off = self.rewind == "off"
        x, y = job.retain.batch(epoch * job.retain.n_batches + k if off else k)
        logits = job.model(x)[0]
        kl = divergence(self._answers(job, x), logits, self.temperature)
        ce = cross_entropy(logits, y)
        job.update(self.alpha * self.temperature**2 * kl + self.gamma * ce)
        if last and not off:
            keep(job, epoch)
        return {"retain KL": kl, "retain cross-entropy": ce}
