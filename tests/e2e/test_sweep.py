"""A sweep in a real browser: one brush chooses the same trials in each picture and in the table."""

from typing import Any

import pytest

from cu_core.figures.sweeps import figures
from tests.e2e.screen import at_rest, comes
from tests.e2e.serving import LONG_MS, App
from tests.sweeps.made_up import made_up_sweep

pytestmark = pytest.mark.e2e

FADED = "rgba(128,128,128,0.28)"
FIGURES = {key: figure.title for key, figure in figures().items()}
# of the figure that is drawn, the trials with their colour: a mark's own, or its line's
STRONG = """([key, faded]) => {
    const found = new Set();
    const plot = document.querySelector(`.st-key-sweep-${key} .js-plotly-plot`);
    for (const trace of (plot && plot.data) || []) {
        const numbers = [...(trace.customdata || [])];
        numbers.forEach((number, i) => {
            const colour = trace.marker && trace.marker.color;
            const own = Array.isArray(colour) ? colour[i] : colour;
            if (number != null && own && own !== faded) found.add(number);
        });
    }
    return [...found].sort((a, b) => a - b);
}"""
CHOOSES = f"""([key, faded, all]) => {{
    const found = ({STRONG})([key, faded]);
    return found.length > 0 && found.length < all;
}}"""

ROWS = """() => [...document.querySelectorAll("[data-testid=stDataFrame] tbody [role=row]")].map(
    row => [Number(row.cells[0].textContent), row.getAttribute("aria-selected") === "true"])"""
TICKED = f"""(chosen) => {{
    const rows = ({ROWS})();
    return rows.length > 5 && rows.every(([number, is]) => is === chosen.includes(number));
}}"""


def opened(tab: Any, address: str) -> None:
    tab.set_default_timeout(LONG_MS)
    tab.goto(address)
    figure(tab, "front")
    tab.get_by_text("Table of").click()
    tab.locator("[data-testid=stDataFrame] canvas").first.wait_for()


def figure(tab: Any, key: str) -> None:
    """This figure and no other is drawn."""
    tab.get_by_role("radio", name=FIGURES[key]).click()
    tab.locator(f".st-key-sweep-{key} .js-plotly-plot .main-svg").first.wait_for()
    others = ", ".join(f".st-key-sweep-{other}" for other in FIGURES if other != key)
    tab.wait_for_function("others => !document.querySelector(others)", arg=others)


def brushed(tab: Any, key: str, n: int) -> list[int]:
    """Once some of ``n`` trials are chosen in this figure: those, which each figure has then."""
    tab.locator(".st-key-sweep-chosen").get_by_role("button", name="Clear").wait_for()
    tab.wait_for_function(CHOOSES, arg=[key, FADED, n])
    chosen = tab.evaluate(STRONG, [key, FADED])
    for other in FIGURES:
        if other != key:
            figure(tab, other)
            comes(tab, f"({STRONG})({[other, FADED]})", chosen)
    return list(chosen)


def clear(tab: Any, n: int) -> None:
    """Until all trials are drawn in colour, in the front all but the failed."""
    tab.locator(".st-key-sweep-chosen").get_by_role("button", name="Clear").click()
    tab.get_by_text("Draw a box in a picture").wait_for()
    figure(tab, "front")
    tab.wait_for_function(
        f"([key, faded, n]) => ({STRONG})([key, faded]).length === n - 1",
        arg=["front", FADED, n],
    )
    tab.wait_for_function(TICKED, arg=[])


def drag(tab: Any, key: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A box over a figure's plot, in shares of its width and height."""
    at_rest(tab)  # or a figure that is still to be drawn anew would lose it
    plot = tab.locator(f".st-key-sweep-{key} .nsewdrag").first
    plot.evaluate("node => node.scrollIntoView({ block: 'center' })")  # clear of what sticks above
    box = plot.bounding_box()
    (x0, y0), (x1, y1) = (
        (box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in (start, end)
    )
    tab.mouse.move(x0, y0)
    tab.mouse.down()
    tab.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
    tab.mouse.move(x1, y1, steps=4)
    tab.mouse.up()


@pytest.mark.timeout(900)
def test_one_brush_chooses_the_same_trials_everywhere(app: App, tab: Any) -> None:
    sweep_id = made_up_sweep(app.store, 30)
    trials = app.store.sweep(sweep_id).progress.trials
    opened(tab, f"{app.url}/sweep?sweep={sweep_id}")  # a link is all that is needed
    tab.get_by_text("29 of 30 done, 1 failed").first.wait_for()

    drag(tab, "front", (0.02, 0.02), (0.55, 0.9))
    chosen = brushed(tab, "front", len(trials) - 1)
    count = f"{len(chosen)} chosen"
    tab.locator(".st-key-sweep-chosen").get_by_text(count, exact=True).wait_for()
    tab.wait_for_function(TICKED, arg=chosen)  # of the rows that are in sight
    inside = [t.values["forget_gap"] for t in trials if t.number in chosen]
    outside = [t.values["forget_gap"] for t in trials if t.values and t.number not in chosen]
    assert max(inside) < max(outside)  # the box was on the left

    clear(tab, len(trials))
    figure(tab, "parallel")
    drag(tab, "parallel", (0.0, 0.02), (0.06, 0.4))  # the upper end of the first axis
    found = brushed(tab, "parallel", len(trials) - 1)
    tab.wait_for_function(TICKED, arg=found)
    weights = {t.number: t.knobs["contrast_weight"] for t in trials}
    least = min(weights[number] for number in found)
    assert found == [t.number for t in trials if t.values and weights[t.number] >= least]

    clear(tab, len(trials))
    table = tab.locator("[data-testid=stDataFrame] .dvn-scroller").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 16, "y": 52})  # the box of the first row
    tab.locator(".st-key-sweep-card").get_by_text("Trial 0", exact=True).wait_for()
    for key in FIGURES:
        figure(tab, key)
        comes(tab, f"({STRONG})({[key, FADED]})", [0])
    tab.wait_for_function(TICKED, arg=[0])
