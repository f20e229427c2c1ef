"""Forget sets that grow: what a stage adds, and the rules of a sequence of stages."""

import numpy as np

from cu_core.errors import BadForgetSet
from cu_core.forget._rule import fraction
from cu_core.spec import ForgetSet, Ints


def beyond(chosen: ForgetSet, before: ForgetSet) -> Ints:
    """The samples of ``chosen`` that ``before`` lacks, sorted (F,). BadForgetSet if ``chosen``
    does not hold all of ``before``, or nothing else."""
    lost = np.setdiff1d(before.index, chosen.index)
    if len(lost):
        raise BadForgetSet(
            f"{chosen.rule} leaves out {len(lost):,} of the {len(before.index):,} samples of "
            f"{before.rule}, forgotten before; a stage must hold everything forgotten so far."
        )
    new = np.setdiff1d(chosen.index, before.index)
    if not len(new):
        raise BadForgetSet(f"{chosen.rule} adds nothing to {before.rule}, forgotten before.")
    return new


def stage_rules(rule: str, stages: int) -> list[str]:
    """The rule of each stage, which holds those before it: "random:0.1" in 3 stages is 0.1, 0.2,
    0.3 of all samples; "class:3,5,7" is 3, then 3,5, then 3,5,7."""
    key, _, argument = rule.strip().partition(":")
    counted = range(1, stages + 1)
    if stages < 1:
        raise BadForgetSet(f"A sequence has at least one stage, got {stages}.")
    if key in ("random", "per-class"):
        share = fraction(argument, key)
        if round(share * stages, 9) >= 1:
            raise BadForgetSet(
                f"{stages} stages of {rule} leave nothing to keep; use fewer or smaller ones."
            )
        return [f"{key}:{share * s:.9g}" for s in counted]
    if key == "class":
        classes = argument.split(",")
        if len(classes) < stages:
            raise BadForgetSet(
                f"{rule} is {len(classes)} of the {stages} classes that {stages} stages need; name "
                "more classes, or ask for fewer stages."
            )
        return [f"class:{','.join(classes[: len(classes) * s // stages])}" for s in counted]
    raise BadForgetSet(f"{rule} cannot be cut into stages; use random:, per-class: or class:.")
