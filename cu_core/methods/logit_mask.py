"""Logit mask: the control that hides a class and forgets nothing.

Lowers the forgotten classes' logit in the last layer, a little each step, and leaves the encoder
alone. Accuracy on the class falls to 0 while every embedding stays where it was: a measure that
calls this forgetting is measuring the head. (The question is a reviewer's of arXiv:2401.10458.)
"""

import torch
from torch import Tensor

from cu_core.errors import BadRequest
from cu_core.methods._teacher import last_layer
from cu_core.spec import Job, Method, knob


class LogitMask(
    Method,
    label="Logit mask (control)",
    paper="control, after a review of arXiv:2401.10458",
    idea="Lowers one output until the class is never answered. The features are not touched, so "
    "every honest probe must still read them as before.",
    loss=r"b_c \leftarrow b_c - \delta",
    epoch_over="none",
    uses_forget=False,
    uses_retain=False,
    kinds=("class",),
):
    steps: int = knob(20, 1, 200, unit="steps", help="Steps in which the logit is lowered")
    depth: float = knob(
        50.0, 1.0, 1000.0, symbol=r"\delta", unit="logits", main=True, help="Lowered by, in all"
    )

    def steps_per_epoch(self, job: Job) -> int:
        return self.steps

    def start(self, job: Job) -> None:
        """Nothing to prepare: the edit is a plain subtraction from the last layer's bias.
        BadRequest for a layer that has none."""
        if last_layer(job.model, job.n_classes).bias is None:
            raise BadRequest(
                "The logit mask lowers the bias of the last layer, and this network's has none. "
                "Choose another method, or a network whose last layer has a bias."
            )

    @torch.no_grad()
    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        last = last_layer(job.model, job.n_classes)
        lowered = self.depth / self.steps
        last.bias[list(job.forget_classes)] -= lowered
        return {"lowered": torch.tensor(lowered * (t + 1))}
