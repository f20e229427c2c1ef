"""Which retained samples a contrastive method has set against a forget sample.

The batches of a step are a function of (seed, set, step): they are drawn again, and neither a model
nor the run is needed.
"""

from collections.abc import Sequence
from typing import cast

from cu_core.data.batches import DeviceBatches
from cu_core.errors import BadRequest
from cu_core.methods.contrastive import Contrastive, batch_of
from cu_core.runs.course import Stretch, stretches
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import Opposed, OpposedFacts, UnlearnRequest, WhoOpposes
from cu_core.store import Store

PASSES = 2  # over the forget set, in the last of which every sample took part


def who_opposes(store: Store, asked: WhoOpposes) -> OpposedFacts:
    """For each sample the last update before the frame at ``asked.step`` in which it took part,
    of those that a contrastive method made."""
    request = store.run(asked.run).request
    if not isinstance(request, UnlearnRequest):
        raise BadRequest(f"Run {asked.run} unlearns nothing, so nothing is pushed or pulled in it.")
    provenance = store.reader(asked.run).progress().provenance
    setup = Setup(request, store.home)
    setup.keep_to(None, provenance)
    assert setup.forget is not None
    way = stretches(setup, method_of(request, setup.forget, provenance))
    gone = [one for one in way if one.start < asked.step] or list(way[:1])
    last = gone[-1].method
    if not isinstance(last, Contrastive):
        raise BadRequest(f"{last.label} sets no samples against each other.")
    ends = [*(one.start for one in gone[1:]), asked.step]
    parts = [
        _Part(setup, one.method, one, end)
        for one, end in zip(gone, ends, strict=True)
        if isinstance(one.method, Contrastive)
    ]
    found = {index: _newest(parts, index) for index in asked.index}
    return OpposedFacts(of={index: one for index, one in found.items() if one})


class _Part:
    """The updates until ``end`` of a stretch that a contrastive method makes."""

    def __init__(self, setup: Setup, method: Contrastive, stretch: Stretch, end: int) -> None:
        self.method, self.begun, self.label = method, stretch.begun, setup.dataset.train_y
        self.first, self.last = stretch.start - stretch.begun, end - 1 - stretch.begun
        request = setup.request
        assert isinstance(request, UnlearnRequest) and setup.forget is not None
        self.forget, self.retain = (
            setup.batches(index, method.batch_size, request.seed, name, "none")
            for name, index in (("forget", setup.new), ("retain", setup.retain_index(setup.forget)))
        )

    def of(self, index: int) -> Opposed | None:
        """What this sample met in the last of them in which it took part."""
        method = self.method
        if method.retain_draw == "hard":
            raise BadRequest(
                "This run chose its retained samples by how near the model of the moment had them; "
                "that model is gone, so they cannot be named."
            )
        t = _last_update(self.forget, method.retain_batches, index, self.first, self.last)
        if t is None:
            return None
        number, order = batch_of(t, method.retain_draw, method.retain_batches)
        rows = cast(list[int], self.retain.rows(number, order).tolist())
        same = {row for row in rows if self.label[row] == self.label[index]}
        push = tuple(row for row in rows if row in same)
        pull = tuple(row for row in rows if row not in same)
        return Opposed(update=self.begun + t + 1, push=push, pull=pull)


def _newest(parts: Sequence[_Part], index: int) -> Opposed | None:
    return next((one for part in reversed(parts) if (one := part.of(index))), None)


def _last_update(
    forget: DeviceBatches, repeats: int, index: int, first: int, last: int
) -> int | None:
    """The last step t of ``first`` .. ``last``, as the method counts, whose forget batch, of
    ``repeats`` steps each, has this sample."""
    newest, oldest = last // repeats, first // repeats
    for k in range(newest, max(oldest - 1, newest - PASSES * forget.n_batches), -1):
        if bool((forget.rows(k) == index).any()):
            return min(last, repeats * k + repeats - 1)
    return None
