"""A run's request made anew from its zip, and its weights beside those in the zip."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from cu_core.cli._archive import Archive
from cu_core.errors import BadData, BadRequest
from cu_core.files import sources_hash
from cu_core.spec import Summary, UnlearnRequest
from cu_core.stage.manifest import RECORD, WEIGHTS, Manifest
from cu_core.store import Store
from cu_core.store import sealed as seal
from cu_core.store.config import CONFIG, read_config, versions
from cu_core.store.parcels import pack_model, unpack_model

UNLEARNED = f"{WEIGHTS}{seal.WEIGHTS}"
SUMMARY = f"{RECORD}summary.json"
OWN = {"reference": False, "trial": None, "parent": None}  # none of which changes the weights


@dataclass(frozen=True)
class Replayed:
    """``equal``: bit for bit. ``said``: which tensor differs, or what may have made it differ."""

    equal: bool
    tensors: int
    said: tuple[str, ...]


def replay(
    archive: Archive, manifest: Manifest, home: str | None, own_code: str | None = None
) -> Replayed:
    """Runs the request in a home of its own, which is gone afterwards. ``home``: where models that
    somebody brought, and downloaded data, are looked for; ``own_code``: the network's key, named by
    whoever knows the code behind it. LetheError where it cannot be run."""
    if UNLEARNED not in archive.parts:
        raise BadRequest(f"{archive.path} has no weights to compare with; the run has no end.")
    summary = _summary(archive)
    if summary.stopped:
        raise BadRequest(
            f"{archive.path} is of a run that somebody stopped, which no request makes again."
        )
    with TemporaryDirectory(prefix="lethe-verify-") as folder:
        request = _request(archive, Path(folder) / "record")
        _check_code(archive, request.model, own_code)
        made = _made(request, Store(home), Path(folder) / "home")
    differing, count = tensors_beside(archive.read(UNLEARNED), made)
    if not differing:
        return Replayed(True, count, ())
    from cu_core.engine import pick_device

    said = _circumstances(manifest, summary.device, pick_device(request.device))
    return Replayed(False, count, (*differing, *said))


def _summary(archive: Archive) -> Summary:
    try:
        return Summary.model_validate_json(archive.read(SUMMARY))
    except ValidationError as error:
        why = " ".join(str(error).split())[:120]
        raise BadRequest(f"{archive.path} has a {SUMMARY} that is none ({why}).") from error


def _request(archive: Archive, folder: Path) -> UnlearnRequest:
    """As it was asked, its own lists in ``folder``."""
    folder.mkdir()
    folders = tuple(f"{RECORD}{name}/" for name in seal.LISTS)
    lists = [name for name in archive.parts if name.startswith(folders)]
    for name in (f"{RECORD}{CONFIG}", *lists):
        path = folder / name.removeprefix(RECORD)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(archive.read(name))
    request = read_config(folder).request
    if not isinstance(request, UnlearnRequest):
        raise BadRequest(f"{archive.path} is of a loop of somebody's own, which only they can run.")
    here = seal.renamed(request.model_dump(mode="json"), seal.arriving(folder))
    return UnlearnRequest.model_validate(here | OWN)


def _check_code(archive: Archive, key: str, known: str | None) -> None:
    """BadRequest if the network would run code that the person has not named."""
    from cu_core.models.origins import own_code

    if own_code(key) and key != known:
        raise BadRequest(
            f"{archive.path} is of the network {key}, which is code of somebody's own. Nothing is "
            f"run because a file names it; if you know that code, add --model {key}."
        )


def _made(request: UnlearnRequest, own: Store, home: Path) -> bytes:
    """The weights that the request gives here, by the code that makes every run."""
    from cu_core.runs.execute import checked, execute

    home.mkdir()
    with suppress(OSError):  # a system without links: what is missing is then said
        os.symlink(own.data_dir, home / "data", target_is_directory=True)
    store = Store(home)
    if request.original and not store.has_model(request.original):
        unpack_model(store, request.original, pack_model(own, request.original))
    _, setup = checked(store, request)
    claimed = store.claim_new(request)
    execute(store, claimed, every=False, setup=setup)
    return (store.paths.run(claimed.run_id) / seal.WEIGHTS).read_bytes()


def _circumstances(manifest: Manifest, there: str, here: str) -> tuple[str, ...]:
    """What is otherwise here than where the run was made. ``there``, ``here``: what computed."""
    said = [f"computed on {there} there, {here} here"] if there and there != here else []
    own = versions()
    said += [
        f"{name} {version} there, {own[name]} here"
        for name, version in manifest.versions.items()
        if name in own and own[name] != version
    ]
    if manifest.sources != sources_hash():
        said.append(f"sources of Lethe {manifest.sources} there, {sources_hash()} here")
    return (f"What is otherwise here: {'; '.join(said)}.",) if said else ()


def tensors_beside(there: bytes, here: bytes) -> tuple[tuple[str, ...], int]:
    """(a sentence for each tensor that differs, how many there are). BadData for what is none."""
    theirs, ours = _tensors(there), _tensors(here)
    said = []
    for name in sorted(theirs.keys() | ours.keys()):
        if name not in theirs or name not in ours:
            said.append(f"{name}: only {'in the zip' if name in theirs else 'in the replay'}.")
        elif theirs[name][0] != ours[name][0]:
            said.append(f"{name}: {theirs[name][0]} in the zip, {ours[name][0]} in the replay.")
        elif theirs[name][1] != ours[name][1]:
            a, b = theirs[name][1], ours[name][1]
            first = next(k for k, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
            said.append(f"{name}: differs first at byte {first:,} of {len(a):,}.")
    return tuple(said), len(theirs)


def _tensors(raw: bytes) -> dict[str, tuple[str, memoryview]]:
    """name -> ("F32 [32, 1, 3, 3]", its values), read from the file's own head."""
    try:
        length = int.from_bytes(raw[:8], "little")
        head: Mapping[str, Any] = json.loads(raw[8 : 8 + length])
        body, found = memoryview(raw)[8 + length :], {}
        for name, one in head.items():
            if name != "__metadata__":
                start, end = one["data_offsets"]
                shape = [int(side) for side in one["shape"]]
                assert 0 <= start <= end <= len(body) and math.prod(shape) >= 0
                found[name] = f"{one['dtype']} {shape}", body[start:end]
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise BadData(f"The weights are no safetensors file ({error}).") from error
    return found
