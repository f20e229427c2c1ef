"""A word of the browser that was under way while the app led on does not lead back."""

import pytest
from streamlit.testing.v1 import AppTest

from ui import address


def tab() -> None:
    """A page that shows what its address names; its buttons lead on, and close."""
    import streamlit as st

    from ui import address

    for value in ("a", "b", "c"):
        st.button(value, key=value, on_click=address.name, args=("run", value))
    st.button("none", key="none", on_click=address.forget, args=("run",))
    if shown := address.named("run"):
        address.name("run", shown)
    st.write(f"shows {shown}")


@pytest.fixture
def page() -> AppTest:
    at = AppTest.from_function(tab)
    at.query_params["run"] = "a"
    return at.run()


def shows(at: AppTest) -> tuple[str, str]:
    """(what the page shows, what its address says)."""
    return at.markdown[0].value.removeprefix("shows").strip(), "".join(
        at.query_params.get("run", "")
    )


def under_way(at: AppTest, said: str) -> AppTest:
    """A word comes that was said while the address was this one."""
    at.query_params["run"] = said
    return at.run()


def test_a_late_word_leads_neither_back_nor_to_two_things_at_once(page: AppTest) -> None:
    assert shows(page) == ("a", "a")
    assert shows(page.button("b").click().run()) == ("b", "b")
    assert shows(under_way(page, "a")) == ("b", "b")
    page.button("c").click().run()
    for late in ("a", "b", "c", "a"):
        assert shows(under_way(page, late)) == ("c", "c")


def test_what_was_closed_stays_closed(page: AppTest) -> None:
    assert shows(page.button("none").click().run()) == ("", "")
    under_way(page, "a")
    assert shows(page)[0] == ""


def test_who_goes_there_again_gets_there(page: AppTest) -> None:
    page.button("b").click().run()
    assert shows(page.button("a").click().run()) == ("a", "a")
    assert shows(under_way(page, "b")) == ("a", "a")
    assert shows(under_way(page, "c")) == ("c", "c")  # an address that nobody has left


@pytest.mark.parametrize("how", ["later", "by the browser's Back"])
def test_an_address_is_believed_again(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    page.button("b").click().run()
    if how == "later":
        monkeypatch.setattr(address, "UNDER_WAY_S", 0.0)
    else:
        monkeypatch.setattr(address, "_goes_back", lambda: True)
    assert shows(under_way(page, "a")) == ("a", "a")


def test_a_late_word_does_not_undo_the_browsers_back(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.button("b").click().run()
    with monkeypatch.context() as back:
        back.setattr(address, "_goes_back", lambda: True)
        assert shows(under_way(page, "a")) == ("a", "a")
    assert shows(under_way(page, "b")) == ("a", "a")


def test_another_page_of_the_tab_finds_it_without_an_address(page: AppTest) -> None:
    del page.query_params["run"]
    assert shows(page.run()) == ("a", "a")
