"""Recorded frames on a GPU, where there is one: the map that is there without a recording."""

import pytest
import torch

from cu_core.projection import Layout
from cu_core.projection.recorded import Recorder
from tests.projection.test_recorded import FORGET, LABEL, RUN, called, same, start

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def test_recorded_frames_are_those_of_the_functions_as_they_stand() -> None:
    recorded, plain = (Layout(start(), 0, "cuda") for _ in "ab")
    plain._way = called
    frames = [
        [made.place(z, t, LABEL, FORGET) for t, z in enumerate(RUN)] for made in (recorded, plain)
    ]
    assert same(*frames)
    way = recorded._way
    assert isinstance(way, Recorder) and not way.fault and way._made
