"""The cells of the papers' table: Lethe's own training and unlearning, measured once each.

A cell is one method on one forget set with one seed. Its seed is that of the original and of the
retrained model; the forget set and the order of the batches are those of seed 0 in every cell, so
that all retrained models lack the same samples and their spread is that of training alone.

What a method computes is counted while Lethe runs it: only what happens inside its ``start`` and
``step``, so that looking at the model, measuring it and training the references do not count. A
forward pass counts its images whichever model it is of (a frozen teacher's too), a backward pass
those whose embeddings a gradient reached.
"""

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from bench.runs import BEGAN, executed, now, say, trained
from cu_core import methods, metrics
from cu_core.errors import BadRequest, Cancelled, LetheError
from cu_core.runs.execute import check
from cu_core.runs.resolve import Setup
from cu_core.spec import Job, Method, UnlearnRequest
from cu_core.store import Store

Cell = dict[str, Any]
KEPT = {"metrics", "original", "retrained", "reasons", "steps", "stopped_by", "device", "versions"}


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
    """Where cells come from: a store for models, and the file that remembers finished ones.
    ``minutes``: of the process, after which none is begun."""

    store: Store
    log: Path | None = None
    keep_runs: bool = False
    minutes: float | None = None
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
            self._in_time(case)
            try:
                cell = self._measured(case)
            except LetheError:
                raise
            except Exception as fault:
                traceback.print_exc()
                self.faults += 1
                return _about(case) | {"error": f"{type(fault).__name__}: {fault}"}
            self.done[case.key] = cell
            if self.log:
                with self.log.open("a") as file:  # on a line of its own, whatever was cut off
                    file.write("\n" * self.cut_off + json.dumps(cell) + "\n")
                self.cut_off = False
        return self.done[case.key]

    def _in_time(self, case: Case) -> None:
        if self.minutes is not None and time.perf_counter() - BEGAN > 60 * self.minutes:
            raise BadRequest(
                f"seed {case.request.model_seed}: the {self.minutes:g} minutes were spent. The "
                "same command with --resume goes on from here."
            )

    def retrained(self, request: UnlearnRequest) -> Cell:
        """What the retrained reference cost: passes, images forward and backward, seconds."""
        setup = Setup(request, self.store.home)
        recipe, n = setup.recipe, len(setup.retain_index(setup.forget))
        images, steps = recipe.epochs * n, recipe.epochs * -(-n // recipe.batch_size)
        seconds = trained(self.store, request, request.forget).seconds
        return {"steps": steps, "forward": images, "backward": images, "seconds": seconds}

    def _measured(self, case: Case) -> Cell:
        request, store = case.request, self.store
        check(store, request)
        for forget in (None, request.forget):
            trained(store, request, forget)
        say(f"{request.forget}, {case.name}, seed {request.model_seed}")
        try:
            with (
                counting(methods.get(request.method)) as spent,
                executed(store, request, self.keep_runs) as record,
            ):
                reader = store.reader(record.run_id)
                curves, facts = reader.metrics() if case.part == "rules" else {}, reader.progress()
        except (BadRequest, Cancelled):
            raise
        except LetheError as fault:  # it diverged, say: that is its result
            return _about(case) | {"error": str(fault)}
        cost = {name: getattr(spent, name) for name in ("forward", "backward", "seconds")}
        found = record.summary.model_dump(mode="json", include=KEPT) | {"curves": curves}
        return _about(case) | found | cost | facts.model_dump(include={"forget", "class_names"})


def _about(case: Case) -> Cell:
    about = {"key": case.key, "name": case.name, "part": case.part}
    return about | {"request": case.request.model_dump()}


@dataclass
class Spent:
    """Images forward and backward, and seconds. ``depth``: how many of a method's functions are
    open (one may call its parent's)."""

    forward: int = 0
    backward: int = 0
    seconds: float = 0.0
    depth: int = 0

    def on_forward(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if self.depth and _is_whole(output):
            z = output[1]
            self.forward += len(z)
            if z.requires_grad:
                z.register_hook(self.on_backward)

    def on_backward(self, gradient: Tensor) -> None:
        self.backward += len(gradient)

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(method: Method, job: Job, *rest: Any) -> Any:
            self.depth += 1
            began = now(job.device)
            try:
                return function(method, job, *rest)
            finally:
                self.depth -= 1
                self.seconds += 0 if self.depth else now(job.device) - began

        return run


def _is_whole(output: Any) -> bool:
    """A model gives (logits, embeddings); none of its layers gives a pair of matrices."""
    pair = isinstance(output, tuple) and len(output) == 2
    return pair and all(isinstance(part, Tensor) and part.ndim == 2 for part in output)


@contextmanager
def counting(method: type[Method]) -> Iterator[Spent]:
    """What runs of this method spend in the meantime."""
    spent = Spent()
    own = {name: vars(method).get(name) for name in ("start", "step")}
    hook = register_module_forward_hook(spent.on_forward)
    try:
        for name in own:
            setattr(method, name, spent.counted(getattr(method, name)))
        yield spent
    finally:
        hook.remove()
        for name, before in own.items():
            delattr(method, name) if before is None else setattr(method, name, before)
