"""How this machine computes each model fastest, measured once and kept in the home folder."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cu_core.files import write_atomic
from cu_core.spec import ComputePlan

FILE = "plans.json"


def load_plan(home: Path, key: str) -> ComputePlan | None:
    """The plan on record under ``key`` (machine, versions, model); None: not measured yet."""
    try:
        return ComputePlan.model_validate(read_object(home / FILE)[key])
    except (KeyError, ValidationError):
        return None


def save_plan(home: Path, key: str, plan: ComputePlan) -> None:
    """Of two processes that write at once one may be forgotten, and is then measured again."""
    found = read_object(home / FILE) | {key: plan.model_dump()}
    write_atomic(home / FILE, json.dumps(found, indent=1, sort_keys=True).encode())


def read_object(path: Path) -> dict[str, Any]:
    """What is on record; a file that cannot be read counts as none, since all can be measured."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
