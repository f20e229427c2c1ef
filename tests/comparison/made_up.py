"""Runs on record that nobody ran, with figures of fixed arithmetic."""

from typing import Any

from cu_core.spec import (
    Catalog,
    KnobCard,
    MethodCard,
    Provenance,
    RunProgress,
    SeedRange,
    Summary,
    UnlearnRequest,
)
from cu_core.store import Store

DIGITS = tuple(str(i) for i in range(10))
CATALOG = Catalog(
    methods=(
        MethodCard(
            key="contrastive",
            title="Contrastive unlearning",
            presets={"sharp": {"temperature": 0.1}},
            knobs=(
                KnobCard(name="lr", type="number", default=0.01),
                KnobCard(name="temperature", type="number", default=0.7, main=True),
            ),
        ),
        MethodCard(
            key="salun",
            title="SalUn",
            knobs=(KnobCard(name="lr", type="number", default=0.01),),
        ),
    )
)


def summary(off: float = 20.0, seeds: bool = True, **more: Any) -> Summary:
    """``off`` points from retrained in UA, a fifth of it in TA, none in RA; the seeds of retrained
    lie a point apart."""
    metrics = {"ua": off, "ra": 99.0, "ta": 97.0 - off / 5, "rho_linear": off / 100}
    retrained = {"ua": 0.0, "ra": 99.0, "ta": 97.0, "rho_linear": 0.0}
    gap = {key: metrics[key] - retrained[key] for key in metrics}
    band = {key: SeedRange(retrained[key], retrained[key] + 1) for key in ("ua", "ra", "ta")}
    facts: dict[str, Any] = {
        "metrics": metrics,
        "retrained": retrained,
        "gap": gap,
        "avg_gap_without_mia": (abs(gap["ua"]) + abs(gap["ta"])) / 3,
        "seconds": {"step": 2.0 + off},
        "headline": f"Class 5: {off:g} % right",
    }
    if seeds:
        facts |= {"band": band, "inside": {key: abs(gap[key]) <= 1 for key in band}}
    return Summary(**(facts | more))


def ended(
    store: Store, request: UnlearnRequest, said: Summary | None = None, name: str | None = None
) -> str:
    """Its id. No picture of it is on record."""
    with store.claim_new(request, name) as claimed:  # never queued: an app beside has workers
        writer = store.writer(claimed.run_id)
        writer.move("starting", "running")
        writer.put(RunProgress(class_names=DIGITS, total=10, step=10, provenance=Provenance()))
        writer.finish(said or summary())
        writer.move("running", "done")
        writer.close()
    return claimed.run_id


def many(store: Store, count: int) -> list[str]:
    """Runs of two methods, several values of two knobs and three seeds."""
    made = []
    for n in range(count):
        method = "salun" if n % 3 == 2 else "contrastive"
        knobs = {"lr": 10.0 ** (-1 - n % 4)}
        if method == "contrastive":
            knobs["temperature"] = 0.1 * (1 + n % 5)
        asked = UnlearnRequest(method=method, hparams=knobs, seed=n % 3)
        made.append(ended(store, asked, summary(float(n % 40))))
    return made
