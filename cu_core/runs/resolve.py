"""A request resolved against data, model and method, and the pieces every run is made of."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cu_core import data, engine, forget, methods, models
from cu_core.data.batches import Augment, DeviceBatches, Resident, Scaling, resident
from cu_core.errors import BadRequest, DiskFull
from cu_core.models import calibrate, train
from cu_core.runs.originals import complete, contract_of
from cu_core.spec import (
    SCALE,
    STOP_RULES,
    ComputePlan,
    Dataset,
    ForgetFacts,
    ForgetSet,
    Ints,
    Job,
    Method,
    ModelContract,
    Probe,
    Provenance,
    TrainRequest,
    UnlearnRequest,
    channels,
)
from cu_core.store import Store
from cu_core.store.plans import load_plan, save_plan


class Setup:
    """A request resolved and checked; nothing trained, nothing written.

    Raises a LetheError whose sentence says what cannot be done and what to change. ``like``: one of
    a moment ago, whose data are taken where they are the same, as they lie on the device too.
    """

    def __init__(
        self,
        request: TrainRequest | UnlearnRequest,
        home: Any,
        like: "Setup | None" = None,
    ) -> None:
        self.home = Path(home)
        store = Store(self.home)
        self.request = request = complete(store, request)
        self.device = engine.pick_device(request.device)
        size = request.size or models.get(request.model).size
        self._data = (request.dataset, request.plant, size)
        alike = like and (like._data, like.device) == (self._data, self.device)
        same = like if alike else None
        self.dataset: Dataset = (
            same.dataset if same else data.load(request.dataset, self.home, request.plant, size)
        )
        reason = models.supports(request.model, self.dataset.shape, request.head)
        if reason:
            raise BadRequest(reason)
        self.forget: ForgetSet | None = None
        self.new: Ints = np.zeros(0, np.int64)  # of ``forget``, what the run's method is given
        if request.forget is not None:
            seed = request.seed if isinstance(request, UnlearnRequest) else request.forget_seed
            self.forget = forget.parse(request.forget, self.dataset, seed)
            self.new = self._new(self.forget)
        self._resident: Resident | None = None
        self._plan: ComputePlan | None = None
        self._recipe: train.Recipe | None = None
        original = getattr(request, "original", None)
        self.contract: ModelContract | None = contract_of(store, original)
        if same and same.scaling == self.scaling:
            self._resident = same._resident

    @property
    def scaling(self) -> Scaling | None:
        """(mean, std) of pixels in 0..1 that the original model was made for, and that everything
        of the run is normalised by; those of the network's makers; None: the data's own."""
        if self.contract:
            return self.contract.scaling
        declared = models.get(self.request.model)
        made_for = declared.mean, declared.std
        width = self.dataset.shape[0]
        mean, std = (channels(part, width) if part else None for part in made_for)
        return (mean, std) if mean and std else None

    def header(self) -> dict[str, Any]:
        """What the file of a model of this request says of itself: how it is to be asked."""
        r, scale = self.resident, SCALE if self.dataset.is_image else 1
        return {
            "architecture": self.request.model,
            "head": self.request.head,
            "shape": list(self.dataset.shape),
            "n_classes": self.dataset.n_classes,
            "class_names": list(self.dataset.class_names),
            "mean": (r.mean.flatten().cpu().double() / scale).tolist(),
            "std": (r.std.flatten().cpu().double() / scale).tolist(),
        }

    @property
    def plan(self) -> ComputePlan:
        """How the request's model is computed here: measured once a machine and model, and kept."""
        if self._plan is None:
            self._plan = self._find_plan()
        return self._plan

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Inside, torch computes by the plan: its threads and, on a GPU, kernels that add up in one
        order, so that the same run has the same bits there too. Both are the process's; outside
        they are as they were."""
        threads, deterministic = torch.get_num_threads(), torch.backends.cudnn.deterministic
        torch.set_num_threads(self.plan.threads or calibrate.ALL)
        torch.backends.cudnn.deterministic = deterministic or self.device.startswith("cuda")
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.backends.cudnn.deterministic = deterministic

    @property
    def recipe(self) -> train.Recipe:
        """How the original and the retrained model are trained."""
        if self._recipe is None:
            request, dataset = self.request, self.dataset
            self._recipe = train.recipe(
                request.model,
                dataset.key,
                dataset.shape,
                len(dataset.train_y),
                request.train_epochs,
                self.device,
            )
        return self._recipe

    def keep_to(self, plan: ComputePlan | None, provenance: Provenance | None = None) -> None:
        """Computes and trains by what is on record from now on, whatever was measured or declared
        since; None: nothing is on record."""
        self._plan = plan or self._plan
        if provenance is not None and provenance.contract:
            self.contract, self._resident = provenance.contract, None
        if provenance is not None and provenance.recipe:
            self._recipe = train.Recipe.model_validate(provenance.recipe)

    def _find_plan(self) -> ComputePlan:
        request, shape = self.request, self.dataset.shape
        wanted = None if request.precision == "auto" else request.precision
        plan = calibrate.known_plan(shape, self.device, wanted)
        if plan is not None:
            return plan
        facts = (
            calibrate.processor(), calibrate.ALL, torch.__version__,
            request.model, request.head, shape, request.precision,
        )  # fmt: skip
        key = ", ".join(map(str, facts))
        plan = load_plan(self.home, key)
        if plan is None and calibrate.busy():
            return calibrate.usual(wanted)  # and measured another time
        if plan is None:
            model = models.build(request.model, shape, self.dataset.n_classes, request.head)
            plan = calibrate.fastest(model, wanted)
            with suppress(DiskFull):  # it is measured again
                save_plan(self.home, key, plan)
        return plan

    def place(self, model: models.Classifier) -> models.Classifier:
        """The model on the run's device, computed by the plan."""
        model.use(self.plan)
        if self.device.startswith("cuda"):
            model.to(memory_format=torch.channels_last)  # else each pass would reorder the weights
        return model.to(self.device)

    def _new(self, chosen: ForgetSet) -> Ints:
        """The forget set (F,) without what the original model was made to forget before."""
        before = getattr(self.request, "after", None)
        if before is None:
            return chosen.index
        if not getattr(self.request, "original", None):
            raise BadRequest(f"{before} was forgotten before: name the model, as `original`.")
        return forget.beyond(chosen, forget.parse(before, self.dataset, chosen.seed))

    @property
    def resident(self) -> Resident:
        if self._resident is None:
            self._resident = resident(self.dataset, self.device, self.scaling)
        return self._resident

    def batches(
        self, index: Any, batch_size: int, seed: int, name: str, augment: Augment
    ) -> DeviceBatches:
        r = self.resident
        return DeviceBatches(
            r.train_x, r.train_y, index, batch_size, seed, name, augment, r.mean, r.std
        )

    def retain_index(self, chosen: ForgetSet | None) -> Any:
        index = np.arange(len(self.dataset.train_y))
        return index if chosen is None else np.setdiff1d(index, chosen.index)


def forget_facts(dataset: Dataset, chosen: ForgetSet, probe: Probe) -> ForgetFacts:
    """A forget set in words and counts, as pages tell it; of which so many are on the map."""
    return ForgetFacts(
        rule=chosen.rule,
        kind=chosen.kind,
        n_forget=len(chosen.index),
        n_retain=len(dataset.train_y) - len(chosen.index),
        n_drawn=int(probe.is_forget.sum()),
        n_points=len(probe.index),
        classes=chosen.classes,
        hash=chosen.hash,
        notes=chosen.notes,
    )


def method_of(
    request: UnlearnRequest, chosen: ForgetSet, provenance: Provenance | None = None
) -> Method:
    """The method with its knobs checked, or a sentence that names what it cannot do.

    With a ``provenance`` its knobs are those on record, not today's presets and defaults.
    """
    cls = methods.get(request.method)
    fits(cls, chosen, request.forget)
    rule = STOP_RULES[request.stop_rule]
    if chosen.kind not in rule.kinds:
        raise BadRequest(
            f"The stop rule {rule.key} needs a {' or '.join(rule.kinds)} to forget; "
            f"{request.forget} is a {chosen.kind} set. Choose another stop rule."
        )
    if provenance is not None and provenance.method == request.method:
        return cls.make(None, **provenance.knobs)
    return cls.make(request.preset, **request.hparams)


def fits(method: type[Method] | Method, chosen: ForgetSet, rule: str) -> None:
    """BadRequest where the method cannot forget a set of this kind."""
    if chosen.kind not in method.kinds:
        raise BadRequest(
            f"{method.label} works on whole classes; {rule} is a {chosen.kind} set. "
            "Choose class:NAME, or another method."
        )


def make_job(setup: Setup, method: Method, model: Any, augment: Augment | None = None) -> Job:
    """The model in its place, with the batches of both sets. ``augment`` None: the recipe's.

    After an earlier stage, the forget batches are what is new; retained is what no stage forgets,
    and ``forget_classes`` are those of all stages, so that none is a target.
    """
    request, chosen = setup.request, setup.forget
    assert isinstance(request, UnlearnRequest) and chosen is not None
    size = int(getattr(method, "batch_size", 64))
    used: Augment = (augment or setup.recipe.augment) if method.augmented else "none"
    return Job(
        model=setup.place(model),
        forget=setup.batches(setup.new, size, request.seed, "forget", used),
        retain=setup.batches(setup.retain_index(chosen), size, request.seed, "retain", used),
        n_classes=setup.dataset.n_classes,
        forget_classes=chosen.classes,
        device=setup.device,
        seed=request.seed,
    )


def machine() -> dict[str, str]:
    """What a number was measured on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": calibrate.processor(),
        "threads": str(torch.get_num_threads()),
    }
