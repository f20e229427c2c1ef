"""Pausing at an event: after each picture, whether one of the kinds that a person watches for has
happened since the one before."""

from cu_core.events import Course, happened
from cu_core.runs.prepare import Run
from cu_core.store.reader import Curves


class AutoPause:
    """Of one stretch of a run, which begins with ``at`` updates done. Costs nothing while nobody
    watches for anything."""

    def __init__(self, run: Run, at: int) -> None:
        self.run, self.reader = run, run.store.reader(run.writer.run_id)
        self._looked = at if at else -1  # the step of the last picture
        self._read = -1  # all rows up to this step are in ``_curves``
        self._curves: Curves = {}

    def look(self, step: int) -> str:
        """What happened after the last picture up to this one, in words; "" for nothing."""
        before, self._looked = self._looked, step
        if not self.run.commands.watched:
            return ""
        for name, (steps, values) in self.reader.metrics(self._read).items():
            held_steps, held_values = self._curves.setdefault(name, ([], []))
            held_steps.extend(steps)
            held_values.extend(values)
        self._read = step
        course = Course.of(self._curves, self.run.writer.read())
        found = happened(course, self.run.commands.watched)
        return "; ".join(one.text for one in found if before < one.step <= step)
