"""Options made of a request's fields: name, default, choices and help are declared there, once.

What is given is passed on as text: it is the request that reads it, and refuses it in a sentence
with the field's name, range and the value.
"""

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Collection
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cu_core.errors import BadRequest, explain
from cu_core.spec import option_of

MANY: dict[Any, str] = {dict: "KNOB=VALUE", tuple: "JSON"}  # options that may be given many times
Model = TypeVar("Model", bound=BaseModel)


def add_fields(
    parser: ArgumentParser, cls: type[BaseModel], leave: Collection[str] = (), **defaults: Any
) -> None:
    """An option for every field of the request but its ``kind`` and those to ``leave`` out.

    ``defaults``: where the verb's are not the request's own.
    """
    for name, field in cls.model_fields.items():
        if name == "kind" or name in leave:
            continue
        flag, help = option_of(cls, name), field.description or ""
        if field.annotation is bool:
            action, told = "store_true", help
            if field.default:
                action, told = "store_false", f"do not {help}"
            parser.add_argument(flag, dest=name, action=action, default=SUPPRESS, help=told)
        elif (kind := get_origin(field.annotation)) in MANY:
            parser.add_argument(
                flag, dest=name, action="append", metavar=MANY[kind], default=SUPPRESS,
                help=plain(help),
            )  # fmt: skip
        else:
            default = defaults.get(name, field.default)
            told = help if default in (None, "") else f"{help} (default: {default})"
            parser.add_argument(
                flag, dest=name, default=SUPPRESS, metavar=_metavar(name, field), help=plain(told)
            )
    parser.set_defaults(**defaults)


def request_of(cls: type[Model], options: Namespace) -> Model:
    """The request made of the options it has a field for. BadRequest with a sentence."""
    given = {name: value for name, value in vars(options).items() if name in cls.model_fields}
    if "hparams" in given:
        given["hparams"] = parse_knobs(given["hparams"])
    if "first" in given:
        given["first"] = [_parsed(text) for text in given["first"]]
    try:
        return cls(**given)
    except ValidationError as error:
        raise BadRequest(
            explain(error, cls, cls.__name__.removesuffix("Request").lower())
        ) from None


def _parsed(text: str) -> Any:
    """JSON, or the text as it is: the request then says what it takes."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def parse_knobs(pairs: list[str]) -> dict[str, Any]:
    """``["temperature=0.5"]`` -> {"temperature": 0.5}. BadRequest names the malformed one."""
    knobs: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadRequest(f"--set takes KNOB=VALUE, got {pair!r}.")
        knobs[name] = _parsed(text)
    return knobs


def _metavar(name: str, field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return "{" + ",".join(get_args(field.annotation)) + "}"
    return name.rpartition("_")[2].upper()


def plain(help: str) -> str:
    """Help as it is meant: argparse would fill in what follows a %."""
    return help.replace("%", "%%")
