"""One HTML file that plays the run anywhere and loads nothing."""

from cu_core.spec import RunRecord
from cu_core.stage import player_html
from cu_core.stage.export import _whole
from cu_core.stage.export._format import ExportFormat
from cu_core.store import Store


def page(store: Store, record: RunRecord) -> bytes:
    return player_html(_whole.whole(store, record), record.name).encode()


HTML = ExportFormat(
    key="html",
    title="one page",
    noun="page",
    ending=".html",
    mime="text/html",
    help="One HTML file that plays this run offline, in any browser.",
    make=page,
    first=True,
)
