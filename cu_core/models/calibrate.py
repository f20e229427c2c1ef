"""Which precision, memory order and number of threads this machine computes a model with fastest.

Measured, not looked up: bfloat16 halves a step of ResNet-18 on one processor and lengthens it by
a third on another that has the same instructions; two threads of two shared cores can be slower
than one. ``cu_core.runs.resolve`` keeps the answer by machine and model.
"""

import math
import platform
import time
from functools import cache
from pathlib import Path

import psutil
import torch
from torch.nn.functional import cross_entropy

from cu_core.models._base import Classifier, Shape
from cu_core.seeding import preserve_random_state
from cu_core.spec import ComputePlan, Precision

SMALL_INPUT = 512  # numbers in one sample; below, one thread in float32 and nothing is measured
IMAGES, NUMBERS = 32, 400_000  # at most, of the batch that is timed
ROUNDS = 3  # the first warms caches; the least of the others counts
ALL = torch.get_num_threads()  # before any plan has set another number
GAIN = 0.9  # of the usual plan's time: what differs by less is as likely noise
LISTEN_S, BUSY_PCT = 0.2, 30.0  # of all cores, by whatever else runs
HOPELESS = 2.0  # times the fastest in the first round: not tried again


def known_plan(
    shape: Shape, device: str, wanted: Precision | None = None, threads: int = ALL
) -> ComputePlan | None:
    """The plan where nothing needs measuring: on a GPU, and for samples too small to share out.

    ``wanted``: a precision to keep to. On 8 x 8 digits two threads of two shared cores trained
    three times slower than one: each of a thousand short operations a second waits for the thread
    that was not scheduled.
    """
    if device.startswith("cuda"):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        pays = native and not small(shape)
        return ComputePlan(precision=wanted or ("bfloat16" if pays else "float32"))
    if device != "cpu":
        return ComputePlan(precision=wanted or "float32")
    if small(shape):
        return ComputePlan(precision=wanted or "float32", threads=1)
    return None


def small(shape: Shape) -> bool:
    """Whether one sample is too small to be shared out among threads."""
    return math.prod(shape) < SMALL_INPUT


def busy() -> bool:
    """Whether others take so much of the processor now that a measurement would mislead."""
    return float(psutil.cpu_percent(LISTEN_S)) > BUSY_PCT


def usual(wanted: Precision | None = None, threads: int = ALL) -> ComputePlan:
    """The plan that is taken where none has been measured."""
    return ComputePlan(precision=wanted or "float32", threads=threads)


def fastest(model: Classifier, wanted: Precision | None = None, threads: int = ALL) -> ComputePlan:
    """The plan under which this processor computes ``model`` fastest, by passes made here.

    First precision and memory order, with all ``threads``, then whether one thread does as well.
    The model's weights stay as they are.
    """
    first = usual(wanted, threads)
    rivals = [first.model_copy(update={"layout": "contiguous"})] if len(model.shape) == 3 else []
    if wanted is None:
        rivals.append(first.model_copy(update={"precision": "bfloat16"}))
    best = _best(model, first, rivals)
    if threads > 1:
        best = _best(model, best, [best.model_copy(update={"threads": 1})])
    return best


def _best(model: Classifier, first: ComputePlan, rivals: list[ComputePlan]) -> ComputePlan:
    """``first``, unless a rival is faster by more than noise. All take turns, so that whatever else
    the machine does meets them alike."""
    spent: dict[ComputePlan, float] = {}
    plans = [first, *rivals]
    for turn in range(ROUNDS):
        now = {plan: seconds(model, plan) for plan in plans}
        if turn == 0:
            limit = HOPELESS * min(now.values())
            plans = [plan for plan in plans if plan == first or now[plan] <= limit]
        else:
            spent = {plan: min(now[plan], spent.get(plan, math.inf)) for plan in plans}
    fastest = min(spent, key=spent.__getitem__)
    return fastest if spent[fastest] < GAIN * spent[first] else first


def seconds(model: Classifier, plan: ComputePlan) -> float:
    """Of one pass forward and back of up to ``IMAGES`` samples under a plan. Gradients are dropped,
    torch's threads and random streams are left as they were; the model keeps the plan."""
    before = torch.get_num_threads()
    model.use(plan)
    with preserve_random_state():
        n = min(IMAGES, max(2, NUMBERS // math.prod(model.shape)))  # of large images a few
        x = torch.randn(n, *model.shape)
        y = torch.randint(model.n_classes, (n,))
    torch.set_num_threads(plan.threads or before)
    try:
        began = time.perf_counter()
        cross_entropy(model(x)[0], y).backward()
        spent = time.perf_counter() - began
    finally:
        torch.set_num_threads(before)
    model.zero_grad(set_to_none=True)
    return spent


@cache
def processor() -> str:
    """The processor's name, as Linux tells it; else its architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
