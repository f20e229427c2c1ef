"""The attacks of a run that has ended, sample by sample: on the unlearned, the retrained and the
original model, with the outputs that its measures were taken from.

Kept as the view ATTACKS of the run, whose own record it never changes.
"""

from dataclasses import replace

from cu_core import metrics
from cu_core.errors import BadRequest
from cu_core.metrics.attacked import attacked
from cu_core.runs.evaluation import Evaluation
from cu_core.runs.settling import looking_again
from cu_core.spec import ATTACKS, AttackFacts, Attacks, ModelOutputs, Summary, UnlearnRequest
from cu_core.store import Store
from cu_core.store.views import generation_of


def attack(store: Store, asked: Attacks) -> AttackFacts:
    """Every attack on every model there still is; answered from what is kept, if it was asked
    before and the measures are the same. A LetheError says why it cannot be done."""
    record, reader = store.run(asked.run), store.reader(asked.run)
    if not isinstance(record.request, UnlearnRequest) or not record.summary.metrics:
        raise BadRequest(f"Run {asked.run} has no end that could be attacked.")
    version = metrics.fingerprint("references")
    known = reader.view_facts(ATTACKS)
    if known is not None and (facts := AttackFacts.model_validate(known)).version == version:
        return facts
    generation = generation_of(reader.folder)
    with looking_again(store, record) as (evaluation, model):
        own = evaluation.scenes.own(model)
        scenes, gone = _scenes(store, evaluation, own, record.summary)
    made = {key: attacked(one, scenes) for key, one in metrics.attacks().items()}
    arrays = {name: array for one in made.values() for name, array in one.arrays().items()}
    readings = {key: dict(one.readings) for key, one in made.items()}
    facts = AttackFacts(version=version, gone=gone, readings=readings)
    store.save_view(asked.run, ATTACKS, arrays, facts.model_dump(), generation)
    return facts


def _scenes(
    store: Store, evaluation: Evaluation, own: ModelOutputs, summary: Summary
) -> tuple[dict[str, ModelOutputs], int]:
    """The models by name, each with the retrained ones beside it that the run was measured with;
    and how many of all these are no longer kept."""
    ids = summary.retrained_seeds or tuple(filter(None, [summary.models.retrained]))
    origin = evaluation.origin(str(summary.models.original))
    looks = {one: evaluation.outputs_of(one) for one in (*ids, origin) if store.has_model(one)}
    seeds = tuple(looks[one] for one in ids if one in looks)
    named = {"retrained": ids[0] if ids else "", "original": origin}
    found = {"unlearned": own} | {name: looks[i] for name, i in named.items() if i in looks}
    gone = len({*ids, origin}) - len(looks)
    return {name: replace(scene, retrained=seeds) for name, scene in found.items()}, gone
