"""A story as its file has it: a header, and stops under headings.

    ---
    title: The wrong labels go home
    words: Mislabelled digits find their own class again.
    runs: [wrong-labels-home]
    ---

    ## Every mark is an image

    `step=0 view=map colour=true`

    What is said below the picture, in Markdown.

    ? where class=8: Where will the eights go?

    > What only the presenter reads.

``runs``: one or two, by the name of a recorded run or the id of one's own. The heading of a stop
is its line of ten words, the code under it its moment (see ``stage.moment``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cu_core.errors import BadRequest, explain
from cu_core.stage.moment import Moment

Checked = TypeVar("Checked", bound=BaseModel)
MOST_WORDS = 10
FENCE, HEADING = "---", "## "
BOM = "\ufeff"  # some editors begin a file with it
UNREADABLE = (  # what PyYAML raises of a header: beside its own, what Python says of a value
    yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError,
)  # fmt: skip
MOMENT = re.compile(r"`([^`]*)`")
ASKED = re.compile(r"\? (?P<kind>[a-z-]+)(?P<options>(?: [a-z_-]+=[^\s:]+)*): (?P<prompt>.+)")


def _few(text: str) -> str:
    if len(text.split()) > MOST_WORDS:
        raise ValueError(f"at most {MOST_WORDS} words, got {len(text.split())}: {text}")
    return text


class Question(BaseModel):
    """``kind``: a file of ``questions/``; ``options``: what that kind knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    prompt: str = Field(min_length=1)
    options: dict[str, str] = Field(default_factory=dict)

    @property
    def written(self) -> str:
        said = "".join(f" {name}={value}" for name, value in self.options.items())
        return f"? {self.kind}{said}: {self.prompt}"


class Stop(BaseModel):
    """``line``: at most ten words; ``text``: Markdown; ``notes``: for the presenter alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: str = Field(min_length=1)
    moment: Moment = Moment()
    text: str = ""
    question: Question | None = None
    notes: str = ""

    @field_validator("line")
    @classmethod
    def _ten(cls, text: str) -> str:
        return _few(text)

    @property
    def written(self) -> str:
        quoted = "\n".join(f"> {line}".rstrip() for line in self.notes.splitlines())
        asked = self.question.written if self.question else ""
        parts = [f"{HEADING}{self.line}", f"`{self.moment.words}`", self.text, asked, quoted]
        return "\n\n".join(part for part in parts if part and part != "``")


class Story(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    words: str = Field(min_length=1)
    runs: tuple[str, ...] = Field(min_length=1, max_length=2)
    order: int = Field(default=99, ge=0)
    stops: tuple[Stop, ...] = ()

    @field_validator("words")
    @classmethod
    def _ten(cls, text: str) -> str:
        return _few(text)

    @property
    def written(self) -> str:
        """The file: ``parse`` gives the same story again."""
        head = self.model_dump(exclude={"stops"}, mode="json")
        said = yaml.safe_dump(head, sort_keys=False, allow_unicode=True).strip()
        return "\n\n".join([f"{FENCE}\n{said}\n{FENCE}", *(s.written for s in self.stops)]) + "\n"


def parse(text: str, name: str = "This story") -> Story:
    """BadRequest says what of the file ``name`` is wrong, and in which stop."""
    lines = text.lstrip(BOM).replace("\r\n", "\n").split("\n")
    if lines[0].strip() != FENCE or FENCE not in (later := [line.strip() for line in lines[1:]]):
        raise BadRequest(f"{name} does not begin with a header between two lines of {FENCE}.")
    end = later.index(FENCE) + 1
    try:
        head = yaml.safe_load("\n".join(lines[1:end])) or {}
    except UNREADABLE as fault:
        raise BadRequest(f"The header of {name} cannot be read: {fault}.") from None
    if not isinstance(head, dict):
        raise BadRequest(f"The header of {name} is no list of `key: value`, got {head!r}.")
    stops = [_stop(title, body, name) for title, body in _parts(lines[end + 1 :], name)]
    return _checked(Story, {**head, "stops": stops}, name)


def _parts(lines: list[str], name: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, what stands under it) of each stop."""
    at = [i for i, line in enumerate(lines) if line.startswith(HEADING)]
    before = "\n".join(lines[: at[0] if at else None]).strip()
    if before:
        raise BadRequest(f"{name} has words before its first stop, which begins with {HEADING!r}.")
    for i, j in zip(at, [*at, len(lines)][1:], strict=True):
        yield lines[i].removeprefix(HEADING).strip(), lines[i + 1 : j]


def _stop(line: str, body: list[str], name: str) -> Stop:
    where = f"The stop {line!r} of {name}"
    given: dict[str, Any] = {"line": line}
    notes = [row[1:].removeprefix(" ") for row in body if row.startswith(">")]
    rest = [row for row in body if not row.startswith(">")]
    first = next((i for i, row in enumerate(rest) if row.strip()), None)
    if first is not None and (found := MOMENT.fullmatch(rest[first].strip())):
        del rest[first]
        given["moment"] = _moment(found[1], where)
    asked = [row for row in rest if row.startswith("? ")]
    if len(asked) > 1:
        raise BadRequest(f"{where} asks {len(asked)} questions; a stop asks one.")
    if asked:
        given["question"] = _question(asked[0], where)
    text = "\n".join(row for row in rest if row not in asked).strip()
    return _checked(Stop, given | {"text": text, "notes": "\n".join(notes).strip()}, where)


def _moment(words: str, where: str) -> Moment:
    try:
        return Moment.parse(words)
    except BadRequest as fault:
        raise BadRequest(f"{where}: {fault}") from None


def _question(row: str, where: str) -> Question:
    found = ASKED.fullmatch(row.strip())
    if found is None:
        raise BadRequest(f"{where}: a question reads `? kind option=value: What is asked?`: {row}")
    options = dict(word.split("=", 1) for word in found["options"].split())
    return Question(kind=found["kind"], prompt=found["prompt"], options=options)


def _checked(kind: type[Checked], given: dict[str, Any], owner: str) -> Checked:
    try:
        return kind.model_validate(given)
    except ValidationError as fault:
        raise BadRequest(explain(fault, kind, owner, "entry")) from None
