"""The steps bench from end to end on noise, the released code's feeding, and its arithmetic."""

import contextlib
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import steps, steps_report, steps_shares, steps_sides
from bench.__main__ import main
from cu_core.errors import BadRequest
from cu_core.runs.resolve import Setup, method_of

# 30 s of a core, which others may be using too
pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

ROUNDS, OMEGA, IMAGES = 2, 4, 32
WORDS = f"--quick --json --rounds {ROUNDS} --forget-images {IMAGES} --retain-images {IMAGES}"
WORDS += " --probe 120 --looks 1 --workers 1 --device cpu"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home, printed = tmp_path_factory.mktemp("steps"), io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["steps", *WORDS.split(), "--home", str(home)]) == 0
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def test_every_side_makes_the_same_updates_of_the_same_images(found: dict[str, Any]) -> None:
    (row,) = found["rows"]
    assert set(row["sides"]) == {"ours", "bare", "released", "augmented"}
    for name, side in row["sides"].items():
        assert side["updates"] == OMEGA, name
        assert side["images"] == [OMEGA * 2 * IMAGES] * ROUNDS, name
        assert len(side["seconds"]) == ROUNDS and min(side["seconds"]) > 0, name
        assert side["seconds_per_step"]["median"] > 0 and side["peak_bytes"] is None
    for name, ratio in row["ratios"].items():
        assert name != "ours" and len(ratio["rounds"]) == ROUNDS
        assert all(0 < value < math.inf for value in ratio["rounds"]), name
        assert ratio["low"] <= ratio["median"] <= ratio["high"]


def test_the_released_loader_is_begun_anew_for_every_forget_batch(found: dict[str, Any]) -> None:
    for name in ("released", "augmented"):
        side = found["rows"][0]["sides"][name]
        assert side["retain_loader_starts"] == side["forget_batches"] == 1 + ROUNDS, name


def test_shares_sum_to_one(found: dict[str, Any]) -> None:
    (row,) = found["rows"]
    for shares in (row["shares"], row["step"]["shares"], row["run"]["shares"]):
        assert all(0 <= share <= 1 for share in shares.values())
        assert sum(shares.values()) == pytest.approx(1)
    assert set(row["shares"]) == set(steps_report.SHARES)
    run = row["run"]
    assert (run["every"], run["steps"], run["looks"]) == (32, 32, 2)  # 157 x 4 x 3 steps / 60
    assert run["beside_steps"] == pytest.approx(1 - run["shares"]["step"])
    assert run["seconds"]["loop"] > run["seconds"]["step"] > 0
    assert "final metrics" not in run["seconds"] and "final metrics" in run["denominator"]
    assert row["shares"]["model"] + row["shares"]["update"] > 0


def test_the_circumstances_are_on_record(found: dict[str, Any]) -> None:
    assert found["bench"] == "steps" and "--quick" in found["command"]
    assert {"cpu", "load", "torch", "torchvision", "workers start by"} <= found["machine"].keys()
    (row,) = found["rows"]
    assert row["precision"] in ("float32", "bfloat16") and row["threads"] >= 1
    assert [target["met"] in (True, False) for target in row["targets"]] == [True] * 3
    assert "small-cnn, 32 + 32 images" in steps_report.row_text(row)


def setup(home: Path) -> Setup:
    return Setup(steps_sides.request("digits", "small-cnn", 64, 120, "cpu"), home)


def released(made: Setup, sizes: tuple[int, int] = (64, 64), **more: Any) -> steps_sides.Released:
    method: Any = method_of(made.request, made.forget)  # type: ignore[arg-type]
    return steps_sides.Released(made, method, sizes, workers=0, threads=1, **more)


def test_the_released_order_begins_again_with_the_first_retain_images(tmp_path: Path) -> None:
    made, given = setup(tmp_path), []
    side = released(made)
    side.model.register_forward_pre_hook(lambda _m, x: given.append(x[0].clone()))
    assert side.advance(2 * OMEGA) == 2 * OMEGA * 128
    retained = [x[64:] for x in given]
    for k in range(OMEGA):
        torch.testing.assert_close(retained[k], retained[k + OMEGA], rtol=0, atol=0)
    assert not torch.equal(retained[0], retained[1])
    second = made.resident.train_x[made.retain_index(made.forget)[64:128]]
    torch.testing.assert_close(retained[1], made.resident.normalise(second), rtol=0, atol=1e-5)


def test_augmented_images_move_and_keep_their_scale(tmp_path: Path) -> None:
    made = setup(tmp_path)
    plain, moved = released(made), released(made, augmented=True)
    still, shifted = plain.forget.dataset[0][0], moved.forget.dataset[0][0]
    assert still.shape == shifted.shape == (1, 8, 8)
    assert still.dtype == torch.float32
    assert any(not torch.equal(moved.forget.dataset[0][0], still) for _ in range(5))


def test_sets_may_have_batches_of_their_own_size(tmp_path: Path) -> None:
    made = setup(tmp_path)
    method: Any = method_of(made.request, made.forget)  # type: ignore[arg-type]
    ours = steps_sides.Ours(made, method, 16)
    sizes = [len(batches.batch(0)[1]) for batches in (ours.job.forget, ours.job.retain)]
    assert ours.advance(1) == sum(sizes) and sizes[1] <= 16 < sizes[0]
    assert steps_sides.Bare(made, method, ours).advance(1) == sum(sizes)
    assert released(made, (64, 16)).advance(OMEGA) == OMEGA * 80


def test_too_few_retain_batches_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"needs 4\. Choose smaller batches"):
        released(setup(tmp_path), (64, 1024))


def test_a_wrong_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        steps.main(["--rounds", "0"])
    assert end.value.code == 2 and "--rounds must be at least 1" in capsys.readouterr().err


def test_ratios_are_of_images_a_second_round_by_round() -> None:
    ours = steps_report.side([(2.0, 100, None), (4.0, 100, None), (1.0, 100, None)], 4)
    other = steps_report.side([(4.0, 50, 7), (4.0, 100, 9), (9.0, 100, 8)], 4)
    ratio = steps_report.ratios({"ours": ours, "bare": other})["bare"]
    assert ratio["rounds"] == pytest.approx([4.0, 1.0, 9.0]) and ratio["median"] == 4.0
    assert ours["seconds_per_step"] == {"median": 0.5, "low": 0.25, "high": 1.0}
    assert other["peak_bytes"] == 9


def test_targets_depend_on_the_device_and_say_what_they_are_set_for() -> None:
    ratios = {"released": {"median": 5.0}, "bare": {"median": 0.85}}
    row = {"model": "resnet18", "forget_images": 64, "retain_images": 64, "ratios": ratios}
    row["run"] = {"beside_steps": 0.22}
    assert [one["met"] for one in steps_report.targets(row, "cpu")] == [True, False, False]
    assert [one["met"] for one in steps_report.targets(row, "cuda")] == [False, True, True]
    assert "set for" not in steps_report.targets(row, "cpu")[0]["name"]
    other = steps_report.targets(row | {"forget_images": 128}, "cpu")[0]["name"]
    assert other.endswith("(set for resnet18, 64 + 64 images)")


def test_a_step_stands_in_a_run_with_its_parts() -> None:
    inside = steps_shares.shares({"data": 1.0, "model": 3.0})
    assert steps_shares.whole({"step": 0.8, "map": 0.2}, inside) == pytest.approx(
        {"data": 0.2, "model": 0.6, "map": 0.2}
    )


def summary(device: str, **more: float) -> dict[str, Any]:
    """10 steps of 1 s, 3 looks of 1 + 1 + 1 s, .5 s of writing, .5 s that no clock has."""
    seconds = {"step": 10.0, "snapshot": 3.0, "metrics": 3.0, "map": 3.0, "store": 0.4}
    seconds |= {"checkpoint": 0.1, "loop": 20.0, "final metrics": 100.0, **more}
    return {"steps": 10, "device": device, "seconds": seconds}


def test_a_long_run_looks_once_less() -> None:
    found = steps_shares.run_shares(summary("cpu"), 5, 1.0, 0.0)
    assert found["looks"] == 3 and found["seconds_per_step"] == pytest.approx(1.7)
    assert found["shares"]["step"] == pytest.approx(10 / 17)
    assert found["shares"]["projection"] == pytest.approx(2 / 17)
    assert found["shares"]["other"] == pytest.approx(0.5 / 17)
    assert found["beside_steps"] == pytest.approx(7 / 17)


def test_on_a_gpu_the_wall_decides_and_the_rounds_tell_a_step() -> None:
    found = steps_shares.run_shares(summary("cuda", step=0.2, loop=16.0), 5, 1.0, 500.0)
    assert found["seconds_per_step"] == pytest.approx(1.4)  # (16 - 10) x 2 / 3 beside 10 s of steps
    assert found["beside_steps"] == pytest.approx(4 / 14)
    assert found["shares"]["step"] == pytest.approx(10 / 15.5)
    assert found["shares"]["snapshot"] == pytest.approx(1 / 15.5)
    assert "not when it is done" in found["denominator"]


@pytest.mark.parametrize("n_forget, every", [(5000, 63), (500, 7)])
def test_the_cadence_is_that_of_the_forget_set_asked_for(
    tmp_path: Path, n_forget: int, every: int
) -> None:
    made = Setup(steps_sides.request("digits", "small-cnn", 32, 120, "cpu"), tmp_path)
    assert steps_shares.usual_every(made, n_forget) == every
