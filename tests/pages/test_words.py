"""The page of words, and words that open where they stand."""

import re
from html import escape

from cu_core import glossary
from tests.pages import fabricate
from tests.pages.test_pages import words as said_on
from ui import words


def test_every_word_has_its_place_and_what_a_metric_counts_is_told_from_its_own_file(page, store):
    store.save_catalog(fabricate.CATALOG)
    app = page("words")
    assert not app.exception
    said = said_on(app)
    places = re.findall(r'<section id="([\w-]+)"', said)
    assert sorted(places) == sorted(glossary.terms())
    for title in glossary.groups():
        assert f">{title}</h2>" in said
    assert "Measured so: What knn_probe_forget is." in said
    links = {key for key in re.findall(r'href="#([\w-]+)"', said)}
    assert links <= {*places}


def test_the_page_needs_no_engine(page):
    app = page("words")
    assert not app.exception and "Measured so" not in said_on(app)


def test_a_word_opens_and_points_to_its_place() -> None:
    made = words.word("Retrained", "table")
    told = re.search(r'aria-describedby="([\w-]+)"', made)
    assert told and f'role="tooltip" id="{told[1]}"' in made and 'tabindex="0"' in made
    term = glossary.terms()["retrained"]
    assert escape(term.says) in made and 'href="words#retrained"' in made
    assert words.word("<b>dog</b>", "table") == "&lt;b&gt;dog&lt;/b&gt;"
    own = words.word("15-neighbour probe <x>", "tile", glossary.of_metric("knn_probe_forget"))
    assert own.count("15-neighbour probe &lt;x&gt;") == 1 and "words#probe" in own


def test_in_a_sentence_a_word_opens_where_it_is_read_first_and_names_are_left_alone() -> None:
    said = "class <retrained> (original 9, retrained 3), by neighbours; one retrained seed."
    made = words.marked(said, "said")
    assert made.count('class="lethe-word"') == 3 and "<retrained>" not in made
    plain = re.sub(r'<span class="lethe-told".*?</span></span>', "", made)
    assert re.sub(r"<[^>]+>", "", plain) == escape(said)
    assert words.marked("nothing to open", "said") == "nothing to open"
    assert 'class="lethe-word"' not in words.marked("unretrained, retrained-ish", "said")
