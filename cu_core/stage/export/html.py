"""One HTML file that plays the run anywhere and loads nothing."""

from collections.abc import Mapping

from cu_core.spec import RunRecord
from cu_core.stage import pack, player_html, unpack
from cu_core.stage.export import _whole
from cu_core.stage.export._format import ExportFormat
from cu_core.store import Store


def page(store: Store, record: RunRecord) -> bytes:
    return as_seen(store, record, {})


def as_seen(store: Store, record: RunRecord, opens: Mapping[str, object]) -> bytes:
    header, sections = unpack(_whole.whole(store, record))
    data = pack({**header, "opens": dict(opens)} if opens else header, sections)
    return player_html(data, record.name).encode()


HTML = ExportFormat(
    key="html",
    title="one page",
    noun="page",
    ending=".html",
    mime="text/html",
    help="One HTML file that plays this run offline, in any browser.",
    make=page,
    make_seen=as_seen,
    first=True,
)
