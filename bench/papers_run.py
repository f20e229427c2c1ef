"""The cells of the papers' table: Lethe's own training and unlearning, measured once each.

A cell is one method on one forget set with one seed. Its seed is that of the original and of the
retrained model; the forget set and the order of the batches are those of seed 0 in every cell, so
that all retrained models lack the same samples and their spread is that of training alone.
"""

import hashlib
import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.embedding_run import say
from bench.papers_count import counting
from cu_core import methods, metrics
from cu_core.errors import BadRequest, Cancelled, LetheError
from cu_core.runs import reference_models
from cu_core.runs.execute import check, execute
from cu_core.runs.resolve import Setup
from cu_core.spec import Request, RunRecord, TrainRequest, UnlearnRequest
from cu_core.store import Store

Cell = dict[str, Any]
KEPT = ("metrics", "original", "retrained", "reasons", "steps", "stopped_by", "device", "versions")


@dataclass(frozen=True)
class Case:
    """What a cell measures. ``name``: of the row; ``part``: which table it belongs to, methods,
    ablations or rules (which alone keep the curves of their snapshots); ``beside``: seeds of the
    retrained models that it is compared with."""

    name: str
    request: UnlearnRequest
    part: str = "methods"
    beside: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """12 hex digits of all that decides the numbers."""
        about = {"part": self.part, "beside": sorted(self.beside)}
        about["metrics"] = metrics.fingerprint("all", "probe", "references")
        text = json.dumps(self.request.model_dump() | about, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass
class Bench:
    """Where cells come from: a store for models, and the file that remembers finished ones."""

    store: Store
    log: Path | None = None
    keep_runs: bool = False
    done: dict[str, Cell] = field(default_factory=dict)
    cut_off: bool = False
    faults: int = 0

    def __post_init__(self) -> None:
        said = self.log.read_text() if self.log and self.log.exists() else ""
        self.cut_off = bool(said) and not said.endswith("\n")
        for line in said.splitlines():
            try:
                cell = json.loads(line)
            except json.JSONDecodeError:
                continue  # where a bench was cut off
            self.done[cell["key"]] = cell

    def cell(self, case: Case) -> Cell:
        """Measured now, or taken from the file. BadRequest for what the method cannot do.

        A fault of the program ends this cell alone, with its traceback on standard error; it is
        not kept in the file, so that it is tried again."""
        if case.key not in self.done:
            try:
                cell = self._measured(case)
            except Exception as fault:
                if isinstance(fault, LetheError):
                    raise
                traceback.print_exc()
                self.faults += 1
                return self._about(case) | {"error": f"{type(fault).__name__}: {fault}"}
            self.done[case.key] = cell
            if self.log:
                with self.log.open("a") as file:  # on a line of its own, whatever was cut off
                    file.write("\n" * self.cut_off + json.dumps(cell) + "\n")
                self.cut_off = False
        return self.done[case.key]

    def references(self, request: UnlearnRequest) -> None:
        """Trains the original and the retrained model of a request, unless they are kept."""
        shared = request.model_dump(include=set(TrainRequest.model_fields) - {"kind", "forget"})
        for forget in (None, request.forget):
            wanted = TrainRequest(**shared, forget=forget, forget_seed=request.seed)
            setup = Setup(wanted, self.store.home)
            if not self.store.has_model(reference_models.model_id(setup, setup.forget)):
                say(f"training, seed {request.model_seed}, without {forget or 'nothing'}")
                with self._executed(wanted):
                    pass

    def retrained(self, request: UnlearnRequest) -> dict[str, Any]:
        """What the retrained reference cost: passes, images forward and backward, seconds."""
        setup = Setup(request, self.store.home)
        recipe = reference_models.recipe_of(setup)
        record = self.store.model(reference_models.model_id(setup, setup.forget))
        n = len(setup.retain_index(setup.forget))
        images, steps = recipe.epochs * n, recipe.epochs * -(-n // recipe.batch_size)
        return {"steps": steps, "forward": images, "backward": images, "seconds": record.seconds}

    def _measured(self, case: Case) -> Cell:
        request = case.request
        check(self.store, request)
        self.references(request)
        say(f"{request.forget}, {case.name}, seed {request.model_seed}")
        try:
            with (
                counting(methods.get(request.method)) as spent,
                self._executed(request) as record,
            ):
                reader = self.store.reader(record.run_id)
                curves, facts = reader.metrics() if case.part == "rules" else {}, reader.progress()
        except (BadRequest, Cancelled):
            raise
        except LetheError as fault:  # it diverged, say: that is its result
            return self._about(case) | {"error": str(fault)}
        found = {name: record.summary.get(name) for name in KEPT}
        cost = {name: value for name, value in asdict(spent).items() if name != "depth"}
        found |= {"forget": facts["forget"], "class_names": facts["class_names"]}
        return self._about(case) | found | cost | {"curves": curves}

    def _about(self, case: Case) -> Cell:
        about = {"key": case.key, "name": case.name, "part": case.part}
        return about | {"request": case.request.model_dump()}

    @contextmanager
    def _executed(self, request: Request) -> Iterator[RunRecord]:
        """A request run to its end as the app does it; its files go afterwards."""
        run_id = self.store.enqueue(request, "bench papers")
        try:
            execute(self.store, self.store.claim_run(run_id))
            yield self.store.run(run_id)
        finally:
            if not self.keep_runs:
                self.store.delete(run_id)
