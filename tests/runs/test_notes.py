"""A preset that does next to nothing on small data says so, and what would make up for it."""

import re
from pathlib import Path
from typing import Any

import pytest

from cu_core import methods
from cu_core.runs.execute import check
from cu_core.runs.notes import FEW_UPDATES, notes
from cu_core.runs.reference_models import blank
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.spec import Summary, UnlearnRequest
from cu_core.store import Store


def asked(home: Path, **fields: Any) -> tuple[Setup, Any]:
    setup = Setup(UnlearnRequest(**fields), home)
    assert setup.forget is not None
    return setup, method_of(setup.request, setup.forget)  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", ["paper", "official-code"])
def test_the_epochs_offered_give_the_updates_that_the_preset_is_meant_to_make(
    tmp_path: Path, preset: str
) -> None:
    setup, method = asked(tmp_path, preset=preset)
    (said,) = notes(setup, method)
    batch, epochs = (64, 1) if preset == "paper" else (128, 3)
    meant = 4 * epochs * -(-5000 // batch)
    updates = 4 * epochs * -(-len(setup.new) // batch)
    assert f"The preset {preset} makes {updates} updates here." in said
    assert f"it makes {meant};" in said
    offered = int(re.findall(r"--set epochs=(\d+) gives as many", said)[0])
    less, enough = (updates // epochs * e for e in (offered - 1, offered))
    assert less < meant <= enough
    again = asked(tmp_path, preset=preset, hparams={"epochs": offered})
    assert notes(*again) == () and enough >= FEW_UPDATES


def test_what_cannot_be_made_up_for_is_said(tmp_path: Path) -> None:
    (said,) = notes(*asked(tmp_path, method="delete", preset="official-code", forget="class:5"))
    assert "makes 40 updates here" in said and "it makes 800;" in said
    (said,) = notes(*asked(tmp_path, method="boundary-shrink", preset="official-code",
                           forget="random:0.01"))  # fmt: skip
    assert "the most epochs, 200, give 200." in said


def test_no_preset_an_edit_and_large_data_have_no_note(tmp_path: Path) -> None:
    assert notes(*asked(tmp_path)) == ()
    assert notes(*asked(tmp_path, method="ssd", preset="ssd-runner")) == ()
    assert notes(*asked(tmp_path, method="coun", preset="coun")) == ()


def test_every_preset_has_a_note_or_enough_updates(tmp_path: Path) -> None:
    for key in methods.names():
        for preset in methods.get(key).presets:
            setup, method = asked(tmp_path, method=key, preset=preset)
            for said in notes(setup, method):
                assert said.startswith(f"The preset {preset} makes ") and said.endswith(".")


def test_a_knob_of_augmentation_reaches_the_batches(tmp_path: Path) -> None:
    for augment in (False, True):
        setup, method = asked(tmp_path, method="delete", hparams={"augment": augment})
        job: Any = make_job(setup, method, blank(setup), augment="crop")
        assert job.forget.augment == ("crop" if augment else "none")


def test_a_note_is_told_before_the_run_and_kept_with_it(tmp_path: Path) -> None:
    (said,) = check(Store(tmp_path), UnlearnRequest(preset="paper"))
    assert Summary(notes=(said,)).written == {"notes": (said,)}
