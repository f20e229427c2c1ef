"""Retrain: forget by starting over, from random weights, on the retain set alone.

The reference that every other method is measured against, here as a run to watch. It is one draw
of many: the seed decides weights and order, so its gap to the retrained reference is the noise
that no method can be blamed for.

The recipe of the originals of this lab: SGD with Nesterov momentum and a one-cycle rate whose peak
is ``lr``; their batch size, rate and epochs depend on the data (digits: 64, 0.1, 20 epochs).
Preset "coun" is that of CoUn's originals (arXiv:2509.16391, E.2): plain momentum, and a rate that
falls tenfold at half and at three quarters.

Weights are drawn layer by layer, as each layer draws its own, from the run's seed, on the CPU. The
MLP and the small CNN so start as a fresh build of that seed does, bit for bit; the ResNets, which
draw their kernels by another rule, start at another scale, which the BatchNorm after each undoes.
"""

import copy
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.methods._parts import set_lr, sgd
from cu_core.spec import Job, Method, knob


def fresh_weights(model: torch.nn.Module, seed: int) -> dict[str, Any]:
    """A state of random weights for ``model``, a function of its layers and the seed alone.

    Torch's global random stream is left as it was.
    """
    blank = copy.deepcopy(model).cpu()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for layer in blank.modules():
            if callable(reset := getattr(layer, "reset_parameters", None)):
                reset()
    return blank.state_dict()


class Retrain(
    Method,
    label="Retrain",
    paper="arXiv:2509.16391, Sec. 4.1",
    idea="Throws the model away and trains a new one without the forget set. Nothing is left to "
    "forget, at the price of a whole training.",
    loss=r"\min_\theta\,\mathcal L_{CE}(D_r),\;\theta_0\ \text{random}",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    presets={
        "coun": {"epochs": 182, "batch_size": 256, "lr": 0.1, "weight_decay": 5e-4}
        | {"schedule": "steps"},
    },
):
    epochs: int = knob(20, 1, 500, unit="epochs", main=True, help="Passes over the retain set")
    batch_size: int = knob(64, 2, 4096, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(0.1, 1e-4, 10.0, log=True, symbol=r"\eta", main=True, help="Highest rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum, Nesterov's in a one-cycle")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["one-cycle", "steps"] = knob(
        "one-cycle", help="A rise and a fall, or a tenth at half and again at three quarters"
    )
    warmup: float = knob(0.3, 0.0, 0.9, help="Share of the one-cycle before its peak")

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self, nesterov=self.schedule == "one-cycle")

    def rate(self, t: int, total: int) -> float:
        """Learning rate of update t of ``total``."""
        if self.schedule == "steps":
            return self.lr * 0.1 ** ((t >= total / 2) + (t >= total * 3 / 4))
        peak = self.warmup * total
        return self.lr * min((t + 1) / (peak + 1), (total - t) / (total - peak))

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        if t == 0:  # not in start: the run's first picture is the original model's
            job.model.load_state_dict(fresh_weights(job.model, job.seed))
        set_lr(job, self.rate(t, self.total_steps(job)))
        x, y = job.retain.batch(t)
        ce = cross_entropy(job.model(x)[0], y)
        job.update(ce)
        return {"cross-entropy": ce}
