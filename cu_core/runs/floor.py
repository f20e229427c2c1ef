"""Whether a run ends because it loses what it was to keep: a sweep tries knobs that nobody would,
and what they do to a model often shows long before the last update."""

from cu_core.errors import BadRequest
from cu_core.runs.prepare import Prepared
from cu_core.runs.whole import halves, tuning_half
from cu_core.spec import FLOOR, TUNING, Floats, ModelOutputs

LOOKS = 8  # a run, at least: between two pictures too


class Floor:
    """Test accuracy of the probe's test samples, those of the half that a sweep chooses by.
    It looks only: the model stays as it was, and no picture is kept."""

    def __init__(self, made: Prepared) -> None:
        self.made, self.least = made, made.run.request.floor
        self.pace = max(1, made.total // LOOKS)
        n = len(made.run.setup.dataset.test_y)
        self.own = tuning_half(n)[made.probe.test_index]

    def due(self, step: int) -> bool:
        """Whether the model is to be looked at now, at an update of which no picture is taken."""
        pictured = step % self.made.every == 0 or step == self.made.total
        return self.least is not None and step % self.pace == 0 and not pictured

    def words(self, step: int, test_logits: Floats) -> str:
        """What ends the run, where that does; never at what the original model or an earlier method
        left. ``test_logits`` (Q, C): of the probe's test samples."""
        request = self.made.run.request
        if self.least is None or step <= request.branched_at:
            return ""
        value = halves(self._scene(test_logits), self.own)[TUNING]
        if value is None:
            raise BadRequest(
                f"No test sample to be kept is among {len(self.own)} of the map, so a floor of "
                f"{self.least:g} % cannot be held: ask for more points on the map, or no floor."
            )
        if value >= self.least:
            return ""
        return f"{FLOOR} test accuracy {value:.1f} % is below {self.least:g} %."

    def _scene(self, test_logits: Floats) -> ModelOutputs:
        probe, none = self.made.probe, test_logits[:0]
        return ModelOutputs(
            none, none, probe.label[:0], probe.is_forget[:0],
            test_logits, probe.test_label, self.made.run.forget.classes,
        )  # fmt: skip
