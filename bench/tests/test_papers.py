"""The papers' bench from end to end on digits, and what it counts."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import papers_run, runs
from bench.__main__ import main
from cu_core import engine, methods
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.spec import Job, Method, UnlearnRequest
from cu_core.store import Store

SMALL = "--methods contrastive logit-mask --tasks class:5 random:0.1 --seeds 0 --epochs 1"
SMALL += " --max-steps 3 --probe 120 --device cpu"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def words(home: Path) -> list[str]:
    return [*f"papers {SMALL} --home {home} --resume {home / 'cells.jsonl'}".split()]


@pytest.fixture(scope="module")
def found(words: list[str]) -> dict[str, Any]:
    """The first run of all; the others find its cells."""
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main([*words, "--json"]) == 0
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def test_both_tasks_are_measured_against_retrained_models(found: dict[str, Any]) -> None:
    assert found["bench"] == "papers" and "last step" in found["checkpoint"]
    one, tenth = found["tasks"]
    assert (one["kind"], tenth["kind"]) == ("class", "sample")
    assert {row["name"] for row in one["rows"]} == {"contrastive", "logit-mask"}
    gaps = [row["stats"]["avg_gap"]["mean"] for row in one["rows"] if "avg_gap" in row["stats"]]
    assert gaps == sorted(gaps)
    assert [row["name"] for row in tenth["rows"]] == ["contrastive"]
    assert any("logit-mask: not run: " in line for line in tenth["not_run"])
    for task in (one, tenth):
        assert task["retrained"]["stats"]["ra"]["n"] == 1
        assert task["retrained"]["stats"]["backward"]["mean"] == task["forget"]["n_retain"]
        for row in task["rows"]:
            assert {"ra", "ua", "ta", "steps", "forward", "seconds"} <= row["stats"].keys()
            assert row["stats"]["steps"]["mean"] == 3
            assert 30 < sum(to["percent"] for to in row["goes_to"]) <= 100
    for key in ("mia_efficacy", "avg_gap", "rho_knn", "rho_linear"):
        row = one["rows"][0]
        assert (key in row["stats"]) != (key in row["reasons"]), key


def test_finished_cells_are_not_measured_again(
    found: dict[str, Any],
    words: list[str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (home / "cells.jsonl").open("a") as file:
        file.write('{"key": "cut o')  # the bench was killed while it wrote
    monkeypatch.setattr(runs, "execute", None)
    assert main([*words, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["tasks"] == found["tasks"]
    assert not Store(home).runs()  # their files are gone, and the models stay
    assert Store(home).models()


def test_a_cell_after_a_cut_off_line_is_kept(found: dict[str, Any], home: Path) -> None:
    log = home / "more.jsonl"
    log.write_text('{"key": "cut o')
    bench = papers_run.Bench(Store(home), log)
    case = papers_run.Case("x", UnlearnRequest())
    bench._measured = lambda case: {"key": case.key}  # type: ignore[method-assign]
    bench.cell(case)
    assert papers_run.Bench(Store(home), log).done == {case.key: {"key": case.key}}


def test_the_table_quotes_the_papers_under_the_right_method(
    found: dict[str, Any], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = next(line for line in lines if "Avg. Gap |" in line)
    columns = [cell.strip() for cell in heads.strip("|").split("|")]
    assert columns == [
        "", "RA", "UA", "TA", "MIA", "Avg. Gap", "without MIA", "of means", "class, test",
        "rho 15-nn", "rho linear", "steps", "images forward + backward", "seconds",
    ]  # fmt: skip
    at = next(i for i, line in enumerate(lines) if line.startswith("| contrastive |"))
    printed = [cell.strip() for cell in lines[at + 1].strip("|").split("|")]
    assert "printed in arXiv:2401.10458, Table 1: CIFAR-10, resnet18, class 5" in printed[0]
    assert printed[2:4] == ["100.00", "85.79"] and printed[8] == "0.00"
    at = next(i for i, line in enumerate(lines) if line.startswith("| logit-mask |"))
    assert "printed" not in lines[at + 1]  # no paper has it
    assert any("lcodec (described, not built)" in line for line in lines)
    assert any(line.startswith("- retrained: ") for line in lines)
    assert "Checkpoint: the model after the last step" in "\n".join(lines)


def test_a_fault_ends_its_cell_alone_and_is_tried_again(
    found: dict[str, Any], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(case: papers_run.Case) -> papers_run.Cell:
        raise RuntimeError("out of memory")

    bench = papers_run.Bench(Store(home), home / "none.jsonl")
    bench._measured = broken  # type: ignore[method-assign]
    cell = bench.cell(papers_run.Case("x", UnlearnRequest()))
    assert cell["error"] == "RuntimeError: out of memory" and bench.faults == 1
    assert "Traceback" in capsys.readouterr().err
    assert not bench.done and not (home / "none.jsonl").exists()


def test_what_no_time_was_left_for_is_said_and_measured_the_next_time(
    found: dict[str, Any], words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = [*words, "--tasks", "class:5", "--methods", "fine-tune", "contrastive", "--json"]
    assert main([*fewer, "--minutes", "0"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    assert [row["name"] for row in task["rows"]] == ["contrastive"]  # is on record
    (said,) = task["not_run"]
    assert said.startswith("fine-tune: not run: seed 0: the 0 minutes were spent")
    assert main(fewer) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    assert {row["name"] for row in task["rows"]} == {"contrastive", "fine-tune"}
    assert not task["not_run"]


# --- what is counted --------------------------------------------------------------------------


def begun(home: Path, key: str) -> tuple[Method, Job]:
    """A method and its job on digits, in batches of 16."""
    request = UnlearnRequest(method=key, hparams={"batch_size": 16}, device="cpu")
    setup = Setup(request, home)
    assert setup.forget is not None
    method = method_of(request, setup.forget)
    return method, make_job(setup, method, reference_models.blank(setup))


@pytest.mark.parametrize(
    ("key", "forward", "backward"),
    [("gradient-ascent", 32, 32), ("coun", 64, 64), ("delete", 64, 32), ("contrastive", 64, 64)],
)
def test_images_forward_and_backward(tmp_path: Path, key: str, forward: int, backward: int) -> None:
    """Two steps of batches of 16: CoUn has two views, DELETE asks a frozen copy too, contrastive
    unlearning takes a forget and a retain batch."""
    cls = methods.get(key)
    method, job = begun(tmp_path, key)
    before = vars(cls).get("step")
    with papers_run.counting(cls) as spent:
        engine.begin(method, job)
        for _ in engine.run(method, job, total=2):
            job.model(job.forget.batch(0)[0])  # looked at between two steps: not the method's
    assert spent.forward == pytest.approx(forward, abs=4)  # batches differ by one
    assert spent.backward == pytest.approx(backward, abs=4)
    assert spent.seconds > 0 and vars(cls).get("step") is before


def test_a_hook_is_not_left_behind(tmp_path: Path) -> None:
    with papers_run.counting(methods.get("coun")) as spent:
        pass
    spent.depth = 1
    _, job = begun(tmp_path, "coun")
    job.model(torch.zeros(2, 1, 8, 8))
    assert spent.forward == 0
