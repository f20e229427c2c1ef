"""What the page gets: before the guess nothing of the answer, afterwards all of it."""

from typing import Any

import numpy as np
import pytest

from cu_core.stage import unpack
from cu_core.stories.story import parse
from cu_core.stories.telling import Guess, Telling, cut
from tests.stories.made_up import run

TOLD = """---
title: Told
words: In a few words.
runs: [one]
---

## First

`step=0`

## Asked

`step=10`

Now at {ta}.

? number metric=ta: What comes?

## Later

`step=30 ghost=true`

Ends at {end.ta}, nothing else.

## Asked again

? where: Where to?

## The end

`step=40 morph=true`
"""
PAIR = TOLD.replace("[one]", "[one, two]").replace("? number metric=ta", "? which metric=knn")


def told(text: str = TOLD, **guesses: Any) -> Telling:
    story = parse(text)
    runs = [run(k, **({"metrics": {"ta": 90.0, "knn": 20.0}} if k else {}))
            for k in range(len(story.runs))]  # fmt: skip
    return Telling("told", story, runs, {int(k[1:]): Guess(v) for k, v in guesses.items()})


def seen(telling: Telling) -> tuple[dict[str, Any], list[tuple[dict[str, Any], Any]], bytes]:
    """The header, each run as the page has it, and all of the bytes."""
    data = telling.data((1, 2))
    header, sections = unpack(data)
    head, parts = unpack(sections["picture"].tobytes())
    if "panes" not in head:
        return header, [(head, parts)], data
    return header, [unpack(parts[name].tobytes()) for name in sorted(parts)], data


SECRETS = (b"the verdict", b"the headline", b"How it ends", b"lethe unlearn", b"Later", b"late",
           b"nothing else", b"Asked again", b"The end", b"77.25")  # fmt: skip


def test_before_the_guess_nothing_of_the_answer_is_in_the_bytes() -> None:
    header, [(head, sections)], data = seen(told())
    assert header["open"] == 1 and header["total"] == 5 and len(header["stops"]) == 2
    assert not [word for word in SECRETS if word in data]
    whole = run()[1]
    assert whole["xy"][2].tobytes() not in data and whole["pred"][2].tobytes() not in data
    assert whole["share"][2].tobytes() not in data and whole["ghost"].tobytes() not in data
    assert head["steps"] == [0, 10] and head["total"] == head["count"] == 2
    assert {len(sections[name]) for name in ("xy", "pred", "share")} == {2}
    assert not [name for name in sections if "ghost" in name]
    assert [line["key"] for line in head["curves"]] == ["knn"]
    [line] = head["curves"]
    assert line["steps"] == [0, 10] and line["values"] == [99.0, 80.0] and line["retrained"] is None
    assert head["events"] == [] and b"early" not in data and not head.get("summary")
    assert "truth" not in header["stops"][1]["question"]


def test_neither_a_note_nor_a_curve_of_its_kind_gives_the_answer_away() -> None:
    noted = TOLD.replace(
        "? number metric=ta: What comes?", "? number metric=ta: What?\n\n> {end.ta}"
    )
    header, _, _ = seen(told(noted))
    assert header["stops"][1]["notes"] == ""
    header, _, _ = seen(told(noted, s1=88))
    assert header["stops"][1]["notes"].startswith("90")
    made = run(0)
    made[0]["curves"] = [{**made[0]["curves"][0], "key": key} for key in ("ta", "test_acc", "ra")]
    assert [line["key"] for line in cut(made, 10, "ta")[0]["curves"]] == ["ra"]


def test_a_guess_brings_its_answer_and_all_up_to_the_next_question() -> None:
    header, [(head, sections)], data = seen(told(g1=88))
    assert header["open"] == 3 and len(header["stops"]) == 4
    asked = header["stops"][1]["question"]
    assert asked["truth"]["value"] == 90.0 and asked["guess"] == 88 and asked["score"] == 1.0
    assert asked["sentence"].startswith("90 %") and header["so_far"] == [1, 2]
    assert header["stops"][2]["text"] == "Ends at 90 %, nothing else."
    assert head["steps"] == [0, 10, 20, 30] and "ghost" not in sections
    assert not [word for word in (b"the verdict", b"The end", b"late") if word in data]


def test_with_all_guesses_the_page_has_the_whole_run() -> None:
    header, [(head, sections)], _ = seen(told(g1=88, g3="0"))
    whole = run()
    assert header["open"] is None and len(header["stops"]) == 5
    assert head["verdict"] == "the verdict" and head["steps"] == whole[0]["steps"]
    for name, array in whole[1].items():
        assert np.array_equal(sections[name], array)


def test_the_answer_is_shown_to_who_does_not_guess_and_counts_for_nothing() -> None:
    telling = told(g1=None, g3="0")
    assert telling.score(1) is None and telling.counts()[1] == 1
    assert telling.data() and unpack(telling.data())[0]["stops"][1]["question"]["score"] is None


def test_of_two_runs_both_stand_as_far_along() -> None:
    header, runs, data = seen(told(PAIR))
    assert [head["steps"] for head, _ in runs] == [[0, 10], [0, 10]]
    assert not [word for word in SECRETS if word in data]
    assert header["letters"] == ["A", "B"]
    assert [option["name"] for option in header["stops"][1]["question"]["options"]] == ["A", "B"]
    assert seen(told(PAIR, g1="A"))[0]["stops"][1]["question"]["truth"] == "A"


def test_the_second_run_is_cut_at_the_same_share_of_it() -> None:
    story = parse(PAIR)
    long = run(1, metrics={"knn": 20.0})
    long = {**long[0], "steps": [0, 20, 40, 60, 80]}, long[1]
    telling = Telling("told", story, [run(), long])
    assert telling.steps(1) == [10, 20]
    assert seen(telling)[1][1][0]["steps"] == [0, 20]


def test_a_stop_that_says_no_step_stands_where_the_one_before_stood() -> None:
    assert [told().steps(stop) for stop in range(5)] == [[0], [10], [30], [30], [40]]


@pytest.mark.parametrize("step", [0, 9, 10, 40, 1000])
def test_a_cut_ends_at_the_last_frame_that_is_not_behind_the_step(step: int) -> None:
    whole = run()
    head, sections = cut(whole, step)
    kept = [at for at in whole[0]["steps"] if at <= step]
    assert head["steps"] == kept and len(sections["xy"]) == len(kept)
    drawn = np.concatenate([whole[1]["xy"].reshape(-1, 2), whole[1]["ghost"][40:]])
    assert head["bounds"] == [*drawn.min(0), *drawn.max(0)]
