"""A torchvision that does not belong to torch, simulated by a package of its name."""

import sys

import pytest

from cu_core import models
from cu_core.errors import LetheError
from cu_core.models.selfcheck import check_torchvision


@pytest.fixture
def torchvision_that(tmp_path, monkeypatch):
    def replace(source):
        (tmp_path / "torchvision").mkdir()
        (tmp_path / "torchvision" / "__init__.py").write_text(source)
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.syspath_prepend(tmp_path)
        check_torchvision.cache_clear()

    yield replace
    check_torchvision.cache_clear()


def test_the_installed_one_passes():
    assert check_torchvision() is None


def test_two_indexes_become_one_sentence_with_the_remedy(torchvision_that):
    torchvision_that("raise RuntimeError('operator torchvision::nms does not exist')")
    sentence = check_torchvision()
    assert "different package indexes" in sentence
    assert "pip install --force-reinstall torch torchvision" in sentence
    with pytest.raises(LetheError, match="different package indexes"):
        models.build("resnet18", (3, 32, 32), 10)
    assert models.build("resnet20", (3, 32, 32), 10)  # needs no torchvision


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("raise OSError('libcudart.so.13: cannot open shared object file')", "libcudart"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
    ],
)
def test_other_failures_keep_their_cause(torchvision_that, source, word):
    torchvision_that(source)
    assert word in check_torchvision()
    assert "pip install" in check_torchvision()
