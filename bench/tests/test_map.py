"""``python -m bench``, the measurement of the map from end to end, and its arithmetic by hand."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import layouts, map_report
from bench.__main__ import benches, main
from bench.map_run import EmbeddingRun, sized

ROOT = Path(__file__).resolve().parents[2]


def test_the_benches_there_are_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "map        The live map against" in capsys.readouterr().out
    assert main(["--json"]) == 0
    assert "map" in json.loads(capsys.readouterr().out)
    assert "layouts" not in benches()  # a part of one, not one


def test_an_unknown_bench_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["haste"]) == 2
    said = capsys.readouterr().err
    assert "no bench called 'haste'; there are: " in said and "map" in said
    assert said.count("\n") == 1


def test_options_reach_the_bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "something else"])
    with pytest.raises(SystemExit) as end:
        main(["map", "--help"])
    assert end.value.code == 0 and "--cifar DIR" in capsys.readouterr().out


@pytest.mark.long
def test_the_map_is_measured_from_end_to_end(tmp_path: Path) -> None:
    small = "--forget class:5 --frames 3 --probe 120 --max-steps 4 --every 2 --against fresh"
    words = f"--quick {small} --points 100 2000 --threads 1 --home {tmp_path} --json".split()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "map", *words],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["not_run"] == ["CIFAR-10: not run: no parquet files given (--cifar DIR)"]
    (run,) = found["runs"]
    assert run["title"] == "digits, class:5" and run["points"] == 120
    laid = run["layouts"]
    assert set(laid) == {"ours", "local", "solid", "fresh"}
    assert laid["ours"]["frames"] == [0, 1, 2] and laid["fresh"]["frames"] == [0, 2]
    for name, one in laid.items():
        assert all(ms > 0 for ms in one["ms"]), name
        for measure in ("trustworthiness", "fidelity"):
            assert len(one[measure]) == len(one["frames"]), name
            assert all(0.5 < value <= 1 for value in one[measure]), name
        assert len(one["jitter"]) == len(one["frames"]) - 1
    assert {row["name"] for row in run["targets"]} >= {
        "retain jitter above that by neighbours alone", "noise floor, worst frame"
    }  # fmt: skip
    assert [row["points"] for row in found["growth"]["rows"]] == [100, 2000]
    assert "repeated with noise" in found["growth"]["rows"][1]["made"]
    assert found["machine"]["torch threads"] == 1 and "umap-learn" in found["machine"]
    assert "class:5" in found["command"] and found["date"].startswith("20")


def laid(**more: object) -> dict:
    usual = {
        "frames": [0, 1, 2],
        "trustworthiness": [0.95, 0.94, 0.93],
        "fidelity": [0.80, 0.79, 0.75],
        "reach": [0.8, 0.7, 0.6],
        "triplets": [0.8, 0.7, 0.7],
        "group_order": [0.9, 0.8, 0.6],
        "off": [0.5, 0.01, 0.03],
        "plane": [0.9, 0.8, 0.8],
        "jitter": [0.01, 0.03],
        "jitter_within": [0.0, 0.001],
        "ms": [40.0, 20.0, 30.0],
        "measured_ms": [60.0, 60.0, 90.0],
        "noise_floor": [0.0, 0.003, 0.005],
        "reference_s": 1.0,
    }
    return {**usual, **more}


FRESH = {
    "frames": [0, 2], "trustworthiness": [0.955, 0.945], "fidelity": [0.80, 0.79],
    "reach": [0.8, 0.7], "triplets": [0.8, 0.7], "group_order": [0.9, 0.8], "off": [0.1, 0.1],
    "jitter": [1.0], "ms": [3000.0, 6000.0], "seeded": True,
    "seeded_ms": [3000.0], "unseeded_ms": [3500.0],
}  # fmt: skip
ALIGNED = {
    "frames": [0, 1], "trustworthiness": [0.9, 0.9], "fidelity": [0.7, 0.7],
    "reach": [0.5, 0.5], "triplets": [0.5, 0.5], "group_order": [0.5, 0.5], "off": [0.5, 0.5],
    "jitter": [0.1], "ms": [9000.0],
}  # fmt: skip


def test_gaps_compare_the_frames_that_both_have() -> None:
    below = map_report.gaps(laid(), FRESH)
    assert below == pytest.approx(
        {
            "trustworthiness_mean": 0.01,  # .005 and .015
            "trustworthiness_worst": 0.015,
            "fidelity_mean": 0.02,
            "fidelity_worst": 0.04,
            "reach_mean": 0.05,
            "reach_worst": 0.1,
            "triplets_mean": 0.0,
            "triplets_worst": 0.0,
        }
    )


def test_ratios_are_of_medians_and_of_the_same_frames() -> None:
    apart = map_report.ratios({"ours": laid(), "fresh": FRESH, "aligned": ALIGNED})
    assert apart == pytest.approx(
        {
            "fresh_time": 4500 / 30,
            "fresh_time_measured": 4500 / 60,
            "aligned_time": 9000 / 30,
            "aligned_time_measured": 9000 / 60,
            "jitter": 0.01 / 0.1,  # AlignedUMAP has one step, so ours counts with its first
        }
    )


def test_each_target_is_met_or_not_by_its_number() -> None:
    rows = map_report.targets({"ours": laid(), "fresh": FRESH, "aligned": ALIGNED}, "cpu", 2000)
    met = {row["name"]: (round(row["value"], 6), row["met"]) for row in rows}
    assert met == {
        "trustworthiness below the ceiling, worst frame": (0.015, False),
        "forget fidelity below the ceiling, mean": (0.02, False),
        "forget fidelity below the ceiling, worst frame": (0.04, False),
        "reach below the ceiling, mean": (0.05, False),
        "triplets below the ceiling, mean": (0.0, True),
        "centrality, map against embedding, mean": (0.02, True),
        "centrality, map against embedding, worst frame": (0.03, True),
        "group order / the best plane's": (0.875, False),  # frames beyond the first
        "retain jitter / AlignedUMAP's": (0.1, True),
        "noise floor, worst frame": (0.005, False),
        "ms a frame, layout, median": (30.0, True),
        "AlignedUMAP's time / ours": (300.0, True),
    }
    beside = {"ours": laid(), "local": laid(jitter=[0.0, 0.01], ms=[20.0, 25.0, 30.0])}
    more = {row["name"]: row["value"] for row in map_report.targets(beside, "cpu", 2000)}
    assert more["retain jitter above that by neighbours alone"] == pytest.approx(0.015)
    assert more["ms a frame / by neighbours alone, median"] == pytest.approx(1.2)
    on_gpu = map_report.targets({"ours": laid()}, "cuda", 800)
    assert on_gpu[-1]["target"] == "≤ 5" and "here 800" in on_gpu[-1]["name"]


def test_growth_is_the_power_of_n() -> None:
    sizes = [(2000, 30.0), (10_000, 300.0), (20_000, 1600.0)]
    rows = [{"points": n, "ms": [ms]} for n, ms in sizes]
    found = map_report.growth_targets(rows, "cpu")
    assert [row["met"] for row in found] == [True, False, False]
    assert found[0]["value"] == pytest.approx(np.log(10) / np.log(5))
    assert found[1]["value"] == pytest.approx(np.log2(1600 / 300))
    assert found[2]["value"] == 1600.0 and found[2]["target"] == "≤ 1500"


def test_the_table_holds_what_was_measured() -> None:
    result = {
        "title": "digits, class:5",
        "caption": "120 points.",
        "layouts": {"ours": laid(), "fresh": FRESH, "aligned": ALIGNED},
        "targets": map_report.targets({"ours": laid()}, "cpu", 2000),
    }
    text = map_report.run_text(result)
    ours = "| ours | 30 (least 20); with measures 60 (60) "
    ours += "| 0.9400 | 0.7800 | 0.1800 | 0.7667 | 0.7000 | 0.7333 | 0.0200 | 3 |"
    assert ours in text
    assert "| 4,500 (least 3,000) | 0.9500 | 0.7950 | 0.1000 | 0.8500 | 0.7500 | 0.7500 " in text
    assert "| `umap.AlignedUMAP` | 9,000 |" in text
    assert "| noise floor, worst frame | ≤ 0.004 | 0.005 | no |" in text
    assert "used here: seeded" in text and "worst frame 0.0150" in text


def made_up(frames: int = 2, n: int = 90) -> EmbeddingRun:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(frames, n, 6)).astype(np.float32)
    label = np.arange(n) % 3
    return EmbeddingRun(z, label, label == 0, z, label, label == 0, {})


def test_layouts_are_judged_by_the_given_definitions() -> None:
    from sklearn.manifold import trustworthiness

    run = made_up()
    xy = np.random.default_rng(1).normal(size=(2, 90, 2)).astype(np.float32)
    found = layouts.judge(run, range(2), xy)
    for t in range(2):
        wanted = trustworthiness(layouts.points(run.z[t]), xy[t], n_neighbors=15)
        assert found["trustworthiness"][t] == pytest.approx(wanted, abs=1e-5)
    way = np.linalg.norm(xy[1] - xy[0], axis=1)[~run.is_forget] / xy[0].std(0).mean()
    assert found["jitter"] == pytest.approx([np.sort(way)[(len(way) - 1) // 2]], rel=1e-5)


def test_sized_cuts_evenly_or_repeats_with_noise_that_does_not_move() -> None:
    run = made_up()
    cut, said = sized(run, 30)
    assert cut.z.shape == (2, 30, 6) and "30 of its training" in said
    np.testing.assert_array_equal(cut.z[0, 0], run.z[0, 0])
    more, said = sized(run, 200)
    assert more.z.shape == (2, 200, 6) and "repeated with noise" in said
    np.testing.assert_array_equal(more.z[:, :90], run.z)
    assert len(np.unique(more.z[0], axis=0)) == 200
    np.testing.assert_allclose(
        more.z[1, 90:180] - more.z[0, 90:180], run.z[1] - run.z[0], atol=1e-5
    )
    assert more.label.tolist() == (np.arange(200) % 90 % 3).tolist()
