"""Fisher forgetting (Golatkar, Achille, Soatto, arXiv:1911.04933): noise where it does not hurt.

theta <- theta_o + N(0, alpha F^-1): F is the diagonal Fisher information of the retain set,
E_x E_{y ~ p(y|x)} (d log p(y|x) / d theta)^2, over the labels the model itself would give. Weights
the retain set does not need take much noise and what they stored is lost.

From the authors' code: 1 / F is bounded (1e3, last layer 1e2), averaged over a weight's input
axis, and ten times larger for the last layer and for vectors (BatchNorm, biases); in a class task
the outputs of the forgotten classes are set to 0 with a variance of 1e-3 of their own.
Not taken over: "has as many rows as there are classes" as the test for a last layer, which a
convolution with 10 channels also passes; and, but for a preset, the port of SalUn, which squares
the gradient of 32 samples at once (``group``) and so sees much less information than there is.
A gradient per sample and class is slow: ``samples`` bounds how many of the retain set are read.
The default alpha is a tenth of theirs: on digits (small-cnn, seed 0, without class 5) 1e-6 keeps
90.1 % of the retain set, 1e-7 all of it.
"""

import torch
from torch import Tensor, nn

from cu_core.methods._edit import (
    SCAN,
    begin_edit,
    end_scan,
    evaluating,
    flat,
    gradient,
    part,
    rows,
    unflat,
    walk,
    weights,
)
from cu_core.spec import Job, Method, knob

TINY, LARGEST, LARGEST_LAST = 1e-8, 1e3, 1e2  # of 1 / F
LOUDER = 10.0  # last layer and vectors
RESET_VARIANCE = 1e-4  # of a forgotten class's outputs, before LOUDER


def fisher_of(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Sum over the classes of p(y) (mean over x of d log p(y|x))^2, (P,); the entropy, 0-d."""
    log_p = model(x)[0].log_softmax(1)  # (G, C)
    p = log_p.detach().exp()
    total = torch.zeros_like(flat(weights(model)))
    n_classes = p.shape[1]
    for c in range(n_classes):
        g = gradient(log_p[:, c].mean(), model, keep_graph=c + 1 < n_classes)
        total += p[:, c].mean() * g.square()
    return total, -(p * log_p.detach()).sum(1).mean()


def last_layer(model: nn.Module, n_classes: int) -> list[nn.Parameter]:
    """Weight and bias of the layer that gives the logits."""
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return list([m for m in linear if m.out_features == n_classes][-1].parameters())


class FisherForgetting(
    Method,
    label="Fisher forgetting",
    early=("alpha", "samples", "group"),
    paper="arXiv:1911.04933",
    idea="Adds noise to the weights, little where the retained data need them and much elsewhere. "
    "It needs no forgotten sample, only to know what must be kept.",
    loss=r"\theta\leftarrow\theta_o+\mathcal N\big(0,\ \alpha F_r^{-1}\big)",
    epoch_over="none",
    uses_forget=False,
    presets={
        "official-code": {"alpha": 1e-6, "samples": 1_000_000, "group": 1},
        "salun-code": {"alpha": 1e-6, "samples": 1_000_000, "group": 32},
    },
):
    alpha: float = knob(
        1e-7, 1e-9, 1e-2, log=True, symbol=r"\alpha", main=True, help="Strength of the noise"
    )
    samples: int = knob(
        128, 2, 1_000_000, unit="samples", main=True, help="Of the retain set, for its Fisher"
    )
    group: int = knob(1, 1, 256, unit="samples", help="In one squared gradient; 1 is exact")
    steps: int = knob(15, 1, 200, unit="steps", help="Equal parts in which the edit is shown")

    def steps_per_epoch(self, job: Job) -> int:
        return SCAN + self.steps

    def start(self, job: Job) -> None:
        begin_edit(job, "fisher")

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        if t >= SCAN:
            return {"distance": walk(job, t - SCAN + 1, self.steps)}
        n = min(self.samples, job.retain.n)
        groups = -(-n // self.group)
        entropies = []
        with evaluating(job.model):
            for i in part(groups, t):
                x, _ = rows(job.retain, i * n // groups, (i + 1) * n // groups)
                some, entropy = fisher_of(job.model, x)
                job.extra["fisher"] += some / groups
                entropies.append(entropy)
        if t == SCAN - 1:
            end_scan(job, self._noisy(job))
        return {"entropy": torch.stack(entropies).mean()} if entropies else {}

    def _noisy(self, job: Job) -> Tensor:
        """The weights with noise, (P,)."""
        params, last = weights(job.model), last_layer(job.model, job.n_classes)
        forgotten = list(job.forget_classes)
        goal = []
        for p, f in zip(params, unflat(job.extra["fisher"], params), strict=True):
            is_last = any(p is other for other in last)
            var = self.alpha * (1 / (f + TINY)).clamp(max=LARGEST_LAST if is_last else LARGEST)
            var = var.mean(1, keepdim=True).expand_as(p).clone() if p.ndim > 1 else var
            mean = p.detach().clone()
            if is_last and forgotten:
                mean[forgotten], var[forgotten] = 0.0, RESET_VARIANCE
            var = var * LOUDER if is_last or p.ndim == 1 else var
            goal.append(mean + var.sqrt() * torch.randn(p.shape).to(p.device))
        return flat(goal)
