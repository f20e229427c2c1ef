"""The map of a run: where its picture starts, how it goes on, and where the retrained model's is.

The reference layout is fitted once for a model and probe set and kept with the model. The
retrained ghost is placed at the end of a run, on its last frame, and kept with the run. Both only
look: the run's weights, random streams and frames have the same bits without them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core import engine
from cu_core.projection import VERSION, Layout, ghost, reference, scale_of
from cu_core.spec import GhostFacts, ModelOutputs, Probe, RunProgress, Snapshot
from cu_core.store import RunReader, RunWriter, Store
from cu_core.store.probabilities import shares
from cu_core.store.writer import to_float16

SEED = 0  # of the samples: a model has one reference layout, whatever the run's seed


class RunMap:
    """The two-dimensional picture of one run; ``probe`` and ``observer`` are the run's own. Without
    an observer the layouts are made elsewhere, and are on the processor."""

    def __init__(
        self,
        store: Store,
        writer: RunWriter,
        probe: Probe,
        observer: engine.Observer | None = None,
    ) -> None:
        self.store, self.writer, self.probe, self.observer = store, writer, probe, observer
        self.device = str(observer.probe_x.device) if observer else "cpu"
        self.reference_xy: NDArray[np.float32] = np.zeros((0, 2), np.float32)

    def load_reference(self, model_id: str) -> bool:
        """Takes the model's kept reference layout; False when there is none yet."""
        xy = self.store.layout(model_id, kept_as(self.probe))
        if xy is not None:
            self.take(xy)
        return xy is not None

    def fit_reference(self, model_id: str, z: NDArray[np.float32]) -> None:
        """Fits the reference layout of the original model, which shows the probe as ``z`` (P, D),
        and keeps it."""
        xy = reference(z, SEED, self.probe.label)
        self.store.save_layout(model_id, kept_as(self.probe), xy)
        self.take(xy)

    def take(self, xy: NDArray[np.float32]) -> None:
        """The reference layout (P, 2) of this run."""
        self.reference_xy = xy
        self.writer.put(RunProgress(scale=scale_of(xy)))

    def layout(self, seed: int, turns: int | None = None) -> Layout:
        """The layout as it stood after the last snapshot on record."""
        last = self.writer.last_snapshot()  # later ones were truncated
        reader = RunReader(self.writer.run_id, self.writer.folder)
        previous = None if last is None else reader.frame(last)["xy"]
        return Layout(self.reference_xy, seed, self.device, previous=previous, turns=turns)

    def place_ghost(self, look: ModelOutputs, seed: int) -> None:
        """Where the retrained model, as the probe shows it, puts the forget samples among the kept
        ones of the last frame; kept with the run."""
        if not (np.isfinite(look.z).all() and np.isfinite(look.logits).all()):
            return  # a retrained model that gives no numbers has no place on a map
        placed = place(self.layout(seed).xy, look, seed, self.probe, self.device)
        share, share_class = shares(look.logits)
        extras: dict[str, NDArray[Any]] = {"ghost": placed[0], "ghost_share": share}
        extras["ghost_z"] = to_float16(look.z)  # who its samples' neighbours are
        if share_class is not None:
            extras["ghost_share_class"] = share_class
        self.writer.probe_extras(**extras)
        # last: it says that the places are there
        self.writer.put(RunProgress(ghost=GhostFacts(fidelity=placed[1])))


def kept_as(probe: Probe, components: int = 2) -> str:
    """The name under which a model keeps the reference layout of this probe."""
    return f"{probe.index_hash}-{components}d-v{VERSION}"


def place(
    onto: NDArray[np.float32],
    look: Snapshot | ModelOutputs,
    seed: int,
    probe: Any,
    device: str,
) -> tuple[NDArray[np.float32], float | None]:
    """(places (P, d), NaN for keep samples; fidelity) of another model on the same map.

    ``onto``: a frame (P, d), d = 2 or 3; ``probe``: has ``label`` and ``is_forget``, (P,) each.
    """
    frame = ghost(onto, look.z, seed, probe.label, probe.is_forget, device)
    xy = np.where(probe.is_forget[:, None], frame.xy, np.float32(np.nan)).astype(np.float32)
    return xy, frame.quality.get("fidelity")
