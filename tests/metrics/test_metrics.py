"""Every metric against a slow loop, inside its declared range, and absent with a reason."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core import metrics
from cu_core.spec import ModelOutputs

OURS = {
    "forget_acc_train",
    "forget_acc_test",
    "ua",
    "ra",
    "ta",
    "test_acc",
    "knn_probe_forget",
    "prediction_share",
    "centroid_own",
    "centroid_other",
}
KEYS = {key for key, m in metrics.all_metrics().items() if m.over != "references"}


def make(
    seed: int, p: int = 60, classes: int = 4, kind: str = "class", grid: bool = False
) -> ModelOutputs:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(p, 5))
    z = np.round(z) if grid else z  # many ties, zero rows
    label = rng.integers(0, classes, p)
    forget = label == 1 if kind == "class" else rng.random(p) < 0.3
    return ModelOutputs(
        z.astype(np.float32),
        rng.normal(size=(p, classes)).astype(np.float32),
        label,
        forget,
        rng.normal(size=(40, classes)).astype(np.float32),
        rng.integers(0, classes, 40),
        (1,) if kind == "class" else (),
    )


def right(logits: np.ndarray, label: np.ndarray, chosen: list[int]) -> float:
    hits = [max(range(4), key=lambda c: logits[i][c]) == label[i] for i in chosen]
    return 100 * sum(hits) / len(hits)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / size) if size else 0.0


@pytest.mark.parametrize("kind", ["class", "sample"])
def test_accuracies_are_the_loops(kind: str) -> None:
    s = make(0, kind=kind)
    values, reasons = metrics.measure(s)
    forget = [i for i in range(60) if s.is_forget[i]]
    retain = [i for i in range(60) if not s.is_forget[i]]
    gone = [i for i in range(40) if s.test_label[i] in s.forget_classes]
    assert values["forget_acc_train"] == pytest.approx(right(s.logits, s.label, forget))
    assert values["ua"] == pytest.approx(100 - right(s.logits, s.label, forget))
    assert values["ra"] == pytest.approx(right(s.logits, s.label, retain))
    everything = right(s.test_logits, s.test_label, list(range(40)))
    assert values["test_acc"] == pytest.approx(everything)
    rest = [i for i in range(40) if i not in gone]
    assert values["ta"] == pytest.approx(right(s.test_logits, s.test_label, rest))
    if kind == "class":
        wanted = right(s.test_logits, s.test_label, gone)
        assert values["forget_acc_test"] == pytest.approx(wanted)
        assert not [key for key in reasons if not key.startswith("planted_")]
    else:
        assert values["forget_acc_test"] is None and len(rest) == 40
        assert reasons["forget_acc_test"].startswith("not computed: random forget samples")


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_probe_is_the_loop(seed: int, grid: bool) -> None:
    s = make(seed, grid=grid, kind="sample")
    z = s.z.astype(np.float64)
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-30)
    rng = np.random.default_rng(0)
    drawn = [list(rng.permutation(np.flatnonzero(s.label == c))) for c in range(4)]
    n = min(map(len, drawn)) - 1
    rows = np.sort(np.concatenate([own[: n + 1] for own in drawn]))
    asked = np.flatnonzero(s.is_forget)
    similarity = z[asked] @ z[rows].T  # the same products, so that ties are the same ties
    hits = []
    for place, i in enumerate(asked):
        beside = sorted(j for own in drawn for j in [j for j in own if j != i][:n])
        assert Counter(s.label[beside]) == {c: n for c in range(4)}
        by = dict(zip(rows, similarity[place], strict=True))
        others = sorted(beside, key=lambda j: (-by[j], j))[: min(15, n)]
        count = Counter(int(s.label[j]) for j in others)
        most = max(count.values())
        winner = next(int(s.label[j]) for j in others if count[int(s.label[j])] == most)
        hits.append(winner == s.label[i])
    assert metrics.measure(s)[0]["knn_probe_forget"] == pytest.approx(100 * np.mean(hits))


def test_probe_sees_features_that_the_head_denies() -> None:
    s = make(0, p=100)
    z = np.eye(4, 5, dtype=np.float32)[s.label] + 0.01 * s.z[:, :5]
    blind = np.zeros((100, 4), np.float32)  # the head says class 0 to everything
    known = ModelOutputs(z, blind, s.label, s.is_forget, s.test_logits, s.test_label, (1,))
    values, _ = metrics.measure(known)
    assert values["forget_acc_train"] == 0 and values["knn_probe_forget"] == 100
    assert values["prediction_share/0"] == 100 and values["prediction_share/1"] == 0


def test_shares_are_the_loop() -> None:
    s = make(3)
    values, _ = metrics.measure(s)
    predicted = [int(np.argmax(row)) for row, f in zip(s.logits, s.is_forget, strict=True) if f]
    for c in range(4):
        share = 100 * predicted.count(c) / len(predicted)
        assert values[f"prediction_share/{c}"] == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("kind", ["class", "sample"])
def test_centroids_are_the_loop(kind: str) -> None:
    s = make(1, kind=kind)
    u = [v / np.linalg.norm(v) for v in s.z.astype(float)]
    own, other = [], []
    for i in np.flatnonzero(s.is_forget):
        kept = [u[j] for j in range(60) if not s.is_forget[j] and s.label[j] == s.label[i]]
        gone = [u[j] for j in range(60) if s.is_forget[j] and s.label[j] == s.label[i] and j != i]
        own.append(1 - cosine(u[i], np.mean(kept or gone, axis=0)))
        gaps = []
        for c in range(4):
            part = [u[j] for j in range(60) if not s.is_forget[j] and s.label[j] == c]
            if c != s.label[i] and part:
                gaps.append(1 - cosine(u[i], np.mean(part, axis=0)))
        other.append(min(gaps))
    values, _ = metrics.measure(s)
    assert values["centroid_own"] == pytest.approx(np.mean(own), abs=1e-5)
    assert values["centroid_other"] == pytest.approx(np.mean(other), abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    p=st.integers(2, 40),
    kind=st.sampled_from(["class", "sample"]),
    grid=st.booleans(),
)
def test_every_value_lies_in_its_declared_range_or_has_a_reason(
    seed: int, p: int, kind: str, grid: bool
) -> None:
    values, reasons = metrics.measure(make(seed, p=p, kind=kind, grid=grid))
    assert {key.split("/")[0] for key in values} == KEYS
    for key, value in values.items():
        low, high = metrics.all_metrics()[key.split("/")[0]].range
        if value is None:
            assert reasons[key].startswith("not computed: ")
        else:
            assert low <= value <= high
    assert set(reasons) == {key for key, value in values.items() if value is None}


def test_declarations_are_complete_and_over_selects() -> None:
    declared = metrics.all_metrics()
    assert OURS <= KEYS
    for key, m in declared.items():
        assert m.key == key and m.title and m.unit and m.range[0] < m.range[1]
        assert len(m.help.split()) > 3
    probe, _ = metrics.measure(make(0), over="probe")
    assert {"knn_probe_forget", "centroid_own", "centroid_other"} <= set(probe)
    assert {key.split("/")[0] for key in probe} == {k for k in KEYS if declared[k].over == "probe"}
    assert set(metrics.measure(make(0), over="all")[0]).isdisjoint(probe)


def test_shares_know_what_they_are_shares_of() -> None:
    s = make(0)
    n, gone = int(s.is_forget.sum()), int((s.test_label == 1).sum())
    whole = (s.is_forget, s.test_label, s.forget_classes)
    assert metrics.counts(*whole, "all") == {
        "forget_acc_train": n, "ua": n, "ra": 60 - n, "ta": 40 - gone, "forget_acc_test": gone,
        "test_acc": 40, "prediction_share": n,
    }  # fmt: skip
    assert metrics.counts(*whole, "probe")["knn_probe_forget"] == n
    assert "forget_acc_test" not in metrics.counts(s.is_forget, s.test_label, (), "all")


def test_whole_set_metrics_do_not_read_embeddings() -> None:
    s = make(0)
    without = ModelOutputs(
        s.z[:3], s.logits, s.label, s.is_forget, s.test_logits, s.test_label, s.forget_classes
    )
    assert metrics.measure(without, over="all") == metrics.measure(s, over="all")


def test_a_fault_is_not_turned_into_a_reason() -> None:
    s = make(0)
    broken = ModelOutputs(
        s.z, s.logits[:5], s.label, s.is_forget, s.test_logits, s.test_label, (1,)
    )
    with pytest.raises(IndexError):
        metrics.measure(broken)


def test_no_forget_samples_gives_reasons() -> None:
    s = make(0)
    none = np.zeros(60, bool)
    scene = ModelOutputs(s.z, s.logits, s.label, none, s.test_logits, s.test_label, (1,))
    values, reasons = metrics.measure(scene)
    assert values["ua"] is None and "no forget samples" in reasons["ua"]
    assert values["centroid_own"] is None and values["prediction_share"] is None
