"""A home folder with runs in it, made through the store's own writer: no model, no torch."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cu_core import forget
from cu_core.data import plants
from cu_core.spec import (
    AtlasFacts,
    Catalog,
    ClassFacts,
    DataCard,
    DatasetFacts,
    DescribeDataset,
    DeviceCard,
    Estimate,
    ForgetFacts,
    KnobCard,
    MethodCard,
    MetricCard,
    NetworkCard,
    Overview,
    OverviewFacts,
    Preflight,
    Probe,
    Recorded,
    RuleCard,
    RunProgress,
    StepLog,
    Summary,
    UnlearnRequest,
    Wait,
)
from cu_core.stage.export import recording as recording_format
from cu_core.store import ModelRecord, Store

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ :red[cat] [link](javascript:1)"


def metric(key: str, title: str, better: str = "retrained", **more: Any) -> MetricCard:
    common = {"unit": "%", "help": f"What {key} is."}
    return MetricCard(**{"key": key, "title": title, "better": better, **common, **more})


def knob(name: str, kind: str, default: Any, low: Any, high: Any, **more: Any) -> KnobCard:
    given = {"name": name, "type": kind, "default": default, "low": low, "high": high}
    return KnobCard(**{**given, "help": "A knob", **more})


CONTRASTIVE = MethodCard(
    key="contrastive",
    title="Contrastive unlearning",
    paper="arXiv:2401.10458",
    idea="Pushes forget samples from their own class. Pulls them to the others.",
    loss=r"\lambda_{UL}\,\mathcal L_{UL}+\lambda_{CE}\,\mathcal L_{CE}",
    epoch_over="forget",
    kinds=("class", "sample"),
    presets={"paper": {"lr": 1e-3, "epochs": 1}, "tuned": {"temperature": 0.1}},
    knobs=(
        knob("epochs", "integer", 3, 1, 200, unit="epochs"),
        knob("lr", "number", 1e-2, 1e-5, 1.0, log=True, symbol=r"\eta"),
        knob("temperature", "number", 0.7, 0.05, 2.0, symbol=r"\tau", main=True),
        knob("contrast_weight", "number", 3.0, 0, 10, symbol=r"\lambda_{UL}", main=True),
        knob("normalise", "boolean", True, None, None),
        knob("variant", "choice", "paper", None, None, options=("paper", "official")),
    ),
)
FINE_TUNE = MethodCard(
    key="fine-tune",
    title="Fine-tuning on what is kept",
    idea="Trains on.",
    epoch_over="retain",
    uses_forget=False,
    augments=True,
    kinds=("class", "sample"),
    knobs=(knob("lr", "number", 1e-2, 1e-5, 1.0, log=True),),
)
CATALOG = Catalog(
    methods=(CONTRASTIVE, FINE_TUNE),
    metrics=(
        metric("forget_acc_train", "Forget accuracy (training)"),
        metric("forget_acc_test", "Forget accuracy (test)"),
        metric("ra", "RA, retain accuracy", "high"),
        metric("ta", "TA, test accuracy", "high"),
        metric("knn_probe_forget", "15-neighbour probe", over="probe"),
        metric("centroid_own", "Distance to own class", unit="1 - cosine", range=(0.0, 2.0)),
    ),
    models=(
        NetworkCard(key="small-cnn", title="Small CNN"),
        NetworkCard(key="resnet18", title="ResNet-18", heads=("plain", "normalised")),
    ),
    datasets=(
        DataCard(
            key="cifar10",
            title="CIFAR-10",
            help="60,000 photos; 170 MB",
            needs_download=True,
            downloaded=False,
        ),
        DataCard(key="digits", title="Digits", help="1,797 handwritten digits"),
        DataCard(key="folder", title="Image folder", help="One folder a class", needs_path=True),
    ),
    plants=tuple(plants.cards().values()),
    forget_rules=tuple(forget.cards().values()),
    stop_rules=(RuleCard(key="none", title="Run every step", help="To the last epoch."),),
    device=DeviceCard(key="cpu", label="CPU, 2 of 2 cores"),
)


def digits_info(names: list[str] | None = None) -> DatasetFacts:
    names = names or [str(i) for i in range(10)]
    return DatasetFacts(
        key="digits",
        hash="0" * 16,
        n_train=1347,
        n_test=450,
        shape=(1, 8, 8),
        classes=tuple(
            ClassFacts(id=i, name=name, train=130 + i, test=45) for i, name in enumerate(names)
        ),
    )


PREFLIGHT = Estimate(
    n_forget=135,
    n_retain=1212,
    steps=36,
    every=1,
    snapshots=37,
    seconds_per_step=0.021,
    waits={"learn": Wait(left=0.0), "forget": Wait(left=4.2), "compare": Wait(left=9.0)},
    first_picture=0.4,
    disk_bytes=5_400_000,
    device="cpu",
    original="ready",
    retrained="to be trained after the run",
)


def answer_all(store: Store, **replies: Recorded | str) -> int:
    """Plays the worker: answers every open question; a str is the sentence of a refusal."""
    known = {
        DescribeDataset.kind: digits_info(),
        Preflight.kind: PREFLIGHT,
        Overview.kind: OverviewFacts(why="The original model is not trained yet."),
        **replies,
    }
    count = 0
    while question := store.next_question():
        reply = known[question.kind]
        if isinstance(reply, str):
            store.reply(question.id, None, reply)
        else:
            store.reply(question.id, reply)
        count += 1
    return count


def motion(points: int, frames: int, classes: int) -> tuple[Any, Any, Any]:
    """(xy (T, P, 2), pred (T, P), label (P,)): class clusters; one of them, 5 or 0, dissolves."""
    rng = np.random.default_rng(0)
    label = np.sort(rng.integers(0, classes, points))
    angle = 2 * np.pi * np.arange(classes) / classes
    centre = 10 * np.stack([np.cos(angle), np.sin(angle)], 1)
    start = centre[label] + rng.normal(size=(points, 2))
    gone = label == (5 if classes > 5 else 0)
    other = rng.choice(np.setdiff1d(np.arange(classes), label[gone][:1]), points)
    end = np.where(gone[:, None], centre[other] + rng.normal(size=(points, 2)), start)
    share = np.linspace(0, 1, frames)[:, None, None] ** 1.5
    leaves = rng.uniform(0.2, 0.8, points)
    moved = (np.linspace(0, 1, frames)[:, None] > leaves) & gone  # (T, P)
    return start + share * (end - start), np.where(moved, other, label), label


def finished(
    store: Store,
    name: str | None = None,
    names: list[str] | None = None,
    points: int = 60,
    frames: int = 6,
    end: str | None = "done",
    request: UnlearnRequest | None = None,
) -> str:
    """A run with frames, curves, events and a summary. ``end`` None: it is left without a worker,
    that is, lost."""
    names = names or [str(i) for i in range(10)]
    asked = request or UnlearnRequest(probe_size=max(points, 20))
    with store.claim_new(asked, name) as claimed:  # never queued: an app beside has workers
        run_id = claimed.run_id
        writer = store.writer(run_id)
        store.move(run_id, "starting", "running")
        _write(writer, names, points, frames)
        if end:
            writer.finish(summary())
            store.move(run_id, "running", end)
        writer.close()
    return run_id


def _write(writer: Any, names: list[str], points: int, frames: int) -> None:
    xy, pred, label = motion(points, frames, len(names))
    gone = 5 if len(names) > 5 else 0
    index = np.arange(points)
    probe = Probe(index, label, label == gone, index[:20], label[:20])
    sheet = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 80), np.uint8))
    picture = io.BytesIO()
    sheet.save(picture, "PNG")
    writer.probe(probe, atlas=np.frombuffer(picture.getvalue(), np.uint8))
    writer.put(
        RunProgress(
            class_names=tuple(names),
            forget=ForgetFacts(
                rule=f"class:{gone}",
                kind="class",
                classes=(gone,),
                n_forget=135,
                n_retain=1212,
                hash="0" * 16,
            ),
            atlas=AtlasFacts(mime="image/png", tile=8, columns=10),
            original=summary().original,
            total=(frames - 1) * 4,
            every=4,
            scale=float(xy[0].std(0).mean()),
        )
    )
    for t in range(frames):
        left = 1 - t / max(frames - 1, 1)
        logits = np.eye(len(names), dtype=np.float32)[pred[t]]
        z = xy[t]  # embeddings are where they are drawn
        quality = {"fidelity": 0.97, "trustworthiness": 0.96, "jitter": 0.012, "noise_floor": 0.003}
        writer.snapshot(
            4 * t, z=z, logits=logits, test_logits=logits[:20], xy=xy[t], quality=quality
        )
        row = {"forget_acc_train": 98 * left, "forget_acc_test": 97 * left, "ra": 99.0 - t / 9}
        writer.metrics(4 * t, row | {"ta": 96.5, "knn_probe_forget": 99 - 20 * (1 - left)})
        losses = [StepLog(4 * t + k, 0.0, {"push": left, "pull": -left}) for k in range(4)]
        writer.steps(losses)
        writer.put(RunProgress(step=4 * t, phase="unlearning", phase_done=4 * t))
    writer.event(4 * (frames // 2), "stop-rule", "Eq. 8: at most 10 %")


def summary() -> Summary:
    values = {"forget_acc_train": 0.0, "forget_acc_test": 0.0, "ra": 98.4, "ta": 96.5}
    values |= {"knn_probe_forget": 79.2, "centroid_own": None}
    original = values | {"forget_acc_train": 100.0, "forget_acc_test": 97.8} | {"ra": 99.9}
    return Summary(
        metrics=values,
        original=original | {"knn_probe_forget": 99.3},
        retrained=values | {"knn_probe_forget": 61.5, "ra": 99.7, "ta": 97.1},
        reasons={"centroid_own": "not computed: no other sample of the class is in the probe"},
        headline="Class 5: 0 % right, the features forgot only in part",
        verdict="Accuracy on the forgotten class 5 is 0 % (original 98 %, retrained 0 %). Yet by "
        "its neighbours 79 % of it can still be told apart (original 99 %, retrained 62 %). The "
        "last layer forgot, the features only in part.",
        steps=20,
        device="cpu",
    )


def cached_model(store: Store, model_id: str = "small-cnn-digits-0001", **more: Any) -> str:
    facts = {"kind": "original", "architecture": "small-cnn", "dataset": "digits"}
    facts |= {"dataset_hash": "0" * 16, "class_names": ("0", "1"), "accuracy": 97.3, "seed": 0}
    record = ModelRecord(id=model_id, **(facts | more))
    store.add_model(record, lambda folder: (folder / "model.safetensors").write_bytes(b"weights"))
    return model_id


def recording(folder: Path) -> bytes:
    """A made-up recorded run, as ``lethe export --recording`` writes one."""
    store = Store(folder, bundled=None)
    record = store.run(finished(store, points=400, frames=30))
    return recording_format.recording(store, record)


def gallery(folder: Path, *names: str, **said: str) -> None:
    """A folder of made-up recorded runs, in the order of their names, each with what is said."""
    made = recording(folder / "home")
    folder.mkdir(exist_ok=True)
    for order, name in enumerate(names, start=1):
        (folder / f"{name}.lethe").write_bytes(gzip.compress(made))
        facts = {"title": f"The story of {name}", "words": f"Watch {name} go."}
        facts |= {"figure": "knn_probe_forget", "reads": "{unlearned} %, retrained {retrained} %"}
        lines = [f"{key} = {json.dumps(text)}" for key, text in (facts | said).items()]
        command = json.dumps(f"lethe unlearn --name {name}")
        lines = [f"order = {order}", *lines, f"commands = [{command}]", '[opens]\nview = "map"']
        (folder / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")
