"""A moment of a run, as words: which step, and what is on the screen.

One notation for addresses (``?step=31&view=map``), the fragment of an exported page, the stops of a
story (`step=31 view=map pin=14`) and the command line. ``js/moment.js`` reads and writes the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cu_core.errors import BadRequest, explain

LISTS = ("only", "pin", "hide")  # several, with commas between them
PARTS: Mapping[str, str] = {  # of a page, that a moment may hide
    "knobs": "the sidebar",
    "list": "the other runs",
    "curves": "the curves",
    "verdict": "what is said of the run's end",
    "legend": "the legend",
    "table": "the figures under the picture",
}


class Moment(BaseModel):
    """What is not said stays as it is.

    ``step``: updates done; the nearest picture of the run is shown. ``view``: a view of the Stage,
    or "both". ``colour``: "true", "pred" or "moved". ``ghost``: the retrained model's outlines.
    ``only``: classes by their number, all others faint. ``pin``: samples by their index, as the run
    calls them. ``highlight``: a key of the Stage's highlights. ``hide``: parts of the page that are
    not shown. ``morph``: forget samples stand where the retrained model has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int | None = Field(default=None, ge=0)
    view: str | None = None
    colour: str | None = None
    ghost: bool | None = None
    only: tuple[int, ...] = ()
    pin: tuple[int, ...] = ()
    highlight: str | None = None
    hide: tuple[str, ...] = ()
    morph: bool | None = None

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _parts(cls, value: Any) -> Any:
        return [part for part in value.split(",") if part] if isinstance(value, str) else value

    @field_validator("hide")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in PARTS:
                raise ValueError(f"no part is called {name!r}; there are {', '.join(PARTS)}.")
        return value

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """From keys and values as an address has them; others than a moment's are left out.
        BadRequest names the key and the value that mean nothing."""
        given = {name: value for name, value in said.items() if name in cls.model_fields}
        try:
            return cls.model_validate(given)
        except ValidationError as fault:
            raise BadRequest(explain(fault, cls, "Moment", "part")) from None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> tuple[Self, list[str]]:
        """As much of it as means something, and a sentence for each part that means nothing."""
        found: dict[str, Any] = {}
        refusals = []
        for name in (name for name in cls.model_fields if name in said):
            several = name in LISTS
            for part in str(said[name]).split(",") if several else [said[name]]:
                try:
                    value = getattr(cls.of({name: part}), name)
                except BadRequest as refusal:
                    refusals.append(str(refusal))
                else:
                    found[name] = (*found.get(name, ()), *value) if several else value
        return cls(**found), refusals

    @classmethod
    def parse(cls, words: str) -> Self:
        """From `step=31 view=map`. BadRequest for a word that is none of a moment's."""
        pairs = [word.partition("=") for word in words.split()]
        wrong = [key for key, _, value in pairs if key not in cls.model_fields or not value]
        if wrong:
            known = ", ".join(f"{name}=…" for name in cls.model_fields)
            raise BadRequest(f"{wrong[0]!r} is no part of a moment; there are {known}.")
        return cls.of({key: value for key, _, value in pairs})

    @classmethod
    def parse_query(cls, query: str) -> Self:
        return cls.of(dict(parse_qsl(query.lstrip("?#"))))

    @property
    def said(self) -> dict[str, str]:
        """What is not left open, as text, in the order of the fields."""
        found: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None or value == ():
                continue
            if isinstance(value, tuple):
                value = ",".join(map(str, value))
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
        return found

    @property
    def words(self) -> str:
        return " ".join(f"{name}={text}" for name, text in self.said.items())

    @property
    def query(self) -> str:
        return urlencode(self.said, safe=",")

    @property
    def opens(self) -> dict[str, Any]:
        """For the header of the Stage's bytes (see ``stage.wire``)."""
        return self.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
