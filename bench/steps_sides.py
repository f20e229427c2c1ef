"""The sides of the bench of steps: the same update of the same network, fed in different ways.

``Ours`` is the library's own path. ``Bare`` is the ceiling: forward, backward and update of the
network that ours runs, in its precision and memory format, on one batch that is on the device
already. ``Released`` feeds an update as the authors' released code does (arXiv:2401.10458;
written anew from what it does, nothing is copied): samples come one by one through torchvision's
transforms from a DataLoader whose workers are started anew for every forget batch, since the loop
breaks off after omega retain batches and begins again at the first; float32, torch's usual
memory format, as many threads as torch takes, and one number read to the host after each update.
"""

import multiprocessing
import sys
from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader, Dataset

from bench.runs import asked
from cu_core import engine, models
from cu_core.errors import BadRequest
from cu_core.methods.contrastive import Contrastive, contrastive_loss
from cu_core.models.calibrate import ALL
from cu_core.models.capture import next_update, record_passes
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job
from cu_core.spec import Job, UnlearnRequest

STARTED_BY = "fork" if sys.platform == "linux" else multiprocessing.get_start_method()


class Side:
    """One way to make updates of ``model``. ``threads``: of torch, while it works."""

    def __init__(self, model: nn.Module, threads: int) -> None:
        self.model, self.threads, self.images = model, threads, 0
        model.register_forward_pre_hook(self._count)  # the same small cost on every side

    def _count(self, _module: nn.Module, given: tuple[Tensor, ...]) -> None:
        self.images += len(given[0])

    def advance(self, updates: int) -> int:
        """Makes so many updates; the images that went through the network for them."""
        before = self.images
        self.update(updates)
        return self.images - before

    def update(self, updates: int) -> None:
        raise NotImplementedError


def request(dataset: str, model: str, images: int, probe: int, device: str) -> UnlearnRequest:
    """Forgetting class 5 by the contrastive method with its own knobs, but for the batch, the
    released code's learning rate (networks here are untrained) and so many epochs that a
    measurement never runs out of updates."""
    knobs = {"batch_size": images, "lr": 1e-3, "epochs": 200}
    return asked(dataset=dataset, model=model, hparams=knobs, probe_size=probe, device=device)


def job_of(setup: Setup, method: Contrastive, retain_images: int) -> Job:
    """A job on a network of random weights. Where the retain batch has another size than the
    forget batch, which a method's knobs do not offer, its batches are replaced."""
    job = make_job(setup, method, reference_models.blank(setup), "none")
    if retain_images != method.batch_size:
        index, seed = setup.retain_index(setup.forget), job.seed
        job.retain = setup.batches(index, retain_images, seed, "retain", "none")
    return job


class Ours(Side):
    """Lethe's own updates, as ``engine.run`` yields them; nobody looks at the model."""

    def __init__(self, setup: Setup, method: Contrastive, retain_images: int) -> None:
        self.job = job_of(setup, method, retain_images)
        super().__init__(self.job.model, setup.plan.threads or ALL)
        engine.begin(method, self.job)
        self._updates = engine.run(method, self.job)

    def update(self, updates: int) -> None:
        for _ in range(updates):
            next(self._updates)


class Bare(Side):
    """The ceiling: one resident batch, as large as those of ``ours``, over and over. ``recorded``:
    its passes become a CUDA graph, as those of ours are on a GPU."""

    def __init__(
        self, setup: Setup, method: Contrastive, ours: Ours, recorded: bool = False
    ) -> None:
        super().__init__(reference_models.blank(setup).train(), ours.threads)
        parts = [ours.job.forget.batch(0), ours.job.retain.batch(0)]
        x, self.y = (torch.cat(both) for both in zip(*parts, strict=True))
        last = setup.plan.layout == "channels-last" and x.ndim == 4
        self.x = x.to(memory_format=torch.channels_last) if last else x
        self.optimizer = torch.optim.SGD(self.model.parameters(), method.lr, method.momentum)
        if recorded:
            record_passes(self.model, self.optimizer)

    def update(self, updates: int) -> None:
        for _ in range(updates):
            next_update(self.model)
            logits, _ = self.model(self.x)
            self.optimizer.zero_grad(set_to_none=True)
            cross_entropy(logits, self.y).backward()
            self.optimizer.step()


class Samples(Dataset[tuple[Tensor, Tensor]]):
    """Images one by one, each through the transforms. ``augmented``: cropped and mirrored as PIL
    images first, which is usual; the released code has these lines commented out."""

    def __init__(self, setup: Setup, index: Any, augmented: bool) -> None:
        from torchvision import transforms as t

        data, resident = setup.dataset, setup.resident
        self.x = data.train_x[index].transpose(0, 2, 3, 1).copy()  # (n, H, W, C) uint8
        self.y = data.train_y[index]
        margin = max(1, self.x.shape[1] // 8)
        moved = [t.ToPILImage(), t.RandomCrop(self.x.shape[1:3], margin), t.RandomHorizontalFlip()]
        mean, std = ((each.flatten() / 255).tolist() for each in (resident.mean, resident.std))
        self.transform = t.Compose([*moved * augmented, t.ToTensor(), t.Normalize(mean, std)])

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        return self.transform(self.x[at]), torch.tensor(self.y[at])


class Loader(DataLoader[tuple[Tensor, Tensor]]):
    """A DataLoader that knows how often it was begun: each time starts its workers."""

    starts = 0

    def __iter__(self) -> Any:
        self.starts += 1
        return super().__iter__()


class Usual(nn.Module):
    """The same network computed as torch does by itself, by no plan of Lethe's."""

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        request, data = setup.request, setup.dataset
        model = models.build(request.model, data.shape, data.n_classes, seed=request.model_seed)
        self.body, self.fc = model.body, model.fc

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.body(x)  # (B, D)
        return self.fc(z), z


class Released(Side):
    """The released code's way to feed the loop, or with ``augmented`` the usual crops, flips and
    shuffled order put back into it."""

    def __init__(
        self,
        setup: Setup,
        method: Contrastive,
        sizes: tuple[int, int],
        workers: int,
        threads: int,
        augmented: bool = False,
    ) -> None:
        """``sizes``: images of the forget and of the retain set in a batch."""
        super().__init__(Usual(setup).to(setup.device).train(), threads)
        self.setup, self.method, self.sizes = setup, method, sizes
        assert setup.forget is not None
        chosen = (setup.forget.index, setup.retain_index(setup.forget))
        self.forget, self.retain = (
            Loader(
                Samples(setup, index, augmented),
                batch_size=size,
                shuffle=augmented,
                num_workers=workers,
                multiprocessing_context=STARTED_BY if workers else None,
                pin_memory=setup.device.startswith("cuda"),
            )
            for index, size in zip(chosen, sizes, strict=True)
        )
        if len(self.retain) < method.retain_batches:
            raise BadRequest(
                f"The retain set has {len(self.retain)} batches of {sizes[1]} images, and a forget "
                f"batch needs {method.retain_batches}. Choose smaller batches, or more data."
            )
        self.forget_batches = 0
        self.optimizer = torch.optim.SGD(self.model.parameters(), method.lr, method.momentum)
        self._coming = self._forget_batches()

    def update(self, updates: int) -> None:
        """Of whole forget batches: ``updates`` is a multiple of omega."""
        omega = self.method.retain_batches
        for _ in range(updates // omega):
            x_f, y_f = next(self._coming)
            self.forget_batches += 1
            beside = iter(self.retain)  # the one before lives on until this one has started
            for _ in range(omega):
                self._update(x_f, y_f, *next(beside))

    def close(self) -> dict[str, int]:
        """Ends the workers of the forget set; how often the retain loader was begun."""
        self._coming.close()
        return {"forget_batches": self.forget_batches, "retain_loader_starts": self.retain.starts}

    def _forget_batches(self) -> Generator[tuple[Tensor, Tensor], None, None]:
        while True:
            yield from self.forget

    def _update(self, x_f: Tensor, y_f: Tensor, x_r: Tensor, y_r: Tensor) -> None:
        self.optimizer.zero_grad()
        n, method = len(x_f), self.method
        kept = n * self.sizes[1] // self.sizes[0]  # cut to a short forget batch
        x_f, x_r, y_f, y_r = (
            part.to(self.setup.device)
            for part in (x_f.clone().detach(), x_r[:kept], y_f.clone().detach(), y_r[:kept])
        )
        logits, z = self.model(torch.cat([x_f, x_r]))  # (F+R, C), (F+R, D)
        z = normalize(z, dim=1)
        contrast = contrastive_loss(z[:n], y_f, z[n:], y_r, method.temperature, "official")
        loss = method.contrast_weight * contrast
        loss = loss + method.ce_weight * cross_entropy(logits[n:], y_r)
        loss.backward()
        self.optimizer.step()
        loss.item()
