"""What a page may ask of an idle worker, and what it is told: a payload and an answer a question.

``kind`` names the question on its way through the store; the worker finds who answers it by the
payload's class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import Field, ValidationError

from cu_core.errors import BadRequest, explain
from cu_core.spec._contract import ModelContract
from cu_core.spec._progress import Wait
from cu_core.spec._record import UnlearnRequest
from cu_core.spec._recorded import Recorded

A = TypeVar("A", bound=Recorded)
KINDS: dict[str, type[Question[Any]]] = {}  # every question that is declared, by its kind


class Question(Recorded, Generic[A]):
    """A payload. ``Answer``: the class of what is told. ``apart``: answered by a process of its
    own, because that takes so long that a worker which waits for runs would keep one waiting.
    ``of_record``: answered from what a run has on record, so whoever may only look may ask it."""

    kind: ClassVar[str]
    Answer: ClassVar[type[Recorded]]
    apart: ClassVar[bool] = False
    of_record: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "kind" in vars(cls):
            KINDS[cls.kind] = cls

    def parse_answer(self, answer: Mapping[str, Any]) -> A:
        """The answer as its class, from how it travels."""
        return cast(A, self.Answer.model_validate(answer))


class ClassFacts(Recorded):
    """A class of a data set, with how many samples of it each part has; ``samples``: a few of its
    training images, data addresses, none where the data are no images."""

    id: int
    name: str
    train: int
    test: int
    samples: tuple[str, ...] = ()


class SampleFacts(Recorded):
    """A sample by the names that its owner has for it. ``part``: "training" or "test"; ``label``:
    the name of its class; ``image``: a data address; "" for what there is not."""

    row: int
    part: str
    label: str
    file: str = ""
    key: str = ""
    text: str = ""
    image: str = ""


class DatasetFacts(Recorded):
    """What a data set holds. ``read``: what was read from where; ``notes``: what reading changed;
    ``rows``: the first samples, in their owner's order."""

    key: str = ""
    hash: str = ""
    n_train: int = 0
    n_test: int = 0
    shape: tuple[int, ...] = ()
    is_image: bool = True
    classes: tuple[ClassFacts, ...] = ()
    read: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[SampleFacts, ...] = ()


class DescribeDataset(Question[DatasetFacts]):
    """What does this data set hold? ``size``: pixels a side that images are read at, None: as a
    source reads them; ``rows``: so many of its first samples are shown."""

    kind = "dataset"
    Answer = DatasetFacts
    key: str
    plant: str = ""
    size: int | None = Field(default=None, ge=8, le=1024)
    rows: int = Field(default=0, ge=0, le=1000)


class ForgottenClass(Recorded):
    """Of the ``of`` training samples of a class, so many are ``forgotten``."""

    name: str
    forgotten: int
    of: int


class ForgottenFacts(Recorded):
    """Which samples a rule names. ``hash``: the forget set's; ``of``: what their rows are counted
    in; ``classes``: those that lose some; ``rows``: the first samples; ``notes``: what was named
    and could not be taken."""

    rule: str
    kind: str
    n_forget: int
    n_retain: int
    hash: str = ""
    of: str = ""
    classes: tuple[ForgottenClass, ...] = ()
    rows: tuple[SampleFacts, ...] = ()
    notes: tuple[str, ...] = ()


class DescribeForget(Question[ForgottenFacts]):
    """Which samples of this data set does this rule name?"""

    kind = "forget"
    Answer = ForgottenFacts
    key: str
    forget: str
    plant: str = ""
    size: int | None = Field(default=None, ge=8, le=1024)
    seed: int = 0
    rows: int = Field(default=24, ge=0, le=1000)


class Estimate(Recorded):
    """What a request would do and cost here; seconds from updates that were really made.

    ``waits``: what each part of the run will take (what is cached
    takes none), ``first_picture``: until the map is there, None where it cannot be told;
    ``shape``: of a sample as it is read; ``memory_bytes``: weights and a batch, at most.
    """

    n_forget: int
    n_retain: int
    steps: int
    every: int
    snapshots: int
    seconds_per_step: float
    disk_bytes: int
    device: str
    shape: tuple[int, ...] = ()
    memory_bytes: int = 0
    original: str
    retrained: str
    waits: dict[str, Wait] = Field(default_factory=dict)
    first_picture: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> float | None:
        """Seconds until everything is trained and measured; None where it cannot be told."""
        left = [wait.left for wait in self.waits.values()]
        known = [seconds for seconds in left if seconds is not None]
        return sum(known) if known and len(known) == len(left) else None

    @property
    def guess(self) -> bool:
        """Whether any of the wait was never measured here."""
        return any(wait.guess for wait in self.waits.values())


class Preflight(Question[Estimate]):
    """What would this request do and cost?"""

    kind = "preflight"
    Answer = Estimate
    request: UnlearnRequest


class Fit(Recorded):
    """One way to ask a model, and the ``accuracy`` (percent) that it has so on ``n`` samples of the
    training part. ``order``: whose order of the classes its outputs are taken in; ``network``: the
    one that its weights are put into; ``channels``: the order in which it sees colours."""

    normalisation: str
    title: str
    order: str
    network: str
    channels: str = ""
    accuracy: float
    n: int = 0


class ImportedModel(Recorded):
    """The model that a weights file became; ``notes`` says what was adapted.

    ``accuracy``: percent on the test part; ``fits``: how it may be asked, and how it fared, the
    best first; ``doubt``: why no run can begin with it, "" where one can; ``known``: whether it was
    there already.
    """

    model_id: str
    architecture: str = ""
    dataset: str = ""
    accuracy: float | None = None
    contract: ModelContract | None = None
    fits: tuple[Fit, ...] = ()
    notes: tuple[str, ...] = ()
    doubt: str = ""
    known: bool = False


class ImportWeights(Question[ImportedModel]):
    """Keep this weights file as an original model of this data.

    ``normalise``: as its script does, "imagenet", "0.5,0.5", "MEAN;STD"; "": to be found out.
    ``classes``: their names in the order of the outputs, with commas, or a file that lists them, or
    "data", "text", "number"; "": to be found out. ``accuracy``: percent, in its script.
    ``weights``: which of several sets in the file.
    """

    kind = "import"
    Answer = ImportedModel
    path: str
    dataset: str
    plant: str = ""
    size: int | None = Field(default=None, ge=8, le=1024)
    architecture: str | None = None
    weights: str | None = None
    normalise: str = ""
    classes: str = ""
    accuracy: float | None = Field(default=None, ge=0, le=100)
    name: str = ""


def question(kind: str, payload: Mapping[str, Any]) -> Question[Any]:
    """What was asked, from how it travels. BadRequest when this version knows no such question, or
    one without what it needs."""
    cls = KINDS.get(kind)
    if cls is None:
        raise BadRequest(f"No worker answers {kind!r}; it may be of another version of Lethe.")
    try:
        return cls.model_validate(payload)
    except ValidationError as error:
        raise BadRequest(explain(error, cls)) from None
