"""NegGrad+ (Kurmanji et al., arXiv:2302.09880): beta CE(D_r) - (1 - beta) CE(D_f), one step.

Every retain batch is paired with the next forget batch, whose passes go round as often as needed
(`zip(retain, cycle(forget))` of the authors' `train_negrad`, where beta is called alpha); unlike
there, each round of the forget set is shuffled anew. The two go through the model separately, as
there, so BatchNorm's running statistics see both sets in equal parts. The second term has no
bound: in ten epochs, beta 0.95 can cost most of what was to be kept. The defaults are chosen by
`python -m bench defaults`.

Preset "coun" is the setting of CoUn (arXiv:2509.16391, E.2), which tunes beta in [0.95, 0.9999]
and lr in [0.01, 0.1] without printing the values: lr is the low end here, beta the lab's.
"""

from typing import Literal

from torch import Tensor
from torch.nn.functional import cross_entropy

from cu_core.methods._parts import (
    coun_temperature_knob,
    coun_weight_knob,
    retain_terms,
    schedule_knob,
    scheduled,
    set_lr,
    sgd,
)
from cu_core.spec import Job, Method, knob


class NegGradPlus(
    Method,
    label="NegGrad+",
    paper="arXiv:2302.09880",
    idea="Climbs the loss on forget samples and descends it on retained ones, in the same step. "
    "The balance decides: little weight on forgetting is usually enough.",
    loss=r"\beta\,\mathcal L_{CE}(D_r)-(1-\beta)\,\mathcal L_{CE}(D_f)"
    r"+\lambda_{CL}\,\mathcal L_{CL}(D_r)",
    epoch_over="retain",
    augments=True,
    toy_knobs={"coun_weight": 0.5},
    presets={
        "coun": {"epochs": 50, "batch_size": 256, "lr": 1e-2, "weight_decay": 5e-4}
        | {"schedule": "cosine"},
    },
):
    epochs: int = knob(10, 1, 200, unit="epochs", help="Passes over the retain set")
    batch_size: int = knob(64, 2, 1024, symbol="B", unit="images", help="Of each set in a step")
    lr: float = knob(1e-2, 1e-5, 1.0, log=True, symbol=r"\eta", main=True, help="SGD learning rate")
    beta: float = knob(
        0.99, 0.9, 1.0, symbol=r"\beta", main=True, help="Share of keeping; at 1 nothing is climbed"
    )
    momentum: float = knob(0.9, 0.0, 0.99, help="SGD momentum")
    weight_decay: float = knob(5e-4, 0.0, 1e-2, help="SGD weight decay")
    schedule: Literal["constant", "cosine"] = schedule_knob()
    coun_weight: float = coun_weight_knob()
    coun_temperature: float = coun_temperature_knob()

    def steps_per_epoch(self, job: Job) -> int:
        return job.retain.n_batches

    def start(self, job: Job) -> None:
        job.optimizer = sgd(job, self)

    def step(self, job: Job, t: int) -> dict[str, Tensor]:
        set_lr(job, scheduled(self.schedule, self.lr, t, self.total_steps(job)))
        terms = retain_terms(job, t, self.coun_weight, self.coun_temperature)
        x_f, y_f = job.forget.batch(t)
        climbed = cross_entropy(job.model(x_f)[0], y_f)
        loss = self.beta * terms["cross-entropy"] - (1 - self.beta) * climbed
        if self.coun_weight:
            loss = loss + self.coun_weight * terms["contrast"]
        job.update(loss)
        return {**terms, "forget cross-entropy": climbed}
