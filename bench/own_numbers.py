"""Models trained outside Lethe, in a plain loop, and the accuracy that an import gives them.

    python -m bench own_numbers

Each is torchvision's ResNet-18 on the digits in three channels (1,200 to train, 597 to test; or 12
classes in folders, in the order of their names as text), trained with a normalisation, a stem and
names as people have them. "script" is the accuracy in the loop that trained it, "untold" what
``lethe import FILE --dataset KEY`` finds by itself, "told" the same with the owner's
normalisation. A row counts as met within one test image.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bench import report
from bench.runs import say

TRAIN, BATCH, LR = 1200, 64, 0.05
CLASSES = 10
CIFAR = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
Names = Callable[[dict[str, Tensor]], Any]


@dataclass(frozen=True)
class Habit:
    """A way people train. ``mean``, ``std``: of pixels in 0..1, None: the data's own;
    ``told``: the words of ``--normalise``; ``saved``: what goes into the file."""

    name: str
    mean: tuple[float, ...] | None
    std: tuple[float, ...]
    told: str = ""
    pool: bool = False
    saved: Names = dict
    folder: bool = False


HABITS = (
    Habit("ToTensor alone", (0.0,), (1.0,), "totensor"),
    Habit("0.5, 0.5", (0.5,), (0.5,), "0.5,0.5"),
    Habit("ImageNet's", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "imagenet"),
    Habit("CIFAR-10's of .4914 and .2023", *CIFAR, ",".join(map(str, CIFAR[0])) + ";"
          + ",".join(map(str, CIFAR[1]))),
    Habit("bytes 0 to 255", (0.0,), (1 / 255,)),
    Habit("the data's own mean and std", None, ()),
    Habit("names of pytorch-cifar, ToTensor", (0.0,), (1.0,), "totensor",
          saved=lambda s: {"net": {f"module.{_theirs(k)}": v for k, v in s.items()}, "epoch": 3}),
    Habit("a layer that normalises, inside", *CIFAR,
          saved=lambda s: {"normalize.mean": torch.tensor(CIFAR[0]),
                           "normalize.std": torch.tensor(CIFAR[1]), **s}),
    Habit("a 3 x 3 stem that keeps its max-pool, ToTensor", (0.0,), (1.0,), "totensor", pool=True),
    Habit("12 folders 0 to 11 in ImageFolder's order", None, (), folder=True),
)  # fmt: skip


def main(argv: list[str]) -> int:
    options = report.Options("own_numbers", __doc__)
    options.add_argument("--quick", action="store_true", help="one epoch, two rows")
    options.sized("--epochs", 3, 1, "of training")
    options.sized("--rows", len(HABITS), 2, "of the table")
    return report.run("own_numbers", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    home.mkdir(parents=True, exist_ok=True)
    rows = [_row(habit, home, options.epochs) for habit in HABITS[: options.rows]]
    faults = [f"{row['input']}: {row['fault']}" for row in rows if row["fault"]]
    return {"rows": rows, "faults": faults}


def _row(habit: Habit, home: Path, epochs: int) -> report.Found:
    say(habit.name)
    where = home / habit.name.replace(" ", "-")
    where.mkdir()
    (x, y), (u, v), key = _folders(where) if habit.folder else _arrays(where)
    model = _network(int(y.max()) + 1, habit.pool)
    script = _trained(model, habit, (x, y), (u, v), epochs)
    file = where / "model.pth"
    torch.save(habit.saved(model.state_dict()), file)
    row: report.Found = {"input": habit.name, "script": script, "of": len(v), "fault": ""}
    for kind, words in (("untold", []), ("told", ["--normalise", habit.told])):
        if kind == "told" and not habit.told:
            continue
        done = _lethe(["import", str(file), "--dataset", key, *words], where / kind)
        row[kind] = done.get("accuracy")
        if row[kind] is None or abs(row[kind] - script) > 100.5 / len(v):
            row["fault"] = f"{kind} {row[kind]} beside {script:.2f} {done.get('fault', '')}"
    return row


def _lethe(words: Sequence[str], home: Path) -> dict[str, Any]:
    asked = [sys.executable, "-m", "cu_core", *words, "--json", "--home", str(home)]
    done = subprocess.run(asked, capture_output=True, text=True)
    return {"fault": done.stderr.strip()} if done.returncode else dict(json.loads(done.stdout))


def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    found = load_digits()
    x = np.repeat((found.images * 15).astype(np.uint8)[..., None], 3, 3)  # (N, 8, 8, 3)
    return x, found.target.astype(np.int64)


def _arrays(where: Path) -> tuple[Any, Any, str]:
    x, y = _digits()
    train, test, file = (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:]), where / "digits.npz"
    np.savez(file, x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
    return train, test, f"npz:{file}"


def _folders(where: Path) -> tuple[Any, Any, str]:
    """Every other 3 and 8 in negative is a class of its own, 10 and 11; labels go by the text."""
    x, y = _digits()
    for digit, new in ((3, CLASSES), (8, CLASSES + 1)):
        odd = (y == digit) & (np.arange(len(y)) % 2 == 0)
        x[odd], y[odd] = 255 - x[odd], new
    order = sorted(map(str, range(CLASSES + 2)))
    for i, (image, label) in enumerate(zip(x, y, strict=True)):
        folder = where / "data" / ("train" if i < TRAIN else "test") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i:04}.png")
    y = np.array([order.index(str(label)) for label in y])
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:]), f"folder:{where / 'data'}"


def _network(classes: int, pool: bool) -> nn.Module:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model: nn.Module = resnet18(weights=None, num_classes=classes)
    model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    if not pool:
        model.maxpool = nn.Identity()
    return model


def _trained(model: nn.Module, habit: Habit, train: Any, test: Any, epochs: int) -> float:
    """Percent of the test part, after a loop as a script has it."""
    x, u = (torch.from_numpy(part[0]).permute(0, 3, 1, 2).float() / 255 for part in (train, test))
    y, v = torch.from_numpy(train[1]), torch.from_numpy(test[1])
    if habit.mean is None:
        mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3))
    else:
        mean, std = torch.tensor(habit.mean), torch.tensor(habit.std)

    def normalised(images: Tensor) -> Tensor:
        return (images - mean.view(-1, 1, 1)) / std.view(-1, 1, 1)

    optimizer = torch.optim.SGD(model.parameters(), LR, 0.9, weight_decay=5e-4)
    total = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=total)
    for _ in range(epochs):
        for rows in torch.randperm(len(x))[: len(x) // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            cross_entropy(model(normalised(x[rows])), y[rows]).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(normalised(part)).argmax(1) for part in u.split(200)])
    return float((answers == v).float().mean() * 100)


def _theirs(name: str) -> str:
    return name.replace("downsample", "shortcut").replace("fc.", "linear.")


def text(found: report.Row) -> str:
    columns = ("input", "script", "untold", "told", "of", "fault")
    lines = [
        " | ".join(
            f"{row[c]:.2f}" if isinstance(row.get(c), float) else str(row.get(c, "–"))
            for c in columns
        )
        for row in found["rows"]
    ]
    return "\n".join([" | ".join(columns), *lines, "", report.circumstances(found)])
