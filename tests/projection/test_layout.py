"""The layout's promises: rest at rest, movement where the evidence moves, resumable, faithful."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cu_core.projection import Layout, exact, ghost, layout, reference
from cu_core.projection.exact import aligned, fit
from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.layout import embedded
from cu_core.projection.neighbours import nearest
from cu_core.projection.reference import principal

P = 240
LABEL = np.repeat(np.arange(6), P // 6)
FORGET = LABEL == 5
USUAL_TURNS = layout.TURNS


def embeddings(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Six clusters in 16 dimensions; ``shift`` 1 takes the last one into the first."""
    rng = np.random.default_rng(0)
    centre = 4 * rng.normal(size=(6, 16))
    centre[5] += shift * (centre[0] - centre[5])
    noise = rng.normal(size=(P, 16)) + 0.05 * np.random.default_rng(seed).normal(size=(P, 16))
    return (centre[LABEL] + noise).astype(np.float32)


@pytest.fixture(scope="module")
def start() -> np.ndarray:
    return reference(embeddings(), 0, LABEL)


@pytest.fixture
def follow(start: np.ndarray) -> Callable[..., list]:
    def run(frames: list[np.ndarray], layout: Layout | None = None, first: int = 0) -> list:
        layout = layout or Layout(start, seed=0)
        return [layout.place(z, first + t, LABEL, FORGET) for t, z in enumerate(frames)]

    return run


def test_reference_is_centred_finite_and_reproducible(start: np.ndarray) -> None:
    assert start.shape == (P, 2) and start.dtype == np.float32
    np.testing.assert_allclose(start.mean(0), 0, atol=1e-4)
    np.testing.assert_array_equal(start, reference(embeddings(), 0, LABEL))  # bit for bit


def test_fitting_leaves_torchs_threads_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    import umap

    before = torch.get_num_threads()

    def meddling(self: object, z: np.ndarray) -> np.ndarray:
        torch.set_num_threads(before + 1)
        return z[:, :2]

    monkeypatch.setattr(umap.UMAP, "fit_transform", meddling)
    reference(embeddings(), 0, LABEL)
    assert torch.get_num_threads() == before


def test_equal_embeddings_rest(follow: Callable) -> None:
    first, second = follow([embeddings(), embeddings()])
    assert second.quality["jitter"] <= 0.004 and first.quality["noise_floor"] <= 0.004
    assert first.quality["jitter_within"] <= 0.004  # of the reference, whatever classes do
    assert np.quantile(np.abs(second.xy - first.xy).max(1), 0.95) <= 0.004
    assert first.quality["trustworthiness"] > 0.95 and first.quality["fidelity"] > 0.95


def test_the_forget_cluster_goes_where_its_embeddings_go(
    follow: Callable, start: np.ndarray
) -> None:
    frames = follow([embeddings(shift) for shift in np.linspace(0, 1, 11)])
    last = frames[-1]
    before = np.linalg.norm(start[FORGET].mean(0) - start[LABEL == 0].mean(0))
    after = np.linalg.norm(last.xy[FORGET].mean(0) - last.xy[LABEL == 0].mean(0))
    assert after < 0.3 * before
    assert last.quality["fidelity"] > 0.8 and last.quality["trustworthiness"] > 0.93
    # Points that jump take others' neighbourhoods with them: a frame ends when that is over.
    assert max(f.quality["noise_floor"] for f in frames) <= 0.004
    # Classes make room as wholes, and nothing moves inside one.
    assert np.mean([f.quality["jitter_within"] for f in frames]) <= 0.02
    others = (LABEL > 0) & ~FORGET
    way = np.linalg.norm(last.xy - start, axis=1)
    assert np.median(way[FORGET]) > 2.5 * np.median(way[others])  # of six starts 3.7 to 7


def test_a_still_forget_set_is_not_drawn_as_dissolving(follow: Callable) -> None:
    frames = follow([embeddings(seed=s) for s in range(4)])
    assert min(f.quality["fidelity"] for f in frames) > 0.95


def test_same_seed_same_coordinates_and_resuming_changes_nothing(
    follow: Callable, start: np.ndarray
) -> None:
    zs = [embeddings(shift, seed=i) for i, shift in enumerate(np.linspace(0, 1, 6))]
    whole = follow(zs)
    np.testing.assert_array_equal(whole[-1].xy, follow(zs)[-1].xy)
    resumed = Layout(start, seed=0, previous=whole[2].xy)
    rest = follow(zs[3:], resumed, first=3)
    for a, b in zip(whole[3:], rest, strict=True):
        np.testing.assert_array_equal(a.xy, b.xy)
        assert a.quality == b.quality


def test_placing_draws_no_global_random_numbers(follow: Callable) -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    follow([embeddings(0.5)])
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 15, 16, 20])
def test_few_points(n: int) -> None:
    z = embeddings()[:: P // n][:n]
    xy = principal(z) if n >= 16 else reference(z, 0, LABEL[:n])
    label = np.arange(n) % 2
    frame = Layout(xy, 0).place(z, 0, label, label == 1)
    assert frame.xy.shape == (n, 2) and np.isfinite(frame.xy).all()
    assert ("trustworthiness" in frame.quality) == (n >= 4)


def test_equal_rows_and_no_forget_samples() -> None:
    z = np.ones((30, 4), np.float32)
    xy = reference(z, 0, np.zeros(30, int))
    assert not xy.any()
    frame = Layout(xy, 0).place(z, 0, np.zeros(30, int), np.zeros(30, bool))
    assert np.isfinite(frame.xy).all() and "fidelity" not in frame.quality


def test_half_precision_and_many_identical_points_have_a_map() -> None:
    """As they are stored, and as a network gives them whose features have collapsed."""
    z = embeddings().astype(np.float16)
    z[::2] = z[0]
    xy = reference(z, 0, LABEL)
    frame = Layout(xy, 0).place(z, 0, LABEL, FORGET)
    assert np.isfinite(xy).all() and np.isfinite(frame.xy).all()
    assert xy.shape == (P, 2) and frame.xy.dtype == np.float32


def test_numbers_that_are_none_are_refused_or_leave_the_picture(start: np.ndarray) -> None:
    z = embeddings()
    z[3, 2] = np.nan
    with pytest.raises(ValueError, match="1 of 240 embeddings"):
        reference(z, 0, LABEL)
    frame = Layout(start, 0).place(z, 7, LABEL, FORGET)
    np.testing.assert_array_equal(frame.xy, start)
    assert frame.quality == {} and frame.step == 7


def test_normalisation_is_the_callers_choice(start: np.ndarray) -> None:
    z = embeddings(0.5) * np.linspace(0.1, 9, P, dtype=np.float32)[:, None]
    a = Layout(start, 0).place(z, 0, LABEL, FORGET).xy
    b = Layout(start, 0).place(2 * z, 0, LABEL, FORGET).xy
    raw = Layout(start, 0, normalise=False).place(z, 0, LABEL, FORGET).xy
    np.testing.assert_allclose(a, b, atol=1e-4)
    assert np.abs(a - raw).max() > 0.1


def test_embeddings_that_change_as_a_whole_are_followed(start: np.ndarray) -> None:
    """Every neighbourhood changes at once: friction must give way, and then hold again."""
    rng = np.random.default_rng(5)
    z = embeddings() + 3 * rng.normal(size=(P, 16)).astype(np.float32)
    frame = Layout(start, seed=0).place(z, 1, LABEL, FORGET)
    alone = exact(z, frame.xy, 0, LABEL, FORGET)
    assert frame.quality["trustworthiness"] >= alone.quality["trustworthiness"] - 0.02
    assert frame.quality["noise_floor"] <= 0.004 < frame.quality["jitter"]


@pytest.mark.parametrize("turns", [0, 1, USUAL_TURNS])
def test_a_frame_that_did_not_come_to_rest_says_so(
    start: np.ndarray, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """What is given back beside the frame is what the same embeddings would draw, rest or none."""
    monkeypatch.setattr(layout, "TURNS", turns)
    graph = fuzzy_set(nearest(embedded(embeddings(1.0), "cpu", True), 14))
    y, again = layout.settled(graph, torch.tensor(start), 0, 1)
    everyone = torch.ones(P, 1, dtype=torch.bool)
    with layout.threads(1):
        assert torch.equal(again, layout.advance(graph, y, 0, 1, everyone))
    if turns == USUAL_TURNS:
        assert ((again - y).norm(dim=1) > layout.AT_REST).float().mean() <= layout.RESTLESS


@pytest.mark.parametrize("turns", [1, 5])
def test_a_frame_waits_for_the_forget_samples(
    start: np.ndarray, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """Four points on their way are hardly any of 240, and a tenth of the 40 to forget. Frames that
    ended then showed a small class that dissolves half-way, or not, by the last bits of the start:
    from sixteen starts a fidelity of .78 to .95 where all reach .87 to .95 if it is waited for."""
    advanced = []

    def one_unit_a_turn(graph: object, y: torch.Tensor, *given: object) -> torch.Tensor:
        advanced.append(1)
        far = torch.zeros_like(y)
        far[np.flatnonzero(FORGET)[:4], 0] = float(len(advanced) <= turns)
        return y + far

    monkeypatch.setattr(layout, "advance", one_unit_a_turn)
    graph = fuzzy_set(nearest(embedded(embeddings(), "cpu", True), 14))
    forget = torch.tensor(FORGET)
    y, again = layout.settled(graph, torch.tensor(start), 0, 1, forget=forget)
    assert torch.equal(y, again) and len(advanced) == turns + 1
    assert int((y != torch.tensor(start)).any(1).sum()) == 4


def test_three_components_keep_the_same_promises() -> None:
    start = reference(embeddings(), 0, LABEL, components=3)
    assert start.shape == (P, 3)
    layout = Layout(start, seed=0)
    frames = [layout.place(embeddings(s), t, LABEL, FORGET) for t, s in enumerate((0, 0.5, 0.9, 1))]
    assert frames[0].quality["noise_floor"] == 0 and frames[0].quality["fidelity"] > 0.95
    assert frames[-1].xy.shape == (P, 3) and frames[-1].quality["fidelity"] > 0.8
    assert frames[-1].quality["trustworthiness"] > 0.93  # of six starts .959 to .965
    again = Layout(start, seed=0, previous=frames[1].xy)
    np.testing.assert_array_equal(again.place(embeddings(0.9), 2, LABEL, FORGET).xy, frames[2].xy)


def test_a_ghost_lies_where_the_other_model_puts_the_samples(start: np.ndarray) -> None:
    placed = ghost(start, embeddings(1.0), 0, LABEL, FORGET)
    home = start[LABEL == 0].mean(0)
    assert np.median(np.linalg.norm(placed.xy[FORGET] - home, axis=1)) < 2
    np.testing.assert_array_equal(placed.xy[~FORGET], start[~FORGET])
    assert placed.quality.keys() == {"fidelity", "centrality", "map_centrality", "reach"}
    still = ghost(start, embeddings(), 0, LABEL, FORGET)
    ways = [np.median(np.linalg.norm(f.xy - start, axis=1)[FORGET]) for f in (still, placed)]
    assert ways[0] < 0.3 * ways[1]
    assert still.quality["fidelity"] > 0.95
    with pytest.raises(ValueError, match="not numbers"):
        ghost(start, np.full((P, 16), np.nan, np.float32), 0, LABEL, FORGET)


def test_the_exact_map_is_umaps_own_turned_onto_the_picture(start: np.ndarray) -> None:
    """Where a fit puts its clusters is a draw; that the map is the same fit, turned, is not."""
    import umap

    z = embeddings(0.3)
    turned = start @ np.array([[0, -2], [2, 0]], np.float32) + 7  # mirrored, scaled, shifted
    frame = exact(z, turned, 0, LABEL, FORGET)
    points = embedded(z, "cpu", True)
    own = umap.UMAP(n_neighbors=15, random_state=0).fit_transform(points.numpy())
    pairs = (
        np.linalg.norm(own[:, None] - own, axis=2),
        np.linalg.norm(frame.xy[:, None] - frame.xy, axis=2),
    )
    ratio = pairs[1][pairs[0] > 1] / pairs[0][pairs[0] > 1]
    assert ratio.std() < 1e-3 * ratio.mean()  # alignment keeps every shape
    theirs = layout.picture_quality(points, nearest(points, 15), torch.tensor(own), LABEL, FORGET)
    for measure, value in theirs.items():  # and every neighbour, but for ties
        assert frame.quality[measure] == pytest.approx(value, abs=1e-2)
    way = np.linalg.norm(frame.xy - turned, axis=1) / turned.std(0).mean()
    kept = np.sort(way[~FORGET])
    assert frame.quality["shift"] == pytest.approx(kept[(len(kept) - 1) // 2], rel=1e-3)
    with pytest.raises(ValueError, match="at least 16 points"):
        exact(z[:10], turned[:10], 0, LABEL[:10], FORGET[:10])


def test_alignment_finds_the_turn_and_no_other_is_nearer(start: np.ndarray) -> None:
    turned = start @ np.array([[0, -2], [2, 0]], np.float32) + 7
    np.testing.assert_allclose(aligned(start, turned), turned, atol=1e-3)
    other = np.random.default_rng(2).normal(size=start.shape).astype(np.float32)
    put, middle = aligned(other, turned), turned.mean(0)
    for angle in np.linspace(0, 2 * np.pi, 37):
        c, s = np.cos(angle), np.sin(angle)
        for turn in ([[c, s], [-s, c]], [[c, s], [s, -c]]):
            elsewhere = (put - middle) @ np.array(turn) + middle
            assert ((put - turned) ** 2).sum() <= ((elsewhere - turned) ** 2).sum() * (1 + 1e-6)


def test_principal_is_one_unit_wide() -> None:
    xy = principal(embeddings()[::20])
    assert float(xy.std(0).mean()) == pytest.approx(1, rel=1e-5)
    assert not principal(np.ones((1, 3), np.float32)).any()


@pytest.mark.parametrize("classes", [4, 1])
def test_the_reference_is_as_true_as_umap_learns_own_map(classes):
    rng = np.random.default_rng(0)
    label = np.arange(200) % classes
    z = (rng.normal(size=(200, 16)) + 5 * np.eye(4, 16)[label]).astype(np.float32)
    xy = reference(z, 0, label)
    assert xy.shape == (200, 2) and np.isfinite(xy).all() and abs(xy.mean(0)).max() < 1e-4
    assert np.array_equal(xy, reference(z, 0, label))
    points = layout.embedded(z, "cpu", True)
    near = nearest(points, layout.K)
    nobody = np.zeros(200, bool)
    found, usual = (
        layout.picture_quality(points, near, torch.tensor(each), label, nobody)["trustworthiness"]
        for each in (xy, fit(points.numpy(), 0))
    )
    assert found > usual - 0.02


def test_turns_bound_the_work_of_a_frame_and_the_next_goes_on(monkeypatch):
    rng = np.random.default_rng(0)
    label = np.arange(120) % 4
    z = (rng.normal(size=(120, 16)) + 5 * np.eye(4, 16)[label]).astype(np.float32)
    made, advance = [], layout.advance
    monkeypatch.setattr(layout, "advance", lambda *a, **k: made.append(1) or advance(*a, **k))
    bounded = Layout(reference(z, 0, label), 0, turns=1)
    for step in (1, 2):
        made.clear()
        frame = bounded.place(np.roll(z, 1, 0), step, label, label == 2)
        assert len(made) <= 3 and np.isfinite(frame.xy).all()
