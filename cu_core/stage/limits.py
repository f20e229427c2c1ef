"""What a run does not show, from its own record: said on whatever leaves the app, in lay words."""

from __future__ import annotations

from cu_core.spec import FEW, RunRecord, Summary
from cu_core.stage.numbers import is_number

TITLE = "What this does not show"
DELETION = "Lethe does not attest deletion. It shows how a network answers and sees, and no more."
PROBE, ATTACK = "knn_probe_forget", "mia"


def limits(record: RunRecord, summary: Summary) -> list[str]:
    """Sentences, the weightiest first; that nothing is attested stands on every one."""
    said = [DELETION, _retrained(summary)]
    if summary.stopped:
        said.append("The run was ended before its last update.")
    if record.is_watched:
        said.append("It was measured on the images of the map alone.")
    if summary.looked_at:
        seen, there_are = summary.looked_at
        said.append(
            f"Accuracies are read on a draw of {seen:,} of {there_are:,} images, each with its "
            "99 % interval."
        )
    few = [summary.counts.get(key, FEW) for key, v in summary.metrics.items() if is_number(v)]
    if few and min(few) < FEW:
        said.append(f"Some shares are of fewer than {FEW} images: a single image moves them far.")
    said.append(_probe(summary))
    said.append(_attack(summary))
    if not record.is_watched:
        said.append("It is one run from one seed: another may end elsewhere.")
    said.append("The map is flat and the network is not: near means alike, far apart says little.")
    return said


def _retrained(summary: Summary) -> str:
    if summary.retrained is None:
        return (
            "No retrained network was there to compare with: what forgetting should look like is "
            "not known here."
        )
    n = len(summary.retrained_seeds)
    if n > 1:
        return f"It is compared with {n} retrained networks; another may lie outside their band."
    return "It is compared with one retrained network; how far another lies from it is not known."


def _probe(summary: Summary) -> str:
    if is_number(summary.metrics.get(PROBE)):
        return "A probe finds what it looks for; another may find more."
    return "What the network can still tell apart was not measured: this is what it answers."


def _attack(summary: Summary) -> str:
    tried = any(is_number(v) for key, v in summary.metrics.items() if key.startswith(ATTACK))
    if tried:
        return "The attacks on privacy are simple ones; a stronger one may see more."
    return "Whether an attack can tell who was forgotten was not tried."
