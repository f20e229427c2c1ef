"""What a GPU is given whole: it asks nothing of the host, and replayed it gives the same map.

There is no GPU here: in place of a CUDA graph stands a recording that calls the function again on
the tensors it was recorded with. Sparse products are sums of segments, as there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cu_core.projection import Layout, layout, moves, ways
from cu_core.projection.forces import Grid, span
from cu_core.projection.fuzzy import Graph, Rows, fuzzy_set, newton
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.neighbours import nearest
from cu_core.projection.recorded import SEEN, Recorder, plainly

P = 180
LABEL = np.repeat(np.arange(6), P // 6)
FORGET = LABEL == 5
ASKING = ("_local_scalar_dense", "nonzero", "is_nonzero", "unique", "lift_fresh", "scalar_tensor")
"""Operations whose result the host waits for, or that bring a number of the host's: a recording of
neither is possible."""


def embeddings(shift: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    centre = 4 * rng.normal(size=(6, 16))
    centre[5] += shift * (centre[0] - centre[5])
    return (centre[LABEL] + (1 + shift) * rng.normal(size=(P, 16))).astype(np.float32)


RUN = [embeddings(shift) for shift in (0, 0.2, 0.5, 0.8, 1, 1)]


def start(spread: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    places = 6 * rng.normal(size=(6, 2))[LABEL] + spread * rng.normal(size=(P, 2))
    return places.astype(np.float32)


class Stand:
    """In place of ``cuda_graph``. ``off`` is added to what a replay writes; ``fails``: recording
    does, as where a body asks something of the host."""

    def __init__(self, off: float = 0.0, fails: bool = False) -> None:
        self.off, self.fails, self.made, self.replayed = off, fails, 0, 0

    def __call__(self, body: Any, given: Any, fixed: Any) -> tuple[Callable[[], None], Any]:
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.made += 1
        written = tuple(torch.zeros_like(one) for one in body(given, fixed))

        def replay() -> None:
            self.replayed += 1
            for own, new in zip(written, body(given, fixed), strict=True):
                own.copy_(new + self.off if new.is_floating_point() else new)

        return replay, written


class Silent(TorchDispatchMode):
    """Refuses what asks the host, and indices whose number depends on values."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        masks = name in ("index", "index_put", "index_put_") and any(
            one is not None and one.dtype == torch.bool for one in args[1]
        )
        assert name not in ASKING and not masks, f"{name} asks something of the host"
        return func(*args, **(kwargs or {}))


@pytest.fixture(autouse=True)
def by_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Graph, "matrix", lambda graph, values: Rows(graph, values))


def frames(way: Any) -> list[Any]:
    made = Layout(start(), 0)
    made._way = way
    return [made.place(z, t, LABEL, FORGET) for t, z in enumerate(RUN)]


def called(body: Any, given: Any, fixed: Any = ()) -> Any:
    """A way that is not the plain one, so its jumps are worked out for all, but records nothing."""
    return body(given, fixed)


def same(one: list[Any], other: list[Any]) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(np.array_equal(a.xy, b.xy) and a.quality == b.quality for a, b in pairs)


def test_replayed_frames_are_those_of_the_functions_as_they_stand() -> None:
    stand = Stand()
    way = Recorder(stand)
    assert same(frames(way), frames(called))
    bodies = {key[0] for key in way._made}
    assert {moves.iterate, moves.leap, newton, ways.look} <= bodies and not way.fault
    assert stand.made == len(way._made) and stand.replayed > 2 * stand.made


def test_jumps_worked_out_for_all_are_those_worked_out_for_the_few() -> None:
    graph = fuzzy_set(nearest(torch.tensor(RUN[2]), 14))
    y = torch.tensor(start())
    few, everyone = moves.jump(graph, y, 0, 3), moves.jump(graph, y, 0, 3, way=called)
    assert (few != y).any()
    torch.testing.assert_close(few, everyone)
    held = torch.tensor(LABEL % 2 == 0)[:, None]
    assert torch.equal(moves.jump(graph, y, 0, 3, held, called)[~held[:, 0]], y[~held[:, 0]])


@pytest.mark.parametrize("spread", [0.05, 1.0], ids=["torn", "whole"])
def test_classes_are_carried_as_they_are_where_nothing_is_recorded(spread: float) -> None:
    """Where classes are drawn close together, a sample that lies among others is torn."""
    torn = set()
    for z in RUN:
        points = layout.embedded(z, "cpu", True)
        near = nearest(points, layout.K)
        groups = groups_of(LABEL, FORGET, "cpu")
        asked = ways.ways_of(points, near.index, groups, spaced(start(spread), groups))
        assert asked is not None
        y = torch.tensor(start(spread))
        torn |= {bool(ways.is_torn(y, groups.is_forget, near.index, asked._other).any())}
        for way in (called, Recorder(Stand())):
            torch.testing.assert_close(asked.carry(y, way), asked.carry(y))
        assert (asked.carry(y) != y).any()
    assert (True in torn) == (spread < 1)


def test_bodies_ask_nothing_of_the_host() -> None:
    graph = fuzzy_set(nearest(torch.tensor(RUN[0]), 14)).padded()
    y = torch.tensor(start())
    tiles = span(y)
    grid = Grid.over(tiles, tiles.tolist())
    free = torch.ones(P, 1, dtype=torch.bool)
    numbers = y.new_tensor([moves.FRICTION, moves.SLIDING, moves.LOOSE]).unbind()
    random, margin = torch.randn_like(y), y.new_tensor(moves.MARGINS)
    with Silent():
        moves.iterate((y, ~free, free, *numbers, *grid.tensors, *graph.tensors), grid.shape)
        moves.leap((y, graph.listed, graph.strength, random, margin))
        newton((torch.rand(P, 14).sort(1).values, torch.zeros(P, 1)))
    points = layout.embedded(RUN[2], "cpu", True)
    near = nearest(points, layout.K).index
    groups = groups_of(LABEL, FORGET, "cpu")
    asked = ways.ways_of(points, near, groups, 10.0)
    assert asked is not None
    given = (y, *groups.tensors, near)
    kept, reach = torch.rand(5, 2).double(), torch.tensor(asked.reach)
    lone, other = (asked._forget, kept, reach, y.new_tensor(1.0)), asked._other
    with Silent():
        _, torn, _ = ways.look((*given, other))
        ways.carried((y, torch.rand(6, 2), *given[1:]))
        ways.carried_apart((y, torch.rand(6, 2), *given[1:], torn, *lone))
    with Silent(), pytest.raises(AssertionError, match="asks something"):
        layout.settled(graph, y, 0, 0)  # which does: the guard can fail


def test_graphs_of_one_probe_have_one_shape_and_the_same_products() -> None:
    graphs = [fuzzy_set(nearest(torch.tensor(z), 14)) for z in RUN]
    assert len({len(graph.weight) for graph in graphs}) > 1
    assert len({tuple(t.shape for t in graph.padded().tensors) for graph in graphs}) == 1
    dense, graph = torch.rand(P, 3), graphs[0]
    padded = graph.padded()
    assert torch.equal(padded.matrix(padded.weight) @ dense, graph.matrix(graph.weight) @ dense)


@pytest.mark.parametrize("stand", [Stand(fails=True), Stand(off=1e-3)], ids=["fails", "differs"])
def test_a_recording_that_fails_or_differs_is_said_once_and_changes_nothing(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    way = Recorder(stand)
    assert same(frames(way), frames(called))
    assert way.fault and not way._made
    assert len([said for said in caplog.messages if "kernel by kernel" in said]) == 1


def doubled(given: tuple[Tensor, ...], _fixed: tuple[int, ...] = ()) -> tuple[Tensor]:
    return (2 * given[0],)


def test_recorded_is_what_comes_again_and_read_is_what_it_was_given_last() -> None:
    stand = Stand()
    way, x = Recorder(stand), torch.arange(3.0)
    for _ in range(SEEN - 1):
        way(doubled, (x,))
    assert stand.made == 0
    first = way(doubled, (x,))[0]
    replayed = stand.replayed
    again = way(doubled, (x,))[0]
    assert stand.made == 1 and stand.replayed == replayed + 1
    x += 1  # in place: the same tensor, another version
    assert way(doubled, (x,))[0].tolist() == [2, 4, 6]
    assert way(doubled, (x.clone() + 1,))[0].tolist() == [4, 6, 8]
    assert first.tolist() == again.tolist() == [0, 2, 4]  # no replay has touched them
    way(doubled, (torch.arange(4.0),))
    assert stand.made == 1  # another shape


def test_a_layout_on_a_processor_records_nothing() -> None:
    assert Layout(start(), 0)._way is plainly
