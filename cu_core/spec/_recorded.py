"""What every part of a record is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Recorded(BaseModel):
    """A part of a record: frozen, and patient with fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @property
    def written(self) -> dict[str, Any]:
        """The fields that were set, as plain values; what they hold is whole."""
        return {k: v for k, v in self.model_dump().items() if k in self.model_fields_set}
