"""A sweep as a YAML file: the fields of ``SweepRequest``, and axes in short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cu_core.errors import BadRequest, explain
from cu_core.spec import OBJECTIVES, Axis, SweepRequest, UnlearnRequest
from cu_core.store.config import LIMIT_BYTES, plain_yaml

LOG = "log"
AXES = """An axis of the file is one of
  KNOB: [LOW, HIGH]            a range, both ends included, by equal steps
  KNOB: [LOW, HIGH, log]       by equal ratios
  KNOB: [TEXT, TEXT, ...]      choices: texts, or true and false
  KNOB: {choices: [1, 2, 4]}   choices of any kind
  KNOB: {low: LOW, high: HIGH, log: true, points: 4}   with the points of a grid"""
EXAMPLE = """base: {dataset: digits, forget: "class:5", method: contrastive}
axes:
  temperature: [0.05, 1, log]
  variant: [paper, official]
objectives: [forget_gap, ta_gap]
trials: 30"""


def request_in(path: Path) -> SweepRequest:
    """What a file asks for. BadRequest with a sentence that names what of it is wrong."""
    document = _document(path)
    base, axes = document.get("base"), document.get("axes")
    for name, given in (("base", base), ("axes", axes)):
        if not isinstance(given, dict):
            raise BadRequest(f"{path}: {name} must be a mapping of names to values, got {given!r}.")
    assert isinstance(base, dict) and isinstance(axes, dict)
    hparams = base.get("hparams")
    if isinstance(hparams, dict):
        base = base | {"hparams": {name: _number(value) for name, value in hparams.items()}}
    objectives = document.get("objectives", [])
    if not isinstance(objectives, list) or not set(map(str, objectives)) <= OBJECTIVES.keys():
        known = ", ".join(OBJECTIVES)
        raise BadRequest(f"objectives must be a list of {known}, got {objectives!r}.")
    made = document | {
        "base": _made(UnlearnRequest, base, "base"),
        "axes": {str(name): _axis(str(name), given) for name, given in axes.items()},
    }
    request = _made(SweepRequest, made, "sweep")
    assert isinstance(request, SweepRequest)
    return request


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise ValueError(f"it has more than {LIMIT_BYTES} bytes")
        document = plain_yaml(path)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split())[:200]
        raise BadRequest(
            f"{path} is no YAML file that a sweep can be read from ({cause})."
        ) from error
    if not isinstance(document, dict):
        raise BadRequest(f"{path} must hold base, axes and the rest by name, got {document!r:.80}.")
    return document


def _axis(name: str, given: Any) -> Axis:
    if isinstance(given, list):
        given = _in_short(name, [_number(value) for value in given])
    if not isinstance(given, dict):
        raise BadRequest(f"The axis {name} must be a list or a mapping, got {given!r}. {AXES}.")
    if isinstance(choices := given.get("choices"), list):
        given = given | {"choices": [_number(value) for value in choices]}
    axis = _made(Axis, given, f"axes.{name}")
    assert isinstance(axis, Axis)
    return axis


def _in_short(name: str, values: list[Any]) -> dict[str, Any]:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == 2 and values[2:] in ([], [LOG]):
        return {"low": numbers[0], "high": numbers[1], "log": len(values) == 3}
    if not numbers:
        return {"choices": values}
    raise BadRequest(
        f"The axis {name} is neither a range [LOW, HIGH] or [LOW, HIGH, log] nor a list of texts, "
        f"got {values}; numbers to choose among are written {{choices: {numbers}}}."
    )


def _number(value: Any) -> Any:
    """YAML reads 1e-3 as a text; it is meant as a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _made(
    cls: type[UnlearnRequest] | type[SweepRequest] | type[Axis], given: dict[str, Any], what: str
) -> UnlearnRequest | SweepRequest | Axis:
    try:
        return cls(**given)
    except ValidationError as error:
        raise BadRequest(explain(error, cls, what)) from None
    except TypeError:
        raise BadRequest(f"{what} must have texts as names, got {[*given]}.") from None
