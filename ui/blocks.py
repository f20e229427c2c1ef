"""What the pages are made of: the verdict, metric rows and tables, empty places, errors.

Every text that may hold a name from someone's data goes through ``html.escape`` here, or through
an element that draws it plainly; nothing of it is read as Markdown or as HTML.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cu_core import glossary
from cu_core.errors import LetheError
from cu_core.spec import RunProgress
from cu_core.spec.terms import TERMS
from cu_core.stage.numbers import gap as gap
from cu_core.stage.numbers import is_number as is_number
from cu_core.stage.numbers import metric_text as metric_text
from ui.words import SAID, marked

LONG = 90  # letters of a headline that would push the rest of the page away


def verdict(sentence: str, plain_facts: Sequence[str] = (), soft: Sequence[str] = ()) -> None:
    """The largest text of a page, then a line of facts."""
    st.html(_largest(sentence))
    facts(plain_facts, soft)


def headline(title: str, words: str, opening: Iterable[str] = SAID) -> None:
    """The largest text, and close under it sentences in which words of the glossary open."""
    said = marked(_unbroken(words), "said", opening)
    st.html(f'{_largest(title)}<p class="lethe-words">{said}</p>')


def _largest(sentence: str) -> str:
    long = " long" * (len(sentence) > LONG)
    return f'<h1 class="lethe-verdict{long}">{escape(_unbroken(sentence))}</h1>'


def facts(plain_facts: Sequence[str] = (), soft: Sequence[str] = ()) -> None:
    """A line of short facts, the soft ones quieter; empty ones are left out."""
    line = "".join(f"<span>{escape(text)}</span>" for text in plain_facts if text)
    line += "".join(f'<span class="soft">{escape(text)}</span>' for text in soft if text)
    if line:
        st.html(f'<p class="lethe-facts">{line}</p>')


def _unbroken(sentence: str) -> str:
    """No line may end between a number and its sign, or inside "15-neighbour"."""
    return re.sub(r"(?<=\d)-(?=\w)", "\u2011", re.sub(r"(?<=\d) %", "\u00a0%", sentence))


def section(text: str) -> None:
    """A part of a long page, as large as its title."""
    st.html(f'<h2 class="lethe-verdict">{escape(text)}</h2>')


def tab(title: str) -> None:
    """What the browser's tab says: the run or the page first, for no more of it is read."""
    st.set_page_config(page_title=f"{title} · Lethe")


def heading(text: str) -> None:
    """A part of a page, told by weight: there are three sizes of text, not four."""
    st.html(f'<h2 class="lethe-heading">{escape(text)}</h2>')


def note(text: str) -> None:
    """A quiet line of small text; nothing for none."""
    if text:
        st.html(f'<p class="lethe-note">{escape(text)}</p>')


def told(sentence: str) -> None:
    """What to know of all that is shown, in a box; nothing for none."""
    if sentence:
        st.info(plain(sentence), icon=":material/info:")


def reproduce(command: str) -> None:
    """The command that makes a run again, with its copy button."""
    if command:
        note("This command reproduces the run:")
        st.code(command, language="bash", wrap_lines=True)


def entry(title: str, text: str) -> None:
    """One thing of a list: its name, and a quieter line about it."""
    line = f'<p class="lethe-note">{escape(text)}</p>'
    st.html(f'<div class="lethe-entry">{escape(title)}{line}</div>')


def empty(title: str, text: str) -> DeltaGenerator:
    """What would be here. Returned: the place for the one action that fills it."""
    place = st.container(key=f"empty-{title}", horizontal_alignment="center")
    text = f"<strong>{escape(title)}</strong><p>{escape(text)}</p>"
    place.html(f'<div class="lethe-empty">{text}</div>')
    return place


def error(sentence: str, log: str = "", title: str = "Details") -> None:
    """A sentence in a box; what only a developer needs is folded under it."""
    st.error(plain(sentence), icon=":material/error:")
    if log:
        with st.expander(title):
            st.code(log, language=None, wrap_lines=True)


def unexpected(fault: Exception) -> None:
    """An error nobody foresaw: said so, with its traceback folded. Never swallowed."""
    text = "".join(traceback.format_exception(fault))
    error(f"Something went wrong that Lethe does not know: {fault}", text, "Traceback")


@contextmanager
def guarded() -> Iterator[None]:
    """What goes wrong inside is said on the page; the rest of the page is drawn as ever."""
    try:
        yield
    except LetheError as refusal:
        error(str(refusal))
    except Exception as fault:
        unexpected(fault)


def plain(text: str) -> str:
    """The text with every Markdown sign escaped, for elements that read Markdown."""
    return "".join(f"\\{c}" if c in _SIGNS else c for c in " ".join(str(text).split()))


_SIGNS = frozenset("\\`*_{}[]()<>#+-.!|:$~^&@\"'=")


# --- numbers ----------------------------------------------------------------------------------


def size(n_bytes: float | None) -> str:
    """Bytes in kB, MB or GB (powers of 1,000)."""
    if not is_number(n_bytes):
        return "not known yet"
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.1f} {unit}"
    return f"{max(n_bytes, 0) / 1e3:,.0f} kB"


# --- small lists ------------------------------------------------------------------------------


def term(name: str) -> str:
    """A word as HTML, explained where one hovers over it if it is one of the field's."""
    found = glossary.find(name)
    told = found.says if found else TERMS.get(name.lower())
    return f'<abbr title="{escape(told)}">{escape(name)}</abbr>' if told else escape(name)


def card(facts: Sequence[tuple[str, str]]) -> None:
    """Names and values in two columns, small."""
    rows = "".join(f"<dt>{term(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts if v)
    st.html(f'<dl class="lethe-card">{rows}</dl>')


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A small table; its last column holds numbers."""
    last = len(heads) - 1

    def line(tag: str, cells: Sequence[str]) -> str:
        made = (
            f"<{tag}{' class=number' * (i == last)}>{escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(line("td", row) for row in rows)
    st.html(
        f'<div class="lethe-scroll"><table class="lethe-table small"><thead>{line("th", heads)}'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def counters(name: str, progress: RunProgress) -> None:
    """A bar from the worker's own counters; none while there is nothing to count."""
    phase, total = progress.phase, progress.phase_total
    done = min(progress.phase_done, total)
    values = [f"{key} {v:.3g}" for key, v in progress.phase_values.items() if is_number(v)]
    if total > 0:
        count = f"{phase[:1].upper()}{phase[1:]}: {done:,} of {total:,}"
        words = [*([name] if name else []), count, *values]
        st.progress(done / total, text=plain(", ".join(words)))
    elif name:
        entry(name, "Starting")
