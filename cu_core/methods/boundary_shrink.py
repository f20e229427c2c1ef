r"""Boundary Shrink (Chen et al., CVPR 2023, arXiv:2303.11570).

$x'=x+\epsilon\,\mathrm{sign}\nabla_x\ell(x,y;\theta_o)$, then $\ell(D_f, y_{nbi})$ with
$y_{nbi}=\arg\max f_{\theta_o}(x')$: a forget sample is stepped over the nearest boundary of the
original model and trained as what lies behind it. No retain data.

Where one step does not cross a boundary the argmax is the true label, and the formula, like the
released code, then rehearses what it should forget: ``failed="own"``. By default such a sample
takes the likeliest other class at $x'$ that is not forgotten.

Inputs here are normalised, so the bound is in standard deviations of a channel: the paper's 0.1
of the range 0 to 1 is about 0.4 of them on CIFAR-10, as in the copy in shaaaaron/DELETE (preset
"delete-code"). The authors' own attack (TY-LEE-KR/Boundary-Unlearning-Code, "official-code") mixes
two normalisations: run, it moves the channels by 1.00, 1.03 and .95 of their deviations. The code
also clips x' to valid pixels and rounds it; this does not. Its rate of 1e-5 is for thousands of
steps, and both codes crop and mirror the forget images, which ``augment`` does.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.methods._parts import augment_knob
from cu_core.methods._teacher import frozen, masked
from cu_core.spec import Job, Method, knob


def stepped_over(model: Any, x: Tensor, y: Tensor, bound: float) -> Tensor:
    """x' (B, ...): one step of ``bound`` in every input, up the loss of label y (FGSM).

    The loss is softplus of (log-sum-exp of the others - own logit). That difference has a
    gradient of the same sign, and does not underflow to 0 where the model is sure.
    """
    x = x.detach().clone().requires_grad_()
    logits = model(x)[0]  # (B, C)
    margin = masked(logits, y).logsumexp(1) - logits.gather(1, y[:, None])[:, 0]  # (B,)
    (slope,) = torch.autograd.grad(margin.sum(), x)
    return (x + bound * slope.sign()).detach()


class BoundaryShrink(
    Method,
    label="Boundary Shrink",
    paper="arXiv:2303.11570",
    idea="Trains each forget sample as the class just across its nearest decision boundary. The "
    "room of the forgotten class shrinks, and its neighbours move in.",
    loss=r"\mathcal L_{CE}(D_f, y_{nbi}),\ y_{nbi}=\arg\max f_{\theta_o}(x')",
    epoch_over="forget",
    uses_retain=False,
    presets={
        "official-code": {"lr": 1e-5, "bound": 1.0, "failed": "own", "augment": True},
        "delete-code": {"epochs": 20, "lr": 1e-4, "bound": 0.4, "failed": "own", "augment": True},
    },
):
    epochs: int = knob(10, 1, 200, unit="epochs", help="Passes over the forget set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Images in a step")
    lr: float = knob(1e-3, 1e-6, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    bound: float = knob(
        0.5, 0.01, 5.0, symbol=r"\epsilon", unit="std", main=True, help="Step of every input"
    )
    failed: Literal["next", "own"] = knob(
        "next", help="No boundary crossed: train as the next class, or as the own label (code)"
    )
    augment: bool = augment_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.forget.n_batches

    def start(self, job: Job) -> None:
        job.extra["original"] = frozen(job.model)
        job.optimizer = torch.optim.SGD(job.model.parameters(), self.lr, self.momentum)

    def neighbours(self, job: Job, x: Tensor, y: Tensor) -> Tensor:
        """The class (B,) that each sample is trained as."""
        original = job.extra["original"]
        across = stepped_over(original, x, y, self.bound)
        with torch.no_grad():
            logits: Tensor = original(across)[0]  # (B, C)
        if self.failed == "next":
            logits = masked(logits, y, job.forget_classes)
        return logits.argmax(1)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        x, y = job.forget.batch(t)
        ce = cross_entropy(job.model(x)[0], self.neighbours(job, x, y))
        job.update(ce)
        return {"neighbour cross-entropy": ce}
