"""``config.yaml`` of a run: what was asked for, and by which versions. Written once, read often."""

import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import cu_core
from cu_core import forget
from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.spec import SCHEMA_VERSION, Request

CONFIG = "config.yaml"
LIMIT_BYTES = 256 * 1024
UNNAMED = "version not said"
PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn", "umap-learn", "safetensors")
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableConfig(StoreError):
    """Missing, damaged, or made by a later version; the sentence says which."""


class LaterConfig(UnreadableConfig):
    """Made by a later version, ``made_by``; what it says is not guessed at."""

    def __init__(self, made_by: str) -> None:
        super().__init__(
            f"This run was made by a later Lethe ({made_by}); update Lethe to open it."
        )
        self.made_by = made_by


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
    write_atomic(folder / CONFIG, dump(document(config)))


def document(config: Config) -> dict[str, Any]:
    """As the file has it, in plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": config.name,
        "created": config.created,
        "request": config.request.model_dump(mode="json"),
        "versions": dict(config.versions),
    }


def dump(document: Mapping[str, Any]) -> bytes:
    """The file's contents."""
    text = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return str(text).encode()


def read_config(folder: Path) -> Config:
    """UnreadableConfig with a sentence when the file is missing, damaged, or of a newer version."""
    path = folder / CONFIG
    return _parse(path, stamp(path))


@lru_cache(maxsize=4096)
def _parse(path: Path, stamped: tuple[int, int, int] | None) -> Config:
    if stamped is None:
        raise UnreadableConfig(f"{path} is missing: what this run was asked to do is not known.")
    if stamped[1] > LIMIT_BYTES:
        raise UnreadableConfig(f"{path} is damaged: it has more than {LIMIT_BYTES} bytes.")
    try:
        header = _Header.model_validate(plain_yaml(path))
    except (OSError, UnicodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split())[:200]
        raise UnreadableConfig(f"{path} is damaged and cannot be read ({cause}).") from error
    if header.schema_version > SCHEMA_VERSION:
        raise LaterConfig(str(header.versions.get("lethe") or UNNAMED))
    try:
        request = _REQUEST.validate_python(header.request)
    except ValidationError as error:
        cause = " ".join(str(error).split())[:200]
        raise UnreadableConfig(f"{path} is damaged: its request is not one ({cause}).") from error
    known = {name: str(number) for name, number in header.versions.items()}
    return Config(header.name, header.created, request, known)


def plain_yaml(path: Path) -> Any:
    """Plain values only: no tags are executed and no alias can be blown up. ValueError,
    yaml.YAMLError or OSError of what cannot be read so."""
    text = path.read_text(encoding="utf-8")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
        raise ValueError("it uses YAML aliases")
    return yaml.load(text, Loader=_LOADER)


def with_own_list(request: Request, building: Path, folder: Path) -> Request:
    """A forget set given as a file is kept with the run: resuming must not miss an upload."""
    own = {}
    for name in ("forget", "after"):
        rule, _, given = (getattr(request, name, None) or "").partition(":")
        source, column = forget.listed_file(given)
        if rule == "indices" and source.is_file():
            kept = Path(name) / source.name
            (building / name).mkdir()
            shutil.copyfile(source, building / kept)
            own[name] = f"indices:{folder / kept}{'#' * bool(column)}{column}"
    return request.model_copy(update=own)
