"""``Trainer(callbacks=[Watch(forget=..., retain=..., test=...)])``: Lightning's loop under watch.

For ``lightning`` and for ``pytorch_lightning``, whichever the script itself uses.
"""

from __future__ import annotations

import sys
from typing import Any

from cu_core.watching import Watch as Watched
from cu_core.watching import watch
from cu_core.watching._extra import needed

HINT = "pip install lightning"


def _callback() -> Any:
    """The base class that the script's own Trainer looks for: two packages have one each."""
    names = ("lightning.pytorch", "pytorch_lightning")
    loaded = [name for name in names if name in sys.modules]
    return needed([*loaded, *names], HINT).Callback


class Watch(_callback()):  # type: ignore[misc]
    """``settings`` are those of ``lethe.watch``. ``watched``: the ``Watch``, once it has begun."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self.watched: Watched | None = None
        self._updates = 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.is_global_zero:
            self.watched = watch(pl_module, **self.settings)
            self._updates = trainer.global_step

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.watched and trainer.global_step > self._updates:  # not while gradients accumulate
            self._updates = trainer.global_step
            self.watched.step(loss=outputs.get("loss") if isinstance(outputs, dict) else outputs)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        if self.watched:
            self.watched.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        if self.watched:
            self.watched.__exit__(type(exception), exception, exception.__traceback__)
