"""``config.yaml`` of a run: what was asked for, and by which versions. Written once, read often."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import cu_core
from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.spec import SCHEMA_VERSION, Request

LIMIT_BYTES = 256 * 1024
PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn", "umap-learn", "safetensors")
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableConfig(StoreError):
    """Missing, damaged, or made by a later version; the sentence says which."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # readers refuse aliases, so a value used twice is written twice


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore")

    schema_version: int
    name: str = ""
    created: float = 0.0
    versions: dict[str, Any] = Field(default_factory=dict)
    request: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """``versions``: package -> version at the time the run was queued."""

    name: str
    created: float
    request: Request
    versions: Mapping[str, str]


@cache
def versions() -> dict[str, str]:
    """Versions of Lethe, Python and what computes, read from metadata: nothing is imported."""
    found = {"lethe": cu_core.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"system": f"{platform.system()} {platform.machine()}"}


def write_config(folder: Path, config: Config) -> None:
    document = {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "created": config.created,
        "request": config.request.model_dump(mode="json"),
        "versions": dict(config.versions),
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    write_atomic(folder / "config.yaml", text.encode())


def read_config(folder: Path) -> Config:
    """UnreadableConfig with a sentence when the file is missing, damaged, or of a newer version."""
    path = folder / "config.yaml"
    return _parse(path, stamp(path))


@lru_cache(maxsize=4096)
def _parse(path: Path, stamped: tuple[int, int, int] | None) -> Config:
    if stamped is None:
        raise UnreadableConfig(f"{path} is missing: what this run was asked to do is not known.")
    if stamped[1] > LIMIT_BYTES:
        raise UnreadableConfig(f"{path} is damaged: it has more than {LIMIT_BYTES} bytes.")
    try:
        header = _Header.model_validate(_load(path))
    except (OSError, UnicodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split())[:200]
        raise UnreadableConfig(f"{path} is damaged and cannot be read ({cause}).") from error
    if header.schema_version > SCHEMA_VERSION:
        made_by = header.versions.get("lethe", "of a later version")
        raise UnreadableConfig(f"This run was made by Lethe {made_by}; update Lethe to open it.")
    try:
        request = _REQUEST.validate_python(header.request)
    except ValidationError as error:
        cause = " ".join(str(error).split())[:200]
        raise UnreadableConfig(f"{path} is damaged: its request is not one ({cause}).") from error
    known = {name: str(number) for name, number in header.versions.items()}
    return Config(header.name, header.created, request, known)


def _load(path: Path) -> Any:
    """Plain values only: no tags are executed and no alias can be blown up."""
    text = path.read_text(encoding="utf-8")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
        raise ValueError("it uses YAML aliases")
    return yaml.load(text, Loader=_LOADER)
