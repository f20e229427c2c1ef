"""``hf:DIR``: an image classifier in a folder as transformers saves one: config.json, and beside it
model.safetensors and preprocessor_config.json.

The network is built from the configuration and from transformers' own code alone: code in the
folder is never run, nothing is looked up on the Hub, and weights come in by an import.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from torch import nn

from cu_core.errors import BadRequest
from cu_core.files import given_path
from cu_core.models._base import Architecture, Shape
from cu_core.models.origins._origin import Origin, brought, weightless

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def network(name: str) -> Architecture:
    folder = given_path(name)
    told = _json(folder / CONFIG, name)
    if told is None:
        raise BadRequest(
            f"hf:{name} has no {CONFIG}; give the folder that save_pretrained wrote to."
        )
    text = json.dumps(told, sort_keys=True)
    seen = json.dumps(_json(folder / PREPROCESSOR, name) or {}, sort_keys=True)
    return _declared(name, text, seen)


@cache
def _declared(name: str, text: str, seen: str) -> Architecture:
    key, told, seen_as = f"hf:{name}", json.loads(text), json.loads(seen)
    channels = told.get("num_channels") or told.get("vision_config", {}).get("num_channels") or 3
    like = weightless(partial(_make, key, text, (channels,), len(told.get("id2label") or "..")))
    millions = sum(p.numel() for p in like.parameters()) / 1e6
    names = {int(i): str(label) for i, label in (told.get("id2label") or {}).items()}
    return brought(
        key,
        partial(_make, key, text),
        f"transformers' {type(like).__name__}: {millions:.1f} million weights.",
        size=_side(seen_as.get("crop_size"), seen_as.get("size"), _image_size(told)),
        mean=_numbers(seen_as.get("image_mean")),
        std=_numbers(seen_as.get("image_std")),
        classes=tuple(names[i] for i in sorted(names)) or None,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        like=like,
        renamed=_renaming(like),
    )


def _renaming(net: Any) -> Callable[[str], str]:
    """A name in a file of this network -> in its state dict. transformers keeps the names of older
    files when it saves, and translates them when it loads: by its own tables, where it has some."""
    own = frozenset(net.state_dict())
    try:
        from transformers import conversion_mapping, core_model_loading

        tables = conversion_mapping.get_model_conversion_mapping(net)
        renamings = [t for t in tables if isinstance(t, core_model_loading.WeightRenaming)]
    except (ImportError, AttributeError):  # versions before 5 have none
        return str

    def renamed(name: str) -> str:
        if name in own:
            return name
        found: str = core_model_loading.rename_source_key(name, renamings, [])[0]
        return found

    return renamed


def _make(key: str, text: str, shape: Shape, n_classes: int) -> nn.Module:
    """Random weights, by the configuration with the data's channels, classes and size."""
    from transformers import AutoConfig, AutoModelForImageClassification

    told: dict[str, Any] = json.loads(text)
    told.pop("auto_map", None)
    kind = told.pop("model_type", "")
    make: Any = AutoModelForImageClassification.from_config
    try:
        config = AutoConfig.for_model(kind, **told)
        config.num_labels = n_classes
        for part in (config, getattr(config, "vision_config", config)):
            if hasattr(part, "num_channels"):
                part.num_channels = shape[0]
            if hasattr(part, "image_size") and len(shape) == 3:
                part.image_size = shape[1] if shape[1] == shape[2] else shape[1:]
        net: nn.Module = make(config, trust_remote_code=False)
    except (ValueError, KeyError, TypeError, AttributeError, ImportError) as fault:
        why = str(fault).strip().partition("\n")[0].rstrip(".")[:200]
        raise BadRequest(
            f"{key}: transformers makes no image classifier of its configuration ({why})."
        ) from fault
    return net


def weights(folder: Path) -> Path | None:
    """The weights file beside a configuration."""
    if not (folder / CONFIG).is_file():
        return None
    found = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if found:
        return found
    parts = sorted(folder.glob("*.index.json"))
    why = f"its weights lie in several files ({parts[0].name})" if parts else "it holds no weights"
    raise BadRequest(
        f"{folder} cannot be imported: {why}. Save it again with save_pretrained(DIR, "
        'max_shard_size="100GB").'
    )


def _json(path: Path, name: str) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as fault:
        raise BadRequest(f"hf:{name}: {path.name} cannot be read ({fault}).") from None
    if not isinstance(found, dict):
        raise BadRequest(f"hf:{name}: {path.name} is no configuration.")
    return found


def _image_size(told: dict[str, Any]) -> Any:
    return told.get("image_size") or told.get("vision_config", {}).get("image_size")


def _side(*said: Any) -> int | None:
    """Pixels a side by the first that says some: 224, (224, 224), {"height": 224} or
    {"shortest_edge": 224}."""
    for value in said:
        if isinstance(value, dict):
            value = value.get("height") or value.get("shortest_edge")
        elif isinstance(value, list | tuple) and value:
            value = value[0]
        if isinstance(value, int) and value > 0:
            return value
    return None


def _numbers(values: Any) -> tuple[float, ...] | None:
    return tuple(float(v) for v in values) if values else None


ORIGINS = (
    Origin(
        key="hf",
        title="transformers",
        help="A folder with an image classifier as transformers saves it.",
        example="hf:DIR",
        network=network,
        needs="transformers",
        weights=weights,
    ),
)
