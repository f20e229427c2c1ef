"""The words of the glossary as the pages have them: a word that opens, and the page of all words.

A word opens where one points at it, tabs to it or taps it: two lines, a small drawing, and the way
to the page of words. It needs no script, so it is there as soon as its page is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

import streamlit as st

from cu_core import glossary
from cu_core.glossary import Term
from cu_core.spec import Catalog

PAGE = "words"
SAID = ("retrained", "neighbours", "seed")  # the words of a verdict that open, where first read
SHOW = """<script>
const asked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (asked) { asked.scrollIntoView({ block: "center" }); asked.focus({ preventScroll: true }); }
</script>"""


def word(name: str, place: str, term: Term | None = None) -> str:
    """A word as HTML; it opens if it is one of the glossary's, or is given one. ``place``: tells
    it from the same word elsewhere on the page."""
    found = term or glossary.find(name)
    if found is None:
        return escape(name)
    told = f"word-{place}-{found.key}"
    return (
        f'<span class="lethe-word" tabindex="0" aria-describedby="{told}">{escape(name)}'
        f'<span class="lethe-told" role="tooltip" id="{told}">{_drawn(found)}'
        f"<span><b>{escape(found.title)}</b> {escape(found.says)} "
        f'<a href="{PAGE}#{found.key}" target="_blank">All words</a></span></span></span>'
    )


def _drawn(term: Term) -> str:
    return f'<img class="lethe-drawing" src="{term.image}" alt="">'


def marked(text: str, place: str, names: Iterable[str] = SAID) -> str:
    """A sentence as HTML in which these words open, each where it is read first."""
    out = escape(text)
    for name in names:
        parts = re.split(rf"(?<![\w-])({re.escape(name)})(?![\w-])(?![^<]*>)", out, maxsplit=1)
        if len(parts) == 3:
            out = parts[0] + word(parts[1], place) + parts[2]
    return out


def page(catalog: Catalog | None) -> None:
    """Every term by its group; below those that a metric measures, what exactly is counted."""
    helps = {metric.key: metric.help for metric in catalog.metrics} if catalog else {}
    for title, terms in glossary.groups().items():
        cards = "".join(_card(term, helps) for term in terms)
        st.html(
            f'<h2 class="lethe-heading">{escape(title)}</h2><div class="lethe-terms">{cards}</div>'
        )
    st.html(SHOW, unsafe_allow_javascript=True)


def _card(term: Term, helps: Mapping[str, str]) -> str:
    known = glossary.terms()
    see = ", ".join(f'<a href="#{key}">{escape(known[key].title)}</a>' for key in term.see)
    also = f'<span class="soft"> also: {escape(", ".join(term.also))}</span>' if term.also else ""
    exactly = helps.get(term.metric, "")
    return (
        f'<section id="{term.key}" tabindex="-1">{_drawn(term)}<div>'
        f"<h3>{escape(term.title)}{also}</h3><p>{escape(term.says)}</p>"
        + (f'<p class="soft">Measured so: {escape(exactly)}</p>' if exactly else "")
        + (f'<p class="soft">See {see}</p>' if see else "")
        + "</div></section>"
    )
