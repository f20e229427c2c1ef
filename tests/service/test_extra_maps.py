"""The exact map and the 3-D map of a short digits run: what they are made of, what they refuse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cu_core import engine, projection
from cu_core.data.probe import make_probe
from cu_core.errors import BadRequest, StoreError
from cu_core.models import checkpoint
from cu_core.runs import reference_models
from cu_core.runs.execute import execute
from cu_core.runs.resolve import Setup
from cu_core.service import extra_maps
from cu_core.service.questions import answer
from cu_core.spec import ExactMap, FetchRequest, Map3D, Map3DCount, UnlearnRequest
from cu_core.store import Store

pytestmark = pytest.mark.long  # beside it, `make test-anywhere` runs them

REQUEST = UnlearnRequest(forget="class:5", max_steps=6, every=2, probe_size=200, train_epochs=2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views")


def run_once(home: Path) -> str:
    store = Store(home)
    run_id = store.enqueue(REQUEST)
    execute(store, store.claim_run(run_id))
    return run_id


@pytest.fixture(scope="module")
def made(home: Path) -> str:
    return run_once(home)


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)


def solid(store: Store, run_id: str) -> list[Map3DCount]:
    """Asked until all is laid out."""
    answers = [extra_maps.map_3d(store, Map3D(run=run_id))]
    while answers[-1].done < answers[-1].total:
        answers.append(extra_maps.map_3d(store, Map3D(run=run_id)))
    return answers


@pytest.fixture
def copy(store: Store, made: str) -> Iterator[str]:
    """A run of its own to spoil, with the same frames."""
    run_id = run_once(store.home)
    yield run_id
    store.delete(run_id)


def neighbours(z: np.ndarray) -> np.ndarray:
    """The 15 nearest others (P, 15) of each row by cosine."""
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    return np.argsort(-(unit @ unit.T - 2 * np.eye(len(z))), axis=1)[:, :15]


def test_the_exact_map_is_that_of_the_embeddings_on_record(store: Store, made: str) -> None:
    reader = store.reader(made)
    weights = (store.paths.run(made) / "unlearned.safetensors").read_bytes()
    facts = extra_maps.exact_map(store, ExactMap(run=made, step=6))
    found = reader.view("exact-6")
    assert found is not None and found[1] == facts.model_dump()
    frame, probe = reader.frame(6), reader.probe()
    assert frame["z"].dtype == np.float16 and probe is not None
    z = frame["z"].astype(np.float32)
    again = projection.exact(z, frame["xy"], extra_maps.SEED, probe["label"], probe["is_forget"])
    assert_array_equal(found[0]["xy"], again.xy)
    assert facts.quality == again.quality and (facts.step, facts.seconds > 0) == (6, True)

    setup = Setup(REQUEST, store.home)  # the same frame before its embeddings were rounded
    assert setup.forget is not None
    model, _ = checkpoint.load(store.paths.run(made) / "unlearned.safetensors")
    observer = engine.Observer(
        setup.resident, make_probe(setup.dataset, setup.forget, REQUEST.probe_size)
    )
    whole = observer.snapshot(model, 6).z
    assert np.abs(whole - z).max() < 2e-3 * np.abs(whole).max()
    near, rounded = (neighbours(values) for values in (whole, z))
    shared = [len(set(a) & set(b)) / 15 for a, b in zip(near, rounded, strict=True)]
    assert np.mean(shared) > 0.995  # which is all that a map is made of
    assert (store.paths.run(made) / "unlearned.safetensors").read_bytes() == weights


def test_an_exact_map_is_made_once(store: Store, made: str, monkeypatch: Any) -> None:
    facts = extra_maps.exact_map(store, ExactMap(run=made, step=6))
    monkeypatch.setattr(projection, "exact", None)
    assert extra_maps.exact_map(store, ExactMap(run=made, step=6)) == facts


def test_the_solid_map_comes_piece_by_piece_and_is_the_same_as_at_once(
    store: Store, made: str, copy: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(extra_maps, "WORK_S", 0.0)
    counted = [a.done for a in solid(store, made)]
    assert counted == [0, 1, 2, 3, 4]  # the first fits the reference layout
    monkeypatch.setattr(extra_maps, "WORK_S", 1000.0)
    assert [a.done for a in solid(store, copy)] == [4]  # which is kept with the model
    (arrays, facts), (at_once, told) = (
        store.reader(r).view("solid") or ({}, {}) for r in (made, copy)
    )
    assert facts["steps"] == told["steps"] == [0, 2, 4, 6] and facts["skipped"] == []
    assert_array_equal(arrays["xyz"], at_once["xyz"])
    assert arrays["xyz"].shape == (4, 200, 3) and arrays["xyz"].dtype == np.float32
    assert_array_equal(arrays["ghost_xyz"], at_once["ghost_xyz"])


def test_the_solid_map_is_a_reference_and_what_the_layout_makes_of_it(
    store: Store, made: str
) -> None:
    """How good a fit of 200 points is, is a draw: that each frame is the
    layout's own, from umap-learn's fit on this machine, is not."""
    solid(store, made)
    reader, probe = store.reader(made), store.reader(made).probe()
    view = reader.view("solid")
    assert view is not None and probe is not None
    z = {step: reader.frame(step)["z"].astype(np.float32) for step in view[1]["steps"]}
    start = projection.reference(z[0], extra_maps.SEED, probe["label"], components=3)
    assert_array_equal(view[0]["reference"], start)
    layout = projection.Layout(start, REQUEST.seed)
    for t, (step, rows) in enumerate(z.items()):
        frame = layout.place(rows, step, probe["label"], probe["is_forget"])
        assert_array_equal(view[0]["xyz"][t], frame.xy)
        assert view[1]["quality"][t] == frame.quality


def test_the_ghost_is_the_retrained_models_and_of_forget_samples_alone(
    store: Store, made: str
) -> None:
    solid(store, made)
    view, probe = store.reader(made).view("solid"), store.reader(made).probe()
    assert view is not None and probe is not None
    state = store.reader(made).progress().ghost
    assert state is not None
    for places, axes, fidelity in (
        (probe["ghost"], 2, state.fidelity),
        (view[0]["ghost_xyz"], 3, view[1]["ghost"]),
    ):
        assert places.shape == (200, axes) and 0.5 < fidelity <= 1
        assert_array_equal(np.isfinite(places).all(1), probe["is_forget"])
    setup = Setup(REQUEST, store.home)
    retrained = reference_models.load_model(
        store, setup, reference_models.model_id(setup, setup.forget)
    )
    assert setup.forget is not None
    observer = engine.Observer(
        setup.resident, make_probe(setup.dataset, setup.forget, REQUEST.probe_size)
    )
    answers = observer.snapshot(retrained, 0).logits.argmax(1)
    assert (probe["ghost_share"].argmax(1) == answers).mean() > 0.99  # but for ties in 255ths
    assert probe["atlas"].size > 0


def test_a_damaged_snapshot_costs_one_frame_of_the_solid_map(store: Store, copy: str) -> None:
    path = store.reader(copy).snapshots()[1].path
    path.write_bytes(path.read_bytes()[:-9])
    assert solid(store, copy)[-1] == Map3DCount(done=4, total=4)
    _, facts = store.reader(copy).view("solid") or ({}, {})
    assert (facts["steps"], facts["skipped"]) == ([0, 4, 6], [2])
    with pytest.raises(StoreError, match="The snapshot of step 2 is damaged"):
        extra_maps.exact_map(store, ExactMap(run=copy, step=2))


def test_a_rewound_run_is_laid_out_anew(store: Store, copy: str) -> None:
    solid(store, copy)
    writer = store.writer(copy)
    writer.truncate(3)
    writer.close()
    assert store.reader(copy).view("solid") is None
    assert solid(store, copy)[-1] == Map3DCount(done=2, total=2)
    _, facts = store.reader(copy).view("solid") or ({}, {})
    assert facts["steps"] == [0, 2]


def test_a_rewind_while_a_map_is_made_voids_it(store: Store, copy: str, monkeypatch: Any) -> None:
    fit = projection.exact

    def rewound_meanwhile(*given: Any) -> Any:
        writer = store.writer(copy)
        writer.truncate(5)
        writer.close()
        return fit(*given)

    monkeypatch.setattr(projection, "exact", rewound_meanwhile)
    extra_maps.exact_map(store, ExactMap(run=copy, step=6))
    assert store.reader(copy).view("exact-6") is None


def test_models_that_were_deleted_cost_the_ghost_alone(store: Store, copy: str) -> None:
    for model in store.models():
        if (store.paths.models / model.id).exists() and model.kind == "retrained":
            store.delete_model(model.id)
    state = store.reader(copy).progress()
    original = state.models.original
    assert original is not None
    if (store.paths.models / original / "record.json").exists():
        store.delete_model(original)
    assert solid(store, copy)[-1].done == 4
    arrays, facts = store.reader(copy).view("solid") or ({}, {})
    assert "ghost_xyz" not in arrays and facts["ghost"] is None and facts["with_ghost"]


@pytest.mark.parametrize(
    "kind,payload,sentence",
    [
        ("exact", {"run": "20990101-000000-000-aaaaaa", "step": 0}, "There is no run"),
        ("exact", {"run": "../../etc", "step": 0}, "There is no run"),
        ("exact", {"step": 0}, "ExactMap.run is missing"),
        ("exact", {"run": "made", "step": 5}, "has no snapshot of step 5"),
        ("exact", {"run": "made", "step": -1}, "A step is a whole number from 0 on, got -1"),
        ("exact", {"run": "made", "step": "2"}, "got '2'"),
        ("exact", {"run": "made"}, "got None"),
        ("solid", {"run": "waiting"}, "has no picture yet"),
        ("exact", {"run": "fetch", "step": 0}, "has no map"),
        ("solid", {}, "Map3D.run is missing"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(
    store: Store, made: str, kind: str, payload: dict[str, Any], sentence: str
) -> None:
    if payload.get("run") in ("waiting", "fetch"):
        request = REQUEST if payload["run"] == "waiting" else FetchRequest(dataset="digits")
        payload = payload | {"run": store.enqueue(request)}
    elif payload.get("run") == "made":
        payload = payload | {"run": made}
    with pytest.raises((BadRequest, StoreError), match=sentence):
        answer(store, kind, payload)
