"""``Trainer(callbacks=[Watch(forget=..., retain=..., test=...)])``: transformers' loop under watch.

Samples are mappings, as the Trainer's own are: the labels among them, the rest the model's inputs.
"""

from __future__ import annotations

from typing import Any

from cu_core.watching import Watch as Watched
from cu_core.watching import watch
from cu_core.watching._extra import needed

HINT = "pip install transformers accelerate"
_Callback: Any = needed(["transformers"], HINT).TrainerCallback


class Watch(_Callback):  # type: ignore[misc]
    """``settings`` are those of ``lethe.watch``. ``watched``: the ``Watch``, once it has begun."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.watched: Watched | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.is_world_process_zero:
            self.watched = watch(given["model"], **self.settings)

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self.watched:
            self.watched.step()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        if self.watched and logs and "loss" in logs:  # the Trainer says it only here
            self.watched.log(logs["loss"])

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if self.watched:
            self.watched.close()
