"""The command line as a whole: its verbs, what a start costs, and exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from cu_core import cli
from cu_core.cli import main, verbs
from cu_core.store import Store

ROOT = Path(__file__).resolve().parents[2]
NO_RUN = "20261121-141523-042-9f3a1c"
OF_A_RUN = {"show": [], "resume": [], "delete": [], "rename": ["Mine"], "export": ["--html", "x"]}
NEW = """
from cu_core.cli._verb import Verb
VERB = Verb({name!r}, "A verb of one's own.", lambda options: 0 if options.home else 3)
"""


@pytest.mark.parametrize("name", verbs())
def test_every_verb_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    told = capsys.readouterr().out
    assert end.value.code == 0 and f"usage: lethe {name}" in told
    assert verbs()[name].help.endswith(".") and " ".join(told.split()).count(verbs()[name].help)
    assert "--home" in told and "--json" in told


def test_a_new_file_is_a_new_verb_and_a_clash_is_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    (tmp_path / "a_verb_of_ones_own.py").write_text(NEW.format(name="recall"))
    assert main(["recall", "--home", "x"]) == 0 and main(["recall"]) == 3
    (tmp_path / "a_verb_that_clashes.py").write_text(NEW.format(name="runs"))
    with pytest.raises(ImportError, match="the verb 'runs' a second time"):
        main(["recall"])


@pytest.mark.parametrize("words", [["--version"], ["runs"], ["show", NO_RUN], ["unlearn", "-h"]])
def test_a_start_does_not_load_torch(words: list[str], home: Path) -> None:
    given = [*words, "--home", str(home)] if words[0] in ("runs", "show") else words
    code = (
        "import atexit, sys; from cu_core.cli import main;"
        "atexit.register(lambda: print('torch' in sys.modules));"
        "main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split()[-1] == "False", done.stderr


def test_the_version_names_what_a_run_would_record(capsys: pytest.CaptureFixture[str]) -> None:
    from cu_core.store.config import versions

    with pytest.raises(SystemExit) as end:
        main(["--version"])
    told = capsys.readouterr().out
    assert end.value.code == 0 and told.startswith("lethe ")
    assert all(versions()[name] in told for name in ("lethe", "python", "torch"))


@pytest.mark.parametrize("verb", OF_A_RUN)
def test_an_unknown_run_is_a_bad_request(
    verb: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for run_id in (NO_RUN, "../../etc"):
        assert main([verb, run_id, *OF_A_RUN[verb], "--home", str(home)]) == 2
        said = capsys.readouterr()
        assert f"There is no run {run_id!r}" in said.err and said.out == ""
        assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["forgotten"], "invalid choice: 'forgotten'"),
        (["forget"], "required: RULE"),
        (["look"], "required: DATASET"),
        (["runs", "--limit", "3"], "unrecognized arguments: --limit 3"),
        (["show"], "required: RUN"),
        ([], "required: COMMAND"),
    ],
)
def test_what_is_no_command_is_refused_in_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr().err
    assert end.value.code == 2 and sentence in said and said.count("\n") == 1


@pytest.mark.parametrize("verb", ["runs", "app"])
@pytest.mark.parametrize("home", ["~nobody-at-all/x", "a\0b", "\ud800"])
def test_a_home_that_can_be_no_folder_is_a_sentence(
    verb: str, home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["lethe"])
    assert main([verb, "--home", home]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The home folder '") and said.endswith("LETHE_HOME.\n")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cats", "No data source is called 'cats'; there are"),
        ("digits", "digits needs no download"),
        ("folder:/tmp", "folder needs no download"),
    ],
)
def test_what_cannot_be_downloaded_is_refused_before_it_is_queued(
    name: str, sentence: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", name, "--home", str(store.home)]) == 2
    assert sentence in capsys.readouterr().err and store.runs() == []
