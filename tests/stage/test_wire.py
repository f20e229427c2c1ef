"""The Stage's bytes: what is packed comes back, positions keep their proportions, and no name in
a run can break out of the exported page."""

import base64
import html.parser
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from cu_core.stage import fixed_box, frames_blob, pack, player_html, unpack
from cu_core.stage.boxes import box_scale, quantise, restore

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    '"><img src=x onerror=alert(1)>',
    "</template></style>",
    "%(script)s",
    "line\u2028separator",
    "наука 机 é",
]
META = {"run": "r", "classes": ["a", "b"], "forget_classes": [1], "scale": 2.0}


def blob(
    count: int = 3, n: int = 5, start: int = 0, true_label: object = None, **meta: object
) -> bytes:
    rng = np.random.default_rng(0)
    static = (
        [rng.integers(0, 2, n), np.arange(n) % 2 == 0, np.arange(n)] if start == 0 else [None] * 3
    )
    xy = rng.normal(0, 3, (count, n, 2)).astype(np.float32)
    box = {} if start == 0 else {"box": [-5.0, -5.0, 5.0, 5.0]}
    return frames_blob(
        xy,
        rng.integers(0, 2, (count, n)),
        *static,
        None,
        [],
        {**META, **box, **meta},
        start,
        true_label=true_label,
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
sections = st.dictionaries(
    st.text("abcxyz", min_size=1, max_size=6),
    st.sampled_from(["<u1", "<u2", "<u4", "<f4"]).flatmap(
        lambda dtype: npst.arrays(
            dtype, npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)
        )
    ),
    max_size=4,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=4), sections)
@settings(deadline=None)
def test_what_is_packed_comes_back(header, arrays):
    header = {k: v for k, v in header.items() if k not in ("v", "sections")}
    back, got = unpack(pack(header, arrays))
    assert {k: back[k] for k in header} == header
    assert got.keys() == arrays.keys()
    for name, array in arrays.items():
        assert got[name].dtype == array.dtype and got[name].shape == array.shape
        assert_array_equal(got[name], array)


def test_sections_start_on_eight_bytes():
    data = pack({"run": "x"}, {"a": np.zeros(3, "<u1"), "b": np.zeros((5, 2), "<u2")})
    header, _ = unpack(data)
    head = int.from_bytes(data[:4], "little")
    assert (len(data) - (4 + head + -(4 + head) % 8)) % 8 == 0
    assert [entry["offset"] % 8 for entry in header["sections"]] == [0, 0]


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_a_cut_blob_is_refused_with_a_sentence(cut):
    whole = blob()
    with pytest.raises(ValueError, match=r"[a-z]"):
        unpack(whole[: cut % (len(whole) - 8)])


def test_other_bytes_and_other_versions_are_refused():
    with pytest.raises(ValueError, match="not JSON"):
        unpack(b"\x08\0\0\0notjson!" + b"\0" * 8)
    with pytest.raises(ValueError, match="version 1"):
        unpack(pack({}, {}).replace(b'"v":1', b'"v":2'))


def test_another_dtype_is_refused_by_name():
    with pytest.raises(ValueError, match="'xy' is float64"):
        pack({}, {"xy": np.zeros(2)})


def test_numpy_and_missing_numbers_become_json():
    header, _ = unpack(
        pack({"a": np.float32("nan"), "b": [np.int64(3), float("inf")], "c": (1,)}, {})
    )
    assert (header["a"], header["b"], header["c"]) == (None, [3, None], [1])


points = npst.arrays(
    np.float32, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(-1e3, 1e3, width=32)
)


@given(points)
@settings(deadline=None)
def test_quantising_errs_by_less_than_half_a_step(xy):
    box = fixed_box(xy)
    assert box[2] - box[0] == pytest.approx(box[3] - box[1])  # square: one scale
    error = np.abs(restore(quantise(xy, box), box).astype(np.float64) - xy).max()
    assert error <= box_scale(box) / 131070 + 1e-6 * np.abs(box).max()


@given(points)
@settings(deadline=None)
def test_the_box_leaves_half_of_the_longer_side_around_the_first_frame(xy):
    x0, y0, x1, y1 = fixed_box(xy)
    low, high = xy.min(0).astype(float), xy.max(0).astype(float)
    longer = float((high - low).max())
    spare = min(low[0] - x0, low[1] - y0, x1 - high[0], y1 - high[1])
    assert spare == pytest.approx(longer / 2, rel=1e-3, abs=2e-6)


def test_x_and_y_share_one_scale():
    wide = np.array([[0, 0], [10, 0], [0, 1], [10, 1]], np.float32)
    q = quantise(wide, fixed_box(wide)).astype(int)
    assert (q[1, 0] - q[0, 0]) == pytest.approx(10 * (q[2, 1] - q[0, 1]), abs=10)


def test_places_outside_the_box_are_clipped_and_others_refused():
    assert quantise([[-9, 9]], [0, 0, 1, 1]).tolist() == [[0, 65535]]
    with pytest.raises(ValueError, match="finite"):
        quantise([[np.nan, 0]], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="first frame"):
        fixed_box(np.zeros((0, 2)))


def test_static_sections_travel_once():
    assert set(unpack(blob())[1]) == {"xy", "pred", "label", "forget", "index"}
    header, later = unpack(blob(start=3))
    assert set(later) == {"xy", "pred"}
    assert (header["start"], header["count"], header["n"], header["total"]) == (3, 3, 5, 6)


def test_later_frames_need_the_first_one_s_box():
    with pytest.raises(ValueError, match="box"):
        frames_blob(np.zeros((1, 2, 2)), np.zeros((1, 2)), None, None, None, None, [], META, 4)


def test_shapes_that_disagree_are_named():
    with pytest.raises(ValueError, match=r"xy \(3, 5, 2\), pred \(3, 5\), 2 steps"):
        blob(steps=[0, 1])
    with pytest.raises(ValueError, match="label"):
        frames_blob(np.zeros((1, 2, 2)), np.zeros((1, 2)), [1], [0, 1], [0, 1], None, [], META)


def test_many_classes_take_two_bytes():
    names = [str(i) for i in range(300)]
    _, arrays = unpack(
        frames_blob(
            np.zeros((1, 2, 2)), [[299, 0]], [299, 1], [0, 1], [7, 8], None, [], {"classes": names}
        )
    )
    assert arrays["pred"].dtype == np.uint16 and arrays["pred"].tolist() == [[299, 0]]
    assert arrays["label"].tolist() == [299, 1]


@given(points)
@settings(deadline=None)
def test_a_ghost_s_place_is_never_taken_for_none(xy):
    ghost = xy.astype(np.float64) * 3
    ghost[::2] = np.nan
    n = len(xy)
    data = frames_blob(
        xy[None], np.zeros((1, n)), np.zeros(n), np.ones(n), np.arange(n), None, [], META, 0, ghost
    )
    none = (unpack(data)[1]["ghost"] == 65535).all(1)
    assert none.tolist() == [i % 2 == 0 for i in range(n)]


@given(
    npst.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 8), st.just(3)),
        elements=st.floats(-1e3, 1e3, width=32),
    )
)
@settings(deadline=None)
def test_three_dimensions_come_back_from_their_box(xyz):
    count, n, _ = xyz.shape
    ghost = xyz[0].astype(np.float64) * 2
    ghost[::2] = np.nan
    facts = {"state": "done", "done": count, "total": 9, "steps": list(range(count)), "quality": []}
    header, arrays = unpack(
        frames_blob(
            xyz[..., :2],
            np.zeros((count, n)),
            *(np.zeros(n), np.ones(n), np.arange(n)),
            *(None, [], {**META, "solid": facts}),
            xyz=xyz,
            ghost_xyz=ghost,
        )
    )
    box = header["solid"]["box"]
    assert header["solid"] == {**facts, "box": box} and len(box) == 4
    error = np.abs(restore(arrays["xyz"], box).astype(np.float64) - xyz).max()
    step = box[3] / 131070 + 2e-7 * np.abs(box).max()
    assert error <= step
    none = (arrays["ghost_xyz"] == 65535).all(1)
    assert none.tolist() == [i % 2 == 0 for i in range(n)]
    known = restore(arrays["ghost_xyz"][~none], box).astype(np.float64)
    assert known.size == 0 or np.abs(known - ghost[~none]).max() <= 2 * step


def extras(count: int = 2, n: int = 3, **given: object) -> tuple[dict, dict]:
    static = [np.zeros(n), np.ones(n), np.arange(n)]
    made = frames_blob(
        np.ones((count, n, 2)), np.zeros((count, n)), *static, None, [], META, **given
    )
    return unpack(made)


def test_shares_travel_with_their_classes():
    share = np.arange(24).reshape(2, 3, 4)
    header, arrays = extras(share=share, share_class=share[..., ::-1], ghost_share=share[0])
    assert arrays["share"].dtype == np.uint8 and arrays["share_class"].dtype == np.uint8
    assert_array_equal(arrays["share"], share)
    assert_array_equal(arrays["share_class"], share[..., ::-1])
    assert_array_equal(arrays["ghost_share"], share[0])
    assert header["solid"] is None and header["exact"] is None and "ghost_share_class" not in arrays
    with pytest.raises(ValueError, match=r"ghost_share must be \(3, 'K'\).*\(2, 3, 4\)"):
        extras(ghost_share=share)
    with pytest.raises(ValueError, match="share_class"):
        extras(share=share, share_class=share[..., :2])


def test_three_dimensions_without_their_steps_are_refused():
    with pytest.raises(ValueError, match=r"xyz must be \(T3, 3, 3\).* 0 steps"):
        extras(xyz=np.zeros((2, 3, 3)))


def test_an_exact_map_has_a_box_of_its_own():
    xy = np.array([[0, 0], [40, 0], [0, 10]])
    static = [np.zeros(3), np.ones(3), np.arange(3), None, []]
    meta = {**META, "exact": {"state": "done", "step": 7}}
    made = frames_blob(np.ones((1, 3, 2)), np.zeros((1, 3)), *static, meta, exact=xy)
    header, arrays = unpack(made)
    assert header["exact"]["step"] == 7 and header["exact"]["box"] != header["box"]
    back = restore(arrays["exact"], header["exact"]["box"])
    assert np.abs(back - xy).max() <= box_scale(header["exact"]["box"]) / 131070 + 1e-5


def test_a_run_without_frames_yet_is_a_blob():
    header, arrays = unpack(
        frames_blob(
            np.zeros((0, 4, 2)), np.zeros((0, 4)), [0] * 4, [0] * 4, [0] * 4, None, [], META
        )
    )
    assert header["count"] == 0 and arrays["xy"].shape == (0, 4, 2)


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.seen.append("/" + tag)


def tags(page: str) -> list[str]:
    parser = Tags()
    parser.feed(page)
    return parser.seen


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_changes_the_exported_page(name):
    events = [{"step": 0, "kind": name, "text": name}]
    hostile = blob(classes=[name, name], events=events, verdict=name, command=name, title=name)
    calm = blob(classes=["a", "b"], verdict="v", command="c", title="t")
    page = player_html(hostile, name)
    assert tags(page) == tags(player_html(calm, "t"))
    packed = re.search(r'id="run">([^<]*)<', page)
    assert packed and zlib.decompress(base64.b64decode(packed[1])) == hostile
    assert unpack(hostile)[0]["classes"] == [name, name]


def test_the_exported_page_loads_nothing():
    page = player_html(blob(), "t")
    assert not re.search(r"""(?:src|href)\s*=|@import|https?://(?!www\.w3\.org/)""", page)
    assert "default-src 'none'" in page


def test_a_page_is_made_of_a_whole_run_only():
    with pytest.raises(ValueError, match="starts at frame 3"):
        player_html(blob(start=3), "t")


def test_the_stage_loads_without_streamlit_or_torch():
    code = (
        "import sys, cu_core.stage; print([m for m in ('streamlit', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_mounts_it():
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        import streamlit as st

        from tests.stage.test_wire import blob
        from ui.stage import stage

        result = stage(blob(), key="stage")
        st.write(f"frame {result.frame}, need {result.need}")

    test = AppTest.from_function(page).run(timeout=30)
    assert not test.exception
    assert "frame None, need None" in [m.value for m in test.markdown]


def test_true_labels_travel_once_and_only_where_labels_were_planted():
    planted = unpack(blob(true_label=[2, 1, 0, 1, 1]))[1]
    assert (
        planted["true_label"].tolist() == [2, 1, 0, 1, 1]
        and planted["true_label"].dtype == np.uint8
    )
    later = unpack(blob(start=2, true_label=[2, 1, 0, 1, 1]))[1]
    assert "true_label" not in later
