"""The unlearning methods: one file each, whose name is the key. A file that fails is loud.

``get("contrastive")`` gives the class, ``names()`` the keys in the order of the shelf, ``cards()``
what each one declares; the folder itself can be called for these: ``lethe.methods()``.
"""

import sys
from functools import cache
from types import ModuleType

from cu_core import registry
from cu_core.errors import BadRequest
from cu_core.spec import KnobCard, Method, MethodCard


@cache
def _registry() -> dict[str, type[Method]]:
    here = sys.modules[__name__]
    return registry.scan(here, declared, method_key, "method", group="lethe.methods")


def method_key(cls: type[Method]) -> str:
    """The name of its file: "gradient_ascent.py" declares "gradient-ascent"."""
    return cls.__module__.rpartition(".")[2].replace("_", "-")


def declared(module: ModuleType) -> list[type[Method]]:
    """The one method of a file. ImportError for a file with another number of classes."""
    own = [
        v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__
    ]
    if len(own) != 1:
        names = ", ".join(cls.__name__ for cls in own) or "none"
        raise ImportError(f"{module.__name__} must declare one class, its Method; here: {names}.")
    return own


def names() -> tuple[str, ...]:
    return tuple(_registry())


def get(key: str) -> type[Method]:
    """The method of this name. BadRequest names the ones there are."""
    if key not in _registry():
        raise BadRequest(f"No method is called {key!r}; there are {', '.join(names())}.")
    return _registry()[key]


def _knob_cards(cls: type[Method]) -> tuple[KnobCard, ...]:
    """A card a knob, from what its field declares."""
    return tuple(
        KnobCard(
            **{
                key: schema[key]
                for key in ("default", "symbol", "unit", "log", "main")
                if key in schema
            },
            name=name,
            type="choice" if "enum" in schema else schema["type"],
            low=schema.get("minimum"),
            high=schema.get("maximum"),
            options=schema.get("enum"),
            help=schema["description"],
        )
        for name, schema in cls.model_json_schema()["properties"].items()
    )


def cards() -> dict[str, MethodCard]:
    """Every method by its key: what it is called, what it does, its presets and its knobs."""
    return {key: _card(key, cls) for key, cls in _registry().items()}


def _card(key: str, cls: type[Method]) -> MethodCard:
    declared = MethodCard.model_fields.keys() - {"key", "title", "knobs", "presets"}
    return MethodCard(
        **{name: getattr(cls, name) for name in declared},
        key=key,
        title=cls.label,
        presets={name: dict(knobs) for name, knobs in cls.presets.items()},
        knobs=_knob_cards(cls),
    )


class _Room(ModuleType):
    """A module that can be called, so that ``lethe.methods()`` lists what the folder holds."""

    def __call__(self) -> dict[str, MethodCard]:
        return cards()


sys.modules[__name__].__class__ = _Room
