"""The live map against a fresh UMAP per frame, in one run on one machine.

    python bench/map_quick.py [--every 5] [--run run.npz]

Digits, a small network trained here for some seconds, 31 snapshots of a contrastive-like
unlearning of one class. ``--run`` takes any recorded snapshots instead: z (T, P, D), label (P,),
forget (P,). Prints time, trustworthiness, forget fidelity, retain jitter and noise floor; "layout"
is neighbours, graph and forces, "frame" adds every measure.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from cu_core.projection import Layout, quality, reference
from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.layout import K, advance, embedded
from cu_core.projection.neighbours import nearest

FORGET_CLASS, SNAPSHOTS, STEPS_EACH = 5, 30, 4


def digits_run() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Snapshots z (T, P, 64) of a network unlearning one class, label (P,), forget (P,)."""
    from sklearn.datasets import load_digits

    torch.manual_seed(0)
    data = load_digits()
    x = torch.tensor(data.data / 16, dtype=torch.float32)
    y = torch.tensor(data.target)
    body = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
    head = nn.Linear(64, 10)
    parameters = [*body.parameters(), *head.parameters()]
    adam = torch.optim.Adam(parameters, 2e-3)
    for _ in range(20):
        for part in torch.randperm(len(x)).split(64):
            adam.zero_grad()
            cross_entropy(head(body(x[part])), y[part]).backward()
            adam.step()
    sgd = torch.optim.SGD(parameters, 1e-2, momentum=0.9)
    gone, kept = torch.where(y == FORGET_CLASS)[0], torch.where(y != FORGET_CLASS)[0]
    frames = [body(x).detach().numpy()]
    for _ in range(SNAPSHOTS):
        for _ in range(STEPS_EACH):
            f = gone[torch.randint(len(gone), (64,))]
            r = kept[torch.randint(len(kept), (64,))]
            z_f, z_r = body(x[f]), body(x[r])
            pull = (normalize(z_f, dim=1) @ normalize(z_r, dim=1).T / 0.7).mean()
            sgd.zero_grad()
            (cross_entropy(head(z_r), y[r]) - 3 * pull).backward()
            sgd.step()
        frames.append(body(x).detach().numpy())
    return np.stack(frames), y.numpy(), (y == FORGET_CLASS).numpy()


def measured(z: np.ndarray, xy: np.ndarray, label: np.ndarray, forget: np.ndarray) -> list[float]:
    """[trustworthiness, forget fidelity] of any layout."""
    points = embedded(z, "cpu", True)
    near, drawn = nearest(points, K), nearest(torch.tensor(xy), K).index
    classes, asked = torch.tensor(label), torch.tensor(forget)
    trust = quality.trustworthiness(points, near, drawn)
    return [trust, quality.forget_fidelity(classes, asked, near.index, drawn)]


def layout_ms(z: np.ndarray, before: np.ndarray) -> float:
    began = time.perf_counter()
    near = nearest(embedded(z, "cpu", True), K)
    advance(fuzzy_set(near.first(K - 1)), torch.tensor(before), 0, 0)
    return 1e3 * (time.perf_counter() - began)


def ours(z: np.ndarray, label: np.ndarray, forget: np.ndarray) -> dict[str, list[float]]:
    """One value a frame of each measure, and of the milliseconds."""
    layout = Layout(reference(z[0], seed=0), seed=0)
    found: dict[str, list[float]] = {"layout ms": [], "frame ms": []}
    for t, frame_z in enumerate(z):
        found["layout ms"].append(layout_ms(frame_z, layout.xy))
        began = time.perf_counter()
        frame = layout.place(frame_z, t, label, forget)
        found["frame ms"].append(1e3 * (time.perf_counter() - began))
        for key, value in frame.quality.items():
            found.setdefault(key, []).append(value)
    return found


def fresh(
    z: np.ndarray, label: np.ndarray, forget: np.ndarray, every: int
) -> tuple[list[float], np.ndarray, list[float]]:
    """Milliseconds, [trustworthiness, fidelity] and jitter between fits of umap-learn."""
    import umap

    spent, found, layouts = [], [], []
    for frame_z in z[::every]:
        points = embedded(frame_z, "cpu", True).numpy()
        began = time.perf_counter()
        layouts.append(umap.UMAP(n_neighbors=K, random_state=0).fit_transform(points))
        spent.append(1e3 * (time.perf_counter() - began))
        found.append(measured(frame_z, layouts[-1], label, forget))
    scale = layouts[0].std(0).mean()
    steps = [
        float(np.median(np.linalg.norm(b - a, axis=1)[~forget])) / scale
        for a, b in itertools.pairwise(layouts)
    ]
    return spent, np.array(found), steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=5, help="fit a fresh UMAP every so many")
    parser.add_argument("--run", help="recorded snapshots instead of digits")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if chosen.run:
        saved = np.load(chosen.run)
        z, label, forget = saved["z"], saved["label"], saved["forget"]
    else:
        z, label, forget = digits_run()
    got = ours(z, label, forget)
    spent, ceiling, steps = fresh(z, label, forget, chosen.every)
    mine = np.stack([got["trustworthiness"], got["fidelity"]], 1)[:: chosen.every]
    short = ceiling - mine
    print(
        f"{z.shape[1]} points, {z.shape[2]}-d, {len(z)} frames, {torch.get_num_threads()} threads"
    )
    print("| | median ms (min) | trustworthiness | forget fidelity | jitter | floor |")
    print("|---|---|---|---|---|---|")
    mean = {key: statistics.mean(value[1:]) for key, value in got.items()}
    layout, frame = got["layout ms"], got["frame ms"]
    print(
        f"| ours | layout {statistics.median(layout):.0f} ({min(layout):.0f}), with measures "
        f"{statistics.median(frame):.0f} ({min(frame):.0f}) | {mean['trustworthiness']:.4f} | "
        f"{mean['fidelity']:.4f} | {mean['jitter']:.4f} | {mean['noise_floor']:.4f} |"
    )
    print(
        f"| fresh UMAP | {statistics.median(spent):.0f} ({min(spent):.0f}) | "
        f"{ceiling[:, 0].mean():.4f} | {ceiling[:, 1].mean():.4f} | "
        f"{statistics.mean(steps):.3f} | |"
    )
    print(
        f"ours below fresh, same frames: trustworthiness mean {short[:, 0].mean():.4f}, worst "
        f"{short[:, 0].max():.4f}; fidelity mean {short[:, 1].mean():.4f}, worst "
        f"{short[:, 1].max():.4f}"
    )
    print(f"fresh UMAP / our layout: {min(spent) / min(layout):.0f} (least times of both)")


if __name__ == "__main__":
    main()
