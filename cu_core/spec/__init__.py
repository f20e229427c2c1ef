"""The data that flows through Lethe, and the declarations a method and a metric are made of.

dataset -> original model -> method steps -> snapshots -> metrics + map -> store -> pages.
Each arrow is one of the plain types here. Axis letters: N images, C classes or channels,
H, W pixels, D embedding size, P probe samples, Q test samples of the probe, T frames.
Standard library, numpy and pydantic only: this package loads in milliseconds everywhere.
"""

from cu_core.spec._data import Dataset, Floats, ForgetSet, Ints, Probe
from cu_core.spec._method import Batches, Job, Method, knob
from cu_core.spec._metric import Metric, NotComputed, Over, metric
from cu_core.spec._plan import ComputePlan, Precision
from cu_core.spec._record import (
    ACTIVE,
    FINAL,
    SCHEMA_VERSION,
    FetchRequest,
    Progress,
    Request,
    RunRecord,
    RunState,
    TrainRequest,
    UnlearnRequest,
    option_of,
)
from cu_core.spec._run import Frame, ModelOutputs, Snapshot, StepLog

__all__ = [
    "ACTIVE",
    "FINAL",
    "SCHEMA_VERSION",
    "Batches",
    "ComputePlan",
    "Dataset",
    "FetchRequest",
    "Floats",
    "ForgetSet",
    "Frame",
    "Ints",
    "Job",
    "Method",
    "Metric",
    "ModelOutputs",
    "NotComputed",
    "Over",
    "Precision",
    "Probe",
    "Progress",
    "Request",
    "RunRecord",
    "RunState",
    "Snapshot",
    "StepLog",
    "TrainRequest",
    "UnlearnRequest",
    "knob",
    "metric",
    "option_of",
]
