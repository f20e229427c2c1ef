"""The flows under the Stage and those of the figure: the same rows and words of the same run."""

import json
import subprocess
from typing import Any

import numpy as np
import pytest

from cu_core.figures import RunValues
from cu_core.figures.flows import info, sentence
from cu_core.stage import frames_blob
from cu_core.store.probabilities import answers
from tests.js.test_node import HERE, node

TOLD = """
import { readFileSync } from "node:fs";
import { parseBlob } from "./cu_core/stage/js/blob.js";
import { flows, sentence } from "./cu_core/stage/js/flow.js";
import { Run } from "./cu_core/stage/js/run.js";

const { header, sections } = parseBlob(readFileSync(process.argv[2]));
const run = new Run(header, sections);
const flow = flows(run, run.last);
console.log(JSON.stringify({ flow, said: sentence(flow) }));
"""


def made(seed: int, classes: int, origins: int, moved: float, wrong: float) -> dict[str, Any]:
    """Arrays of a run of two frames, of which the last one has a share of the samples moved."""
    rng = np.random.default_rng(seed)
    n = 300
    label = rng.integers(0, origins, n)
    pred = np.where(rng.random(n) < moved, rng.integers(0, classes, n) // 2, label)
    true = np.where(rng.random(n) < wrong, rng.integers(0, classes, n), label)
    k = min(classes, 4)
    chosen = np.argsort(rng.random((n, classes)), axis=1)[:, :k].astype(np.uint16)
    return {
        "label": label,
        "pred": np.stack([label, pred]),
        "is_forget": rng.random(n) < 0.4,
        "true_label": true,
        "ghost_share": rng.integers(0, 60, (n, k)).astype(np.uint8),  # with equals among them
        "ghost_share_class": chosen,
    }


CASES = {
    "one class": (0, 10, 1, 0.7, 0.0, 0, True),
    "nothing has moved": (1, 10, 1, 0.0, 0.0, 0, True),
    "no retrained model": (2, 10, 1, 0.5, 0.0, 0, False),
    "a part is drawn": (3, 10, 1, 0.5, 0.0, 4321, True),
    "samples of many classes": (4, 10, 10, 0.2, 0.0, 0, True),
    "samples that stay": (5, 10, 10, 0.0, 0.0, 2000, False),
    "planted labels": (6, 10, 3, 0.6, 1.0, 0, True),
    "some planted labels": (7, 10, 1, 0.6, 0.6, 999, True),
    "a few planted labels": (8, 10, 1, 0.6, 0.1, 0, True),
    "three hundred classes": (9, 300, 300, 0.6, 0.0, 0, True),
}


@pytest.mark.parametrize("case", CASES)
def test_the_page_and_the_figure_count_and_say_the_same(case: str, tmp_path: Any) -> None:
    *shape, size, known = CASES[case]
    run = made(*shape)
    names = tuple(f"<{c}>" for c in range(shape[1]))
    share, of = run.pop("ghost_share"), run.pop("ghost_share_class")
    values = RunValues(
        names,
        {},
        (0, 4),
        n_forget=size,
        retrained_pred=answers(share, of) if known else None,
        **run,
    )
    meta = {"steps": [0, 4], "classes": list(names), "forget_size": size or None}
    ghost = {"ghost_share": share, "ghost_share_class": of} if known else {}
    places = np.zeros((2, len(run["label"]), 2))
    file = tmp_path / "run.blob"
    file.write_bytes(
        frames_blob(places, index=np.arange(300), atlas=None, curves=[], meta=meta, **run, **ghost)
    )
    script = tmp_path / "told.mjs"
    script.write_text(TOLD.replace("./cu_core", f"{HERE.parents[1].as_uri()}/cu_core"))
    done = subprocess.run([node(), str(script), str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    here = info(values)
    assert here is not None
    rows = [(r["from"], r["to"], r["home"], r["now"], r["retrained"]) for r in told["flow"]["rows"]]
    assert rows == [(r.origin, r.to, r.home, r.now, r.retrained) for r in here.rows]
    for name in ("total", "whole", "mislabelled", "known"):
        assert told["flow"][name] == getattr(here, name), name
    assert told["said"] == sentence(here)
