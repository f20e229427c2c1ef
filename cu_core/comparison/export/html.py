"""One HTML file in which several runs play on one clock anywhere; it loads nothing."""

from collections.abc import Sequence
from html import escape

from cu_core.comparison.export._format import Beside, ComparisonFormat
from cu_core.comparison.together import ELSEWHERE, flat, linked, together
from cu_core.stage.export import PLAIN, Order
from cu_core.stage.player import together_html
from cu_core.store import Store

LIMITS = "Lethe measures; it does not attest that anything was deleted."


def page(store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes:
    blobs = [flat(store, run.record) for run in runs]
    data = together(blobs, [run.told for run in runs], order.opens)
    said = [f"<p>{escape(ELSEWHERE)}</p>"] if not linked(blobs) else []
    said += [_said(run) for run in runs]
    title = f"{len(runs)} runs on one clock"
    return together_html(data, title, "".join([*said, f"<p>{escape(LIMITS)}</p>"])).encode()


def _said(run: Beside) -> str:
    """What became of it, and how it is made again."""
    summary, command = run.record.summary, run.record.command
    verdict = f" {escape(summary.verdict)}" if summary.verdict else ""
    made = f" Made by <code>{escape(command)}</code>" if command else ""
    called = f"{escape(run.told.letter)}: {escape(run.told.title)}."
    return f"<p><b>{called}</b>{verdict}{made}</p>"


HTML = ComparisonFormat(
    key="html",
    title="one page",
    noun="page",
    ending=".html",
    mime="text/html",
    help="One HTML file that plays these runs on one clock offline, in any browser.",
    make=page,
    first=True,
    seen=True,
)
