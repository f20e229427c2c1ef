"""One HTML file that plays the run anywhere and loads nothing."""

from cu_core.spec import RunRecord
from cu_core.stage import pack, player_html, unpack
from cu_core.stage.account import account
from cu_core.stage.export import _whole
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.handout import about
from cu_core.store import Store


def page(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    header, sections = unpack(_whole.whole(store, record))
    opens = dict(order.opens)
    data = pack({**header, "opens": opens} if opens else header, sections)
    below = about(account(store, record)) if record.summary.verdict else ""
    return player_html(data, header["title"], below).encode()


HTML = ExportFormat(
    key="html",
    title="one page",
    noun="page",
    ending=".html",
    mime="text/html",
    help="One HTML file that plays this run offline, in any browser.",
    make=page,
    first=True,
    seen=True,
)
