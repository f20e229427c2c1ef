"""How a model is computed: what a run must keep to when it is resumed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["float32", "bfloat16"]


class ComputePlan(BaseModel):
    """Arithmetic of the body's layers (weights, losses and updates are float32 in any case), memory
    order of images, and torch's threads on the processor (0: as many as it takes by itself).

    Each of the three changes the last bits of a result, so a plan is part of a run's record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: Precision = "float32"
    layout: Literal["channels-last", "contiguous"] = "channels-last"
    threads: int = Field(default=0, ge=0)
