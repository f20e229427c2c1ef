"""A loop of one's own, watched and not: what a step costs, and what share of the time is looking.

    python -m bench watch
    python -m bench watch --model resnet18 --seconds 600 --device cuda

The same loop (10,000 made images of ten classes, one of them taught wrong) is run in turns, by
itself and under ``lethe.watch`` at its default interval, as many steps as fill the
seconds. ``between``: steps that no look falls into, where a watch costs a counter and the copy of a
loss. The weights at the end are compared, bit for bit.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import Subset, TensorDataset

import cu_core as lethe
from bench import made_data, report
from bench.report import Found, Row
from bench.runs import now, say
from cu_core import models
from cu_core.watching import Watch
from cu_core.watching.cadence import SHARE

CLASSES, SHAPE, BATCH, FORGOTTEN = 10, (3, 32, 32), 64, 3
WARM = 5  # steps before any clock starts


def main(argv: list[str]) -> int:
    return report.run("watch", argv, _options(argv), measure, text)


def _options(argv: list[str]) -> argparse.Namespace:
    options = report.Options("watch", __doc__)
    options.add_argument("--quick", action="store_true", help="a short loop, for a look at it")
    options.add_argument("--model", default="small-cnn", choices=models.names())
    options.sized("--seconds", 60.0, 4.0, "of each loop, by the pace of its first steps")
    options.sized("--rounds", 3, 1, "of the two ways, in turns")
    options.sized("--images", 10_000, 600, "to train on")
    options.device("cpu")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> Found:
    """One row a turn, and what the promise asks."""
    data = _data(options.images, options.device)
    steps = _steps(options, data)
    rows, weights = [], []
    for turn in range(options.rounds):
        for is_watched in (False, True):
            say(f"{options.model}, turn {turn + 1}, {'watched' if is_watched else 'alone'}")
            row, model = _turn(options, data, steps, home if is_watched else None)
            rows.append({"turn": turn + 1, "watched": is_watched, **row})
            weights.append(model.state_dict())
    alike = all(torch.equal(each[k], weights[0][k]) for each in weights for k in weights[0])
    watched = [row for row in rows if row["watched"]]
    alone = [row for row in rows if not row["watched"]]
    between = [statistics.median(r["between_ms"] for r in rows) for rows in (alone, watched)]
    share = max(row["share"] for row in watched)
    targets = [
        report.target("looking, % of the loop at most", 100 * share, most=100 * SHARE),
        report.target("a step between looks over one alone", between[1] / between[0]),
        report.target("the same weights, bit for bit", float(alike), least=1.0),
    ]
    return {"rows": rows, "targets": targets, "faults": int(not alike)}


def text(found: Found) -> str:
    heads = ["turn", "", "ms a step", "between looks", "looks", "ms a look", "looking, %"]
    lines = [heads, *(_line(row) for row in found["rows"])]
    parts = [report.table(lines, "---:"), report.target_table(found["targets"])]
    return "\n\n".join(["\n".join(part) for part in parts] + [report.circumstances(found)])


def _line(row: Row) -> list[str]:
    own = ["looks", "look_ms"]
    told = [report.number(row[name]) if row["watched"] else "-" for name in own]
    share = f"{100 * row['share']:.2f}" if row["watched"] else "-"
    said = [report.number(row[name]) for name in ("step_ms", "between_ms")]
    return [str(row["turn"]), "watched" if row["watched"] else "alone", *said, *told, share]


def _data(n: int, device: str) -> TensorDataset:
    x, y = made_data.noise(n, CLASSES)
    return TensorDataset((torch.tensor(x) / 127.5 - 1).to(device), torch.tensor(y).to(device))


def _steps(options: argparse.Namespace, data: TensorDataset) -> int:
    """As many as fill the seconds."""
    row, _ = _turn(options, data, 3 * WARM, None)
    return max(WARM, int(1000 * options.seconds / row["between_ms"]))


def _turn(
    options: argparse.Namespace, data: TensorDataset, steps: int, home: Path | None
) -> tuple[Found, nn.Module]:
    """``steps`` updates; ms of a step in all and between looks, and what the watch says."""
    x, y = data.tensors
    model = models.build(options.model, SHAPE, CLASSES, seed=0).to(options.device).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    torch.manual_seed(0)
    w = None if home is None else _watched(model, data, home)
    spent: list[float] = []
    began = now(options.device)
    for k in range(WARM + steps):
        if k == WARM:
            began = now(options.device)
            spent.clear()
        at = now(options.device)
        some = torch.randint(len(x), (BATCH,)).to(x.device)
        taught = torch.where(y[some] == FORGOTTEN, (y[some] + 1) % CLASSES, y[some])
        loss = cross_entropy(model(x[some])[0], taught)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if w is not None:
            w.step(loss=loss)
        spent.append(1000 * (now(options.device) - at))
    whole = now(options.device) - began
    found: Found = {"step_ms": 1000 * whole / steps, "between_ms": statistics.median(spent)}
    return {**found, **(_said(w) if w is not None else {})}, model


def _watched(model: nn.Module, data: TensorDataset, home: Path) -> Watch:
    gone = (data.tensors[1] == FORGOTTEN).cpu()
    sides = [Subset(data, torch.nonzero(side)[:, 0].tolist()) for side in (gone, ~gone)]
    return lethe.watch(model, forget=sides[0], retain=sides[1], test=data, home=home)


def _said(w: Watch) -> dict[str, Any]:
    cadence = w.cadence
    looks = (w.recorder.frames if w.recorder else 0) - 1
    share, looked = cadence.share, cadence.looked
    w.close()
    if w.problem:
        raise SystemExit(w.problem)
    return {"share": share, "looks": looks, "look_ms": 1000 * looked / max(looks, 1)}
