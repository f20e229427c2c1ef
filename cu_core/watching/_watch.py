"""The three lines: ``w = watch(...)``, ``w.step(loss=loss)``, ``w.close()``.

Before the loop a bad argument is refused with a sentence. From then on nothing here raises: what
goes wrong is logged once, the watch goes quiet, and the loop goes on as if it were not watched.
"""

from __future__ import annotations

import atexit
import logging
import os
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import torch

from cu_core.errors import LetheError
from cu_core.spec import Summary
from cu_core.watching.cadence import BEGINNING, SHARE, WRITING_IT, Cadence
from cu_core.watching.cell import player, sentence, show
from cu_core.watching.fence import plain_settings, random_streams
from cu_core.watching.looking import Looker
from cu_core.watching.losses import Losses
from cu_core.watching.recorder import Recorder

log = logging.getLogger("lethe")

UNCLOSED = "The script ended without closing the watch."
STOPPING = (KeyboardInterrupt, SystemExit, GeneratorExit)

_open: weakref.WeakSet[Watch] = weakref.WeakSet()


@atexit.register
def _at_exit() -> None:
    for each in [*_open]:
        each.leave()


class Watch:
    """One loop under watch, whose weights come out the same, bit for bit, watched or not.

    Nothing of Lethe raises in the loop: what goes wrong is logged once to the logger "lethe", and
    ``problem`` says why it has gone quiet, "" while it has not.
    """

    def __init__(self, looker: Looker, cadence: Cadence) -> None:
        self.looker, self.cadence = looker, cadence
        self.recorder: Recorder | None = None
        self.problem = ""
        self.steps = 0
        self.summary = Summary()
        self._losses = Losses()
        self._open = True
        self._pid = os.getpid()
        self._at = 1  # the step from which there may be something to do

    @property
    def device(self) -> str:
        first = next(self.looker.model.parameters(), None)
        return "cpu" if first is None else str(first.device)

    @property
    def run_id(self) -> str:
        """Of the run in the store; "" where none could be made."""
        return self.recorder.run_id if self.recorder else ""

    def begin(self, make: Callable[[], Recorder], source: Any, retrained: Looker | None) -> None:
        """The first picture: the model as it is handed over. ``source``: the data set, from which
        pictures are made; ``retrained``: the model to compare with."""
        with self._guarded(), random_streams(self.looker.model), plain_settings():
            with self.cadence.looking(BEGINNING), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's, once a process, of sparse tensors
                self.recorder = make()
                self.recorder.begin(self.device, source, self.cadence.every)
                if retrained is not None:
                    self.recorder.compare_with(retrained.snapshot(0))
                self.recorder.frame(self.looker.snapshot(0))
            with self.cadence.looking():  # what a look costs, once all is loaded
                self.recorder.rehearse(self.looker.snapshot(0))
            log.info("Watching: run %s, which `lethe app` shows.", self.run_id)
        _open.add(self)

    def step(self, loss: Any = None) -> None:
        """One update is done. ``loss``: a number, a tensor of one, or a mapping of names to such.

        Costs a counter, and keeping the loss, until a picture is due.
        """
        if not self._open:
            return
        self.steps += 1
        if loss is not None:
            self.log(loss)
        if self.steps >= self._at and os.getpid() == self._pid:
            with self._guarded():
                self._due()

    def log(self, loss: Any) -> None:
        """The loss of the update that ``step`` counted last, where it is known only afterwards."""
        if self._open:
            with self._guarded():
                self._losses.add(self.steps, loss)

    def look(self) -> None:
        """A picture now, whether or not one is due."""
        if self._open and os.getpid() == self._pid:
            with self._guarded():
                self._look()

    def show(self) -> None:
        """Puts the player into a notebook's cell: the loop so far, from its first picture on."""
        try:
            if self.recorder is not None and self.recorder.frames:
                cell = player(self.recorder.store, self.run_id)
            else:
                cell = sentence(self.problem or "The first picture is yet to come.")
        except Exception as fault:
            cell = sentence(f"The player cannot be drawn: {fault}")
        if not show(cell):
            log.warning("w.show() draws in a notebook; `lethe app` shows run %s here.", self.run_id)

    def close(self) -> None:
        """The last picture, and the record. Nothing happens the second time."""
        if not self._open or os.getpid() != self._pid:
            return
        with self._guarded():
            self._finish()
            self._end("done")

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind_: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        elif self._open and os.getpid() == self._pid:
            by_hand = isinstance(error, STOPPING)
            said = "Stopped by you." if by_hand else f"{type(error).__name__}: {error}"
            with self._guarded():
                self._write_losses()
                self._end("stopped" if by_hand else "failed", said)

    def __del__(self) -> None:
        with suppress(Exception):  # of an interpreter that is half gone
            self.leave()

    def __repr__(self) -> str:
        if self.problem:
            return f"<Watch, quiet: {self.problem}>"
        made = self.recorder.frames if self.recorder else 0
        said = f"{self.steps:,} updates, {made:,} pictures, {self.share_words()}"
        return f"<Watch {self.run_id}: {said}>"

    def share_words(self) -> str:
        """How much of the loop's time looking took."""
        c = self.cadence
        return (
            f"looking took {100 * c.share:.1f} % of the loop ({c.looked:.1f} s of "
            f"{c.seconds:.1f} s), {c.before:.1f} s before it and {c.after:.1f} s after it"
        )

    # --- what is done when it is due ------------------------------------------------------------

    def _due(self) -> None:
        look, write = self.cadence.due(self.steps)
        if look:
            self._look()
        elif write:
            with self.cadence.looking(WRITING_IT):
                self._write_losses()
            self.cadence.plan(self.steps)
        self._at = self.cadence.at

    def _look(self) -> None:
        assert self.recorder is not None
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()  # the loop's own work is none of ours
        with self.cadence.looking(), random_streams(self.looker.model), plain_settings():
            self._write_losses()
            self.recorder.frame(self.looker.snapshot(self.steps))
        self.cadence.looked_at(self.steps)
        self._at = self.cadence.at

    def _write_losses(self) -> None:
        assert self.recorder is not None
        self.recorder.losses(self._losses.take(), self.steps)

    def _finish(self) -> None:
        assert self.recorder is not None
        self.cadence.end()
        with self.cadence.looking(WRITING_IT):
            self._write_losses()
        if self.recorder.last_step != self.steps:
            self._look()
        with self.cadence.looking(), random_streams(self.looker.model), plain_settings():
            self.summary = self.recorder.conclude(self.steps)
        self.summary = self.recorder.finish(self.summary, self._notes(), self._seconds())
        log.info("Run %s: %s.", self.run_id, self.share_words())

    def _notes(self) -> list[str]:
        recorder = self.recorder
        assert recorder is not None
        shown = len(recorder.samples.probe.index)
        said = [
            f"A loop of your own, watched: all figures are of the {shown:,} samples on the map and "
            f"{len(recorder.samples.probe.test_index):,} test samples.",
            f"{self.share_words()[0].upper()}{self.share_words()[1:]}.",
            *recorder.samples.notes,
        ]
        if self.cadence.every and self.cadence.share > SHARE:
            said.append(f"every={self.cadence.every} was asked for; without it it is 5 % at most.")
        return said

    def _seconds(self) -> dict[str, float]:
        c = self.cadence
        found = {"loop": c.seconds, "looking": c.looked}
        found |= {"before the loop": c.before, "after the loop": c.after}
        return {name: round(value, 3) for name, value in found.items()}

    def _end(self, state: Any, message: str = "") -> None:
        self._open = False
        if self.recorder is not None:
            self.recorder.end(state, message)

    def leave(self) -> None:
        """What nobody has closed, when the script ends or forgets it, is said to be so."""
        if self._open and self.recorder and os.getpid() == self._pid:
            with self._guarded():
                self._write_losses()
                self._end("stopped", UNCLOSED)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What goes wrong inside is logged once, and ends the watch; the loop goes on."""
        try:
            yield
        except Exception as fault:
            self._go_quiet(fault)

    def _go_quiet(self, fault: Exception) -> None:
        said = str(fault) if isinstance(fault, LetheError) else f"{type(fault).__name__}: {fault}"
        self.problem, self._open = said, False
        log.warning("Lethe no longer watches, your loop goes on: %s", said)
        log.debug("The fault:", exc_info=fault)
        try:
            if self.recorder is not None:
                self.recorder.end("failed", said)
        except Exception as second:
            log.debug("The end of the record could not be written:", exc_info=second)
