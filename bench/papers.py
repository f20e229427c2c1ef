"""Every method in the papers' two scenarios, beside the numbers the papers print.

    python -m cu_core bench papers --methods contrastive fine-tune --home DIR --resume FILE.jsonl
    python -m cu_core bench papers --dataset parquet:DIR --model resnet18 --device cuda

Each method forgets a class and a random tenth, from originals trained with each seed, by the run
that the app does. RA, UA, TA and MIA are in percent; Avg. Gap is the mean distance of these four to
the mean of the retrained models, of each seed, so that what seeds differ by counts as a gap; "of
means" is that of the means over seeds, which is what arXiv:2509.16391 prints. "class, test" is the
accuracy on test samples of the forgotten class. MIA and rho are of the probe's samples, the rest of
the whole sets. rho is what a probe of the embeddings still reads, 0 = like retrained, 1 = like the
original. Images are those a method's own steps sent forward and backward. An asterisk: the mean
lies between the lowest and highest retrained seed. "n": of how many seeds, where not of all.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import provenance

TASKS = ("class:5", "random:0.1")
CHECKPOINT = (
    "Checkpoint: the model after the last step of each run, never the best on test data. The costs "
    "that arXiv:2509.16391 prints amount to another number of epochs for each method; it does not "
    "say by what rule they were chosen."
)
ENDS_ALONE = 1_000_000_000  # steps between snapshots: the start and the end


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    options = _options(given)
    from bench import papers_text
    from cu_core.engine import pick_device

    options.device = pick_device(options.device)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(options, options.home or scratch)
    found |= provenance.about("papers", given, options) | {"checkpoint": CHECKPOINT}
    print(json.dumps(found) if options.json else papers_text.text(found, __doc__ or ""))
    return 1 if found["faults"] else 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = provenance.parser("papers", __doc__)
    add = parser.add_argument
    add("--methods", nargs="+", help="names, or NAME:PRESET (all methods)")
    add("--tasks", nargs="+", default=TASKS, help="what to forget: class:5, random:0.1, ...")
    add("--dataset", default="digits", help="digits, or parquet:DIR for CIFAR-10")
    add("--model", default="small-cnn", help="small-cnn, resnet20, resnet18, ...")
    add("--head", default="plain", help="plain, or normalised (ResNets, VGG, ViT)")
    add("--epochs", type=int, help="of training originals and references (else the recipe's)")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of originals and references")
    add("--preset", help="used by every method that has one of this name")
    add(
        "--set",
        nargs="+",
        default=[],
        metavar="KNOB=VALUE",
        dest="knobs",
        help="for every method that has the knob, said in the settings of the results",
    )
    add("--max-steps", type=int, help="of each run (else the preset's)")
    add("--probe", type=int, default=2000, help="samples whose embeddings are probed")
    add("--device", default="auto", choices=["auto", "cuda", "mps", "cpu"])
    add("--ablate", action="store_true", help="contrastive unlearning without each of its parts")
    add("--rules", action="store_true", help="where stopping rules would end contrastive runs")
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    add("--resume", metavar="FILE", help="finished cells are kept here, and not measured again")
    add("--keep-runs", action="store_true", help="leave the runs in the home folder, to be watched")
    options = parser.parse_args(argv)
    options.tasks = list(options.tasks)
    return options


def measure(options: argparse.Namespace, home: str | Path) -> dict[str, Any]:
    """Every task's rows; what could not be run is said with its reason."""
    from bench.papers_run import Bench
    from cu_core.store import Store

    log = Path(options.resume) if options.resume else None
    bench = Bench(Store(home), log, options.keep_runs)
    tasks = [task(bench, options, rule) for rule in options.tasks]
    return {"tasks": tasks, "faults": bench.faults}


def task(bench: Any, options: argparse.Namespace, rule: str) -> dict[str, Any]:
    """One scenario: the references of all seeds first, for a method is measured against all."""
    from bench import papers_report as report

    for seed in options.seeds:
        bench.references(request(options, rule, seed))
    not_run: list[str] = []
    cells = {
        part: _cells(bench, cases, not_run)
        for part, cases in {
            "methods": method_cases(options, rule),
            "ablations": ablation_cases(options, rule, not_run) if options.ablate else [],
            "rules": rule_cases(options, rule) if options.rules else [],
        }.items()
    }
    costs = [bench.retrained(request(options, rule, seed)) for seed in options.seeds]
    return {"task": rule, "not_run": not_run, **report.task_result(options, rule, cells, costs)}


def _cells(bench: Any, cases: Any, not_run: list[str]) -> list[dict[str, Any]]:
    from cu_core.errors import BadRequest

    found = []
    for case in cases:
        try:
            found.append(bench.cell(case))
        except BadRequest as refusal:
            if (said := f"{case.name}: not run: {refusal}") not in not_run:
                not_run.append(said)
    return found


def request(options: argparse.Namespace, rule: str, seed: int, **more: Any) -> Any:
    """``seed`` is of the models; the forget set and the batches are of seed 0."""
    from cu_core.spec import UnlearnRequest

    usual = {
        "dataset": options.dataset,
        "model": options.model,
        "head": options.head,
        "train_epochs": options.epochs,
        "model_seed": seed,
        "forget": rule,
        "max_steps": options.max_steps,
        "probe_size": options.probe,
        "device": options.device,
        "every": ENDS_ALONE,
    }
    return UnlearnRequest(**{**usual, **more})


def method_cases(options: argparse.Namespace, rule: str) -> list[Any]:
    from bench.papers_run import Case
    from cu_core import methods

    cases = []
    for name in options.methods or methods.names():
        key, _, preset = name.partition(":")
        preset = preset or usual_preset(options, key) or ""
        title = f"{key} ({preset})" if preset else key
        for seed in options.seeds:
            wanted = request(
                options, rule, seed, method=key, preset=preset or None, hparams=knobs(options, key)
            )
            cases.append(Case(title, wanted, beside=tuple(options.seeds)))
    return cases


def knobs(options: argparse.Namespace, method: str) -> dict[str, Any]:
    """Those of ``--set`` that the method has."""
    from cu_core import methods
    from cu_core.cli import parse_knobs

    has = methods.get(method).model_fields
    return {name: value for name, value in parse_knobs(options.knobs).items() if name in has}


def usual_preset(options: argparse.Namespace, method: str) -> str | None:
    """``--preset``, for the methods that have one of this name."""
    from cu_core import methods

    return options.preset if options.preset in methods.get(method).presets else None


def ablation_cases(options: argparse.Namespace, rule: str, not_run: list[str]) -> list[Any]:
    """Contrastive unlearning with one part changed at a time, where it has the knob for it."""
    from bench.papers_ablate import METHOD, ablations
    from bench.papers_run import Case

    there, missing = ablations()
    not_run.extend(missing)
    usual = {"method": METHOD, "preset": usual_preset(options, METHOD)}
    given = knobs(options, METHOD)
    seeds = tuple(options.seeds)
    return [
        Case(
            name, request(options, rule, seed, **usual, hparams=given | changed), "ablations", seeds
        )
        for name, changed in there
        for seed in seeds
    ]


def rule_cases(options: argparse.Namespace, rule: str) -> list[Any]:
    """Contrastive runs with their usual number of snapshots, at which rules are tried."""
    from bench.papers_ablate import METHOD
    from bench.papers_run import Case

    usual = {"method": METHOD, "preset": usual_preset(options, METHOD)}
    usual |= {"hparams": knobs(options, METHOD)}
    seeds = tuple(options.seeds)
    return [
        Case(METHOD, request(options, rule, seed, **usual, every=None), "rules", seeds)
        for seed in seeds
    ]


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(main())
