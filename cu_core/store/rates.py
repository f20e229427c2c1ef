"""How fast this machine does a piece of work, measured while it did it; kept in the home folder."""

import json
import math
from pathlib import Path

from cu_core.files import write_atomic
from cu_core.store.plans import read_object

FILE = "rates.json"


def load_rate(home: Path, key: str) -> float | None:
    """Seconds a unit of the work ``key`` took; None: not measured yet."""
    found = read_object(home / FILE).get(key)
    if isinstance(found, int | float) and math.isfinite(found) and found >= 0:
        return float(found)
    return None


def save_rate(home: Path, key: str, seconds: float) -> None:
    """Of two processes that write at once one may be forgotten, and is then measured again."""
    found = read_object(home / FILE) | {key: round(seconds, 7)}
    write_atomic(home / FILE, json.dumps(found, indent=1, sort_keys=True).encode())
