r"""UNSIR (Tarun et al., TNNLS 2023, arXiv:2111.08947): error-maximising noise, impair, repair.

$\min_N -\ell(f_{\theta_o}(N), c)+\lambda\,\overline{\|N\|^2}$; then Adam on the noise labelled c
mixed into retain samples (impair); then Adam on the same retain samples alone (repair).
It never sees a forget sample.

The phases follow one another in steps: ``noise_steps`` that leave the model alone, then passes
over a part of the retain set, drawn once. Each of the three has its own Adam.
Not repeated from the released notebook: the label 0 for the noise of every class, and its loop over
``batch[0].size(0)``, which takes 3 rows (the channels of one image) of each batch of noise where it
means all. A mixed batch here has the same number of noise rows each time; there both were shuffled
together.

Presets: the notebook of Fast-Machine-Unlearning, and the port that Selective Synaptic Dampening's
repository runs, which takes 500 retain samples a class, a tenth of CIFAR-10's.
The notebook's rates (.02, .01; one repair pass) cost small networks their accuracy: the defaults
are lower, and repair for longer.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cu_core.methods._teacher import frozen
from cu_core.spec import Job, Method, knob


class Unsir(
    Method,
    label="UNSIR",
    early=("batch_size",),
    paper="arXiv:2111.08947",
    idea="Learns noise that the model is surest is not the class, then trains on it as the class. "
    "That impairs it; a pass over kept data repairs the rest.",
    loss=r"-\mathcal L_{CE}(N,c)+\lambda\|N\|^2,\ \ \mathcal L_{CE}(N\cup D_r'),\ \ "
    r"\mathcal L_{CE}(D_r')",
    epoch_over="retain",
    uses_forget=False,
    kinds=("class",),
    presets={
        "notebook": {"batch_size": 256, "impair_lr": 0.02, "repair_lr": 0.01, "retain_share": 0.2}
        | {"repair_epochs": 1},
        "ssd-runner": {"noise_steps": 25, "noise_updates": 1, "batch_size": 32}
        | {"impair_lr": 1e-4, "repair_lr": 1e-4, "retain_share": 0.1, "repair_epochs": 1},
    },
):
    noise_steps: int = knob(5, 1, 100, unit="steps", help="Steps in which the noise is learned")
    noise_updates: int = knob(8, 1, 50, unit="updates", help="Of the noise, in each of them")
    noise_lr: float = knob(0.1, 1e-3, 1.0, log=True, help="Adam rate of the noise")
    noise_penalty: float = knob(0.1, 0.0, 1.0, symbol=r"\lambda", help="Weight of its size")
    noise_ratio: float = knob(
        0.57, 1e-3, 2.0, main=True, help="Noise per retain image in the impair phase"
    )
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Retain images in a step")
    retain_share: float = knob(0.3, 0.01, 1.0, help="Part of the retain set that is used")
    repair_epochs: int = knob(3, 1, 50, unit="epochs", help="Passes over it that repair")
    impair_lr: float = knob(
        1e-2, 1e-6, 0.1, log=True, symbol=r"\eta_i", main=True, help="Adam rate of the impair pass"
    )
    repair_lr: float = knob(
        1e-3, 1e-6, 0.1, log=True, symbol=r"\eta_r", main=True, help="Adam rate of the repair"
    )

    def steps_per_epoch(self, job: Job) -> int:
        return max(1, round(self.retain_share * job.retain.n_batches))

    def total_steps(self, job: Job) -> int:
        return self.noise_steps + (1 + self.repair_epochs) * self.steps_per_epoch(job)

    def start(self, job: Job) -> None:
        x, _ = job.retain.batch(0)
        shape = (len(job.forget_classes) * self.batch_size, *x.shape[1:])
        noise = nn.ParameterList([torch.randn(shape).to(x.device)])
        adam = torch.optim.Adam
        job.extra["original"] = frozen(job.model)
        job.extra["noise"] = noise
        job.extra["noise optimizer"] = adam(noise.parameters(), self.noise_lr)
        job.extra["impair optimizer"] = adam(job.model.parameters(), self.impair_lr)
        job.optimizer = adam(job.model.parameters(), self.repair_lr)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        epoch, k = divmod(t - self.noise_steps, self.steps_per_epoch(job))
        if t < self.noise_steps:
            return self._learn_noise(job)
        return self._impair(job, k) if epoch == 0 else self._repair(job, k)

    def _labels(self, job: Job) -> Tensor:
        """The class of each row of the noise."""
        classes = torch.tensor(job.forget_classes, device=job.extra["noise"][0].device)
        return classes.repeat_interleave(self.batch_size)

    def _learn_noise(self, job: Job) -> dict[str, Tensor]:
        noise, optimizer = job.extra["noise"][0], job.extra["noise optimizer"]
        for _ in range(self.noise_updates):
            ce = cross_entropy(job.extra["original"](noise)[0], self._labels(job))
            size = noise.square().flatten(1).sum(1).mean()
            optimizer.zero_grad(set_to_none=True)
            (self.noise_penalty * size - ce).backward()
            optimizer.step()
        return {"noise cross-entropy": ce, "noise size": size}

    def _impair(self, job: Job, k: int) -> dict[str, Tensor]:
        x, y = job.retain.batch(k)
        noise, label = job.extra["noise"][0].detach(), self._labels(job)
        n = max(1, round(self.noise_ratio * len(x)))
        rows = torch.randint(len(noise), (n,)).to(x.device)
        logits = job.model(torch.cat([x, noise[rows]]))[0]
        ce = cross_entropy(logits, torch.cat([y, label[rows]]))
        job.extra["impair optimizer"].zero_grad(set_to_none=True)
        ce.backward()
        job.extra["impair optimizer"].step()
        return {"impair cross-entropy": ce}

    def _repair(self, job: Job, k: int) -> dict[str, Tensor]:
        x, y = job.retain.batch(k)
        ce = cross_entropy(job.model(x)[0], y)
        job.update(ce)
        return {"repair cross-entropy": ce}
