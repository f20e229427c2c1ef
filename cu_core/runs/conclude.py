"""The end of a run: the retrained model, every measure beside it, the verdict, the record."""

from typing import Any

from cu_core import engine
from cu_core.metrics.gap import compare
from cu_core.metrics.knn_probe import chance
from cu_core.metrics.planted_told import ten_words
from cu_core.metrics.planted_told import told as planted_told
from cu_core.metrics.verdict import Evidence, headline, verdict
from cu_core.models import checkpoint
from cu_core.models.capture import release
from cu_core.process import loaded
from cu_core.runs import reference_models
from cu_core.runs.evaluation import Evaluation, Final
from cu_core.runs.forecast import remember
from cu_core.runs.loop import Outcome
from cu_core.runs.notes import notes
from cu_core.runs.prepare import Prepared
from cu_core.runs.resolve import Setup, forget_facts, machine
from cu_core.spec import ModelIds, Probe, RunProgress, Summary
from cu_core.spec.phases import MEASURING
from cu_core.store.sealed import WEIGHTS


def conclude(made: Prepared, outcome: Outcome) -> Summary:
    """Measures and keeps the unlearned model; a run that was stopped keeps a checkpoint too.

    The retrained model is trained now if it is wanted and not cached: nobody waits for the map
    any more.
    """
    run, job = made.run, outcome.job
    loaded()
    release(job.model)
    run.progress.report(MEASURING.key)
    with run.clock("final metrics"):
        run.writer.put(RunProgress(original=made.evaluation.own_values(made.origin)))
    retrained = None
    if made.retrained_id() or (run.request.reference and not outcome.stopped):
        with run.clock("retrained"):
            retrained = reference_models.ensure(run.store, run.setup, run.forget, run.tick)
        made.place_ghost(retrained, outcome.step)
    run.progress.report(MEASURING.key)
    with run.clock("final metrics"):
        final = made.evaluation.measure(job.model, made.origin, retrained)
    if not run.request.first:  # of several methods no update is timed apart
        remember(run.setup, made.method, run.clock, made.observer.n_images)
    run.writer.put(RunProgress(original=final.original))
    if retrained:
        run.writer.put(RunProgress(retrained=final.seeds[retrained]))
    insist = run.store.patience.insist
    if outcome.stopped:
        state = engine.to_bytes(engine.save(job, outcome.step))
        insist(lambda: run.writer.checkpoint(state))
    weights, header = run.writer.folder / WEIGHTS, run.setup.header()
    insist(lambda: checkpoint.save(weights, job.model, header))
    if not outcome.stopped:  # until here it is all there is, where the run waits and is ended
        run.writer.ckpt_path.unlink(missing_ok=True)
    return _summary(made, outcome, final)


def _summary(made: Prepared, outcome: Outcome, final: Final) -> Summary:
    run = made.run
    at = stopped_at(outcome.step, made.total) * outcome.stopped
    facts = told(run.setup, made.probe, made.evaluation, final, at)
    return Summary(
        **facts,
        forget=forget_facts(run.setup.dataset, run.forget, made.probe),
        notes=notes(run.setup, made.method),
        weights_sha256=checkpoint.weights_sha256(outcome.job.model),
        steps=outcome.step,
        stopped=outcome.stopped,
        stopped_by=outcome.stopped_by,
        device=run.setup.device,
        plan=run.setup.plan,
        provenance=run.writer.read().provenance,
        seconds={name: round(spent, 3) for name, spent in run.clock.seconds.items()},
        versions=machine(),
        models=ModelIds(original=made.original, retrained=made.retrained_id()),
        retrained_seeds=tuple(final.seeds),
    )


def told(
    setup: Setup, probe: Probe, evaluation: Evaluation, final: Final, at: str
) -> dict[str, Any]:
    """The fields of a summary that the measures decide; ``at``: what its sentences begin with."""
    chosen, seeds = setup.forget, list(final.seeds.values())
    assert chosen is not None
    retrained = seeds[0] if seeds else None
    names = [setup.dataset.class_names[c] for c in chosen.classes]
    counts, by_chance = evaluation.counts(), chance(probe.label)
    evidence = Evidence(final.values, final.original, seeds, chosen.kind, names, counts, by_chance)
    planted = planted_told(final.values, final.original, retrained, probe)
    return {
        "verdict": at + verdict(evidence, planted),
        "headline": headline(evidence, ten_words(final.values, counts), bool(at)),
        "metrics": final.values,
        "original": final.original,
        "retrained": retrained,
        "counts": counts,
        "chance": by_chance,
        "reasons": final.reasons,
        "looked_at": evaluation.looked_at,
        **compare(final.values, seeds),
    }


def stopped_at(step: int, total: int) -> str:
    return f"Stopped at step {step:,} of {total:,}. "
