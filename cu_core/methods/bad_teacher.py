r"""Bad Teacher (Chundawat et al., AAAI 2023, arXiv:2205.08096).

$KL(T\,\|\,p_\theta)$, where the teacher T is a network of random weights on the forget set and the
original model on a part of the retain set, drawn once.

The released loop shuffles both sets together. Here a step takes one batch of each and weighs the
two means by the sets' sizes, which is the same gradient on average with less noise in it.
Not repeated from the released code: a loss too small by the number of classes (F.kl_div's default,
which Adam mostly hides), and a student whose BatchNorm mode is whatever the last evaluation left.
Preset "ssd-runner": as Selective Synaptic Dampening's repository runs it.
The random teacher is the original's architecture with every layer drawn anew. Its answers are
nearly uniform, more so than those of a retrained model: that is a trace of its own.
"""

from typing import Any

import torch
from torch import Tensor

from cu_core.methods._teacher import divergence, frozen
from cu_core.methods.retrain import fresh_weights
from cu_core.seeding import derive
from cu_core.spec import Job, Method, knob


def incompetent(model: Any, seed: int) -> Any:
    """The same architecture with random weights of its own: not those the original began with."""
    teacher = frozen(model)
    teacher.load_state_dict(fresh_weights(model, derive(seed, "bad teacher")))
    return teacher


class BadTeacher(
    Method,
    label="Bad Teacher",
    paper="arXiv:2205.08096",
    idea="Learns from two teachers: on forget samples from an untrained network, on kept ones from "
    "the original model. What the first knows nothing about is unlearned.",
    loss=r"KL(p_{rand}\|p_\theta)_{D_f}+KL(p_{\theta_o}\|p_\theta)_{D_r'}",
    epoch_over="retain",
    presets={"ssd-runner": {"epochs": 1, "batch_size": 256, "lr": 1e-4}},
):
    epochs: int = knob(5, 1, 200, unit="epochs", help="Passes over the part of the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Of each set in a step")
    lr: float = knob(2e-3, 1e-6, 1e-1, log=True, symbol=r"\eta", main=True, help="Adam rate")
    retain_share: float = knob(0.3, 0.01, 1.0, main=True, help="Part of the retain set used")
    temperature: float = knob(1.0, 0.1, 10.0, symbol="T", help="Softens all three models' answers")

    def steps_per_epoch(self, job: Job) -> int:
        return max(job.forget.n_batches, self._used(job))

    def _used(self, job: Job) -> int:
        """Retain batches that are used: the first ones of the first pass."""
        return max(1, round(self.retain_share * job.retain.n_batches))

    def start(self, job: Job) -> None:
        job.extra["original"] = frozen(job.model)
        job.extra["incompetent"] = incompetent(job.model, job.seed)
        job.optimizer = torch.optim.Adam(job.model.parameters(), self.lr)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        used = self._used(job)
        x_f, _ = job.forget.batch(t)
        x_r, _ = job.retain.batch(t % used)
        with torch.no_grad():
            bad = (job.extra["incompetent"](x_f)[0] / self.temperature).softmax(1)
            good = (job.extra["original"](x_r)[0] / self.temperature).softmax(1)
        logits = job.model(torch.cat([x_f, x_r]))[0]  # (F+R, C)
        forget = divergence(bad, logits[: len(x_f)], self.temperature)
        retain = divergence(good, logits[len(x_f) :], self.temperature)
        n_retain = job.retain.n * used / job.retain.n_batches
        share = job.forget.n / (job.forget.n + n_retain)
        job.update(share * forget + (1 - share) * retain)
        return {"forget KL": forget, "retain KL": retain}
