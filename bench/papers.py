"""Every method in the papers' two scenarios, beside the numbers the papers print.

    python -m bench papers --methods contrastive fine-tune --home DIR --resume FILE.jsonl
    python -m bench papers --dataset parquet:DIR --model resnet18 --device cuda

Each method forgets a class and a random tenth, from originals trained with each seed, by the run
that the app does. RA, UA, TA and MIA are in percent; Avg. Gap is the mean distance of these four to
the mean of the retrained models, of each seed, so that what seeds differ by counts as a gap; "of
means" is that of the means over seeds, which is what arXiv:2509.16391 prints. "without MIA" is of
RA, UA and TA: the only gap where the attack is void, since retrained seeds lie more than 50 points
apart in it. Rows are in the order of the gap. "class, test" is the accuracy on test samples of the
forgotten class. MIA and rho are of the probe's samples, the rest of the whole sets. rho is what a
probe of the embeddings still reads, 0 = like retrained, 1 = like the original. Images are those a
method's own steps sent forward and backward. An asterisk: the mean lies between the lowest and
highest retrained seed; one run has none. "n": of how many seeds, where not of all.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import papers_report, papers_text, report
from bench.papers_rules import METHOD, ablations
from bench.papers_run import Bench, Case
from bench.runs import trained
from cu_core import methods
from cu_core.cli._options import parse_knobs
from cu_core.errors import BadRequest
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

CHECKPOINT = (
    "Checkpoint: the model after the last step of each run, never the best on test data. The costs "
    "that arXiv:2509.16391 prints amount to another number of epochs for each method; it does not "
    "say by what rule they were chosen."
)
ENDS_ALONE = 1_000_000_000  # steps between snapshots: the start and the end


def main(argv: list[str]) -> int:
    def text(found: report.Row) -> str:
        return papers_text.text(found, __doc__ or "")

    return report.run("papers", argv, _options(argv), measure, text)


def _options(argv: list[str]) -> argparse.Namespace:
    options = report.Options("papers", __doc__)
    add = options.add_argument
    tasks, for_all = ["class:5", "random:0.1"], "for every method that has the knob; on record"
    add("--methods", nargs="+", help="names, or NAME:PRESET (all methods)")
    add("--tasks", nargs="+", default=tasks, help="what to forget: class:5, random:0.1, ...")
    add("--dataset", default="digits", help="digits, or parquet:DIR for CIFAR-10")
    add("--model", default="small-cnn", help="small-cnn, resnet20, resnet18, ...")
    add("--head", default="plain", help="plain, or normalised (ResNets, VGG, ViT)")
    add("--epochs", type=int, help="of training originals and references (else the recipe's)")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of originals and references")
    add("--preset", help="used by every method that has one of this name")
    add("--set", nargs="+", default=[], metavar="KNOB=VALUE", dest="knobs", help=for_all)
    add("--max-steps", type=int, help="of each run (else the preset's)")
    add("--probe", type=int, default=2000, help="samples whose embeddings are probed")
    options.device()
    add("--ablate", action="store_true", help="contrastive unlearning without each of its parts")
    add("--rules", action="store_true", help="where stopping rules would end contrastive runs")
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    add("--resume", metavar="FILE", help="finished cells are kept here, and not measured again")
    add(
        "--minutes",
        type=float,
        help="no cell is begun later than that; --resume goes on from there",
    )
    add("--keep-runs", action="store_true", help="leave the runs in the home folder, to be watched")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    """Every task's rows; what could not be run is said with its reason."""
    log = Path(options.resume) if options.resume else None
    bench = Bench(Store(home), log, options.keep_runs, options.minutes)
    tasks = [task(bench, options, rule) for rule in options.tasks]
    return {"tasks": tasks, "faults": bench.faults, "checkpoint": CHECKPOINT}


def task(bench: Bench, options: argparse.Namespace, rule: str) -> dict[str, Any]:
    """One scenario: the references of all seeds first, for a method is measured against all."""
    asked = [request(options, rule, seed) for seed in options.seeds]
    for one in asked:
        trained(bench.store, one)
        trained(bench.store, one, rule)
    not_run: list[str] = []
    cells: dict[str, list[dict[str, Any]]] = {"methods": [], "ablations": [], "rules": []}
    for case in cases(options, rule, not_run):
        try:
            cells[case.part].append(bench.cell(case))
        except BadRequest as refusal:
            if (said := f"{case.name}: not run: {refusal}") not in not_run:
                not_run.append(said)
    costs = [bench.retrained(one) for one in asked]
    return {"task": rule, "not_run": not_run} | papers_report.task_result(
        options, rule, cells, costs
    )


def request(options: argparse.Namespace, rule: str, seed: int, **more: Any) -> UnlearnRequest:
    """``seed`` is of the models; the forget set and the batches are of seed 0."""
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


def cases(options: argparse.Namespace, rule: str, not_run: list[str]) -> Iterator[Case]:
    """What the tables are made of, each for every seed."""

    def each(
        name: str, part: str, key: str, preset: str | None, changed: dict[str, Any], **more: Any
    ) -> Iterator[Case]:
        has, seeds = methods.get(key).model_fields, tuple(options.seeds)
        given = {k: v for k, v in parse_knobs(options.knobs).items() if k in has} | changed
        more |= {"method": key, "preset": preset, "hparams": given}
        for seed in seeds:
            yield Case(name, request(options, rule, seed, **more), part, seeds)

    def usual(key: str) -> str | None:
        """``--preset``, for the methods that have one of this name."""
        return options.preset if options.preset in methods.get(key).presets else None

    for name in options.methods or methods.names():
        key, _, preset = name.partition(":")
        preset = preset or usual(key)
        yield from each(f"{key} ({preset})" if preset else key, "methods", key, preset, {})
    if options.ablate:  # one part changed at a time, where the method has the knob for it
        there, missing = ablations()
        not_run.extend(missing)
        for name, changed in there:
            yield from each(name, "ablations", METHOD, usual(METHOD), changed)
    if options.rules:  # with the usual number of snapshots, at which rules are tried
        yield from each(METHOD, "rules", METHOD, usual(METHOD), {}, every=None)
