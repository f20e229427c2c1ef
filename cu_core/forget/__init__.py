"""Which training samples are to be forgotten: one rule per file, discovered by a scan.

``parse("class:5", dataset, seed)`` gives a ForgetSet or a BadForgetSet sentence, before any work.
"""

import sys
from functools import cache
from typing import Literal

import numpy as np

from cu_core import registry
from cu_core.errors import BadForgetSet
from cu_core.forget._rule import Picked, Rule
from cu_core.forget._source import listed_file
from cu_core.forget._stages import beyond, stage_rules
from cu_core.forget.classes import class_ids
from cu_core.spec import Dataset, ForgetSet, Ints, RuleCard

__all__ = [
    "Picked",
    "Rule",
    "beyond",
    "cards",
    "class_ids",
    "listed_file",
    "parse",
    "rules",
    "stage_rules",
    "words",
]


def rules() -> list[Rule]:
    """Every rule, by key. ImportError if two files claim one key."""
    return list(_registry(tuple(__path__)))


@cache
def _registry(folders: tuple[str, ...]) -> tuple[Rule, ...]:
    here = sys.modules[__name__]
    found = registry.scan(here, lambda m: [m.RULE], lambda rule: rule.key, "rule")
    return tuple(found[key] for key in sorted(found))


def cards() -> dict[str, RuleCard]:
    """Every rule by its key: what it is called, what it does, and what asks for the rest of it."""
    fields = RuleCard.model_fields
    return {r.key: RuleCard(**{name: getattr(r, name) for name in fields}) for r in rules()}


def words(rule: str) -> str:
    """A rule as a sentence says it: "class:3,5" is "classes 3, 5". As it is written where its file
    has no words for it, or would refuse it."""
    key, _, argument = rule.strip().partition(":")
    say = next((r.words for r in rules() if r.key == key), None)
    try:
        return say(argument.strip()) if say else rule
    except BadForgetSet:
        return rule


def parse(rule: str, dataset: Dataset, seed: int) -> ForgetSet:
    """The samples a rule names: "class:5", "class:cat,dog", "random:0.1", "indices:FILE".

    The same (rule, data, seed) give the same set. BadForgetSet for an unknown rule, and for a set
    that is empty, everything, or leaves fewer than two classes to keep.
    """
    key, _, argument = rule.strip().partition(":")
    known = {r.key: r for r in rules()}
    if key not in known:
        examples = ", ".join(r.example for r in known.values())
        raise BadForgetSet(f"No rule is called {key!r}; write one of {examples}.")
    found = known[key].select(argument.strip(), dataset, seed)
    picked = found if isinstance(found, Picked) else Picked(found)
    index = np.sort(picked.index).astype(np.int64)
    classes = _check(_told(rule.strip(), known[key]), index, dataset)
    kind: Literal["class", "sample"] = "class" if classes else "sample"
    return ForgetSet(index, rule.strip(), kind, classes, seed, picked.notes)


def _told(rule: str, known: Rule) -> str:
    """The rule in a message: of a file its own name, without the folder."""
    path, _ = listed_file(rule.partition(":")[2])
    return f"{known.key}:{path.name}" if known.control == "file" else rule


def _check(rule: str, index: Ints, dataset: Dataset) -> tuple[int, ...]:
    """The classes a set consists of, () if it is not whole classes; refuses what cannot be run."""
    y = dataset.train_y
    if not len(index):
        raise BadForgetSet(f"{rule} selects no sample of {dataset.key}; select at least one.")
    if len(index) == len(y):
        raise BadForgetSet(
            f"{rule} selects all {len(y):,} training samples; something must be left to keep."
        )
    forgotten = np.bincount(y[index], minlength=dataset.n_classes)  # (C,)
    everything = np.bincount(y, minlength=dataset.n_classes)
    left = np.flatnonzero(everything - forgotten)
    if len(left) < 2:
        raise BadForgetSet(
            f"{rule} leaves only the class {dataset.class_names[left[0]]!r} to keep; "
            "at least two classes must be left."
        )
    touched = np.flatnonzero(forgotten)
    whole = bool((forgotten[touched] == everything[touched]).all())
    return tuple(int(c) for c in touched) if whole else ()
