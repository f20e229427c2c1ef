"""The numbers the papers print, from ``papers_tables.yaml``, as rows beside the measured ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TABLES = Path(__file__).with_name("papers_tables.yaml")
USUAL = "resnet18"  # what both papers print most of
Printed = dict[str, list[dict[str, Any]]]  # method -> rows


def find(dataset: str, model: str, rule: str, kind: str) -> Printed:
    """What is printed about this kind of task, on this data set where the papers have it and on
    CIFAR-10 otherwise; of the same network where there is one, of ResNet-18 otherwise."""
    flat = dataset.lower().replace("-", "").replace("_", "")
    wanted = "CIFAR-100" if "cifar100" in flat else "CIFAR-10"
    share = float(rule.partition(":")[2]) if rule.startswith("random:") else None
    found: Printed = {}
    for table in yaml.safe_load(TABLES.read_text()):
        same = table["kind"] == kind and table.get("share", share) == share
        if table["dataset"] == wanted and same:
            network = model if model in table["rows"] else USUAL
            for method, numbers in table["rows"].get(network, {}).items():
                found.setdefault(method, []).append(_row(table, network, method, numbers))
    return found


def _row(table: Mapping[str, Any], network: str, method: str, numbers: list[Any]) -> dict[str, Any]:
    values = {k: v for k, v in zip(table["columns"], numbers, strict=True) if v is not None}
    if "forget_acc_train" in values:
        values["ua"] = round(100 - values["forget_acc_train"], 2)
    return {
        "source": table["source"],
        "table": table["table"],
        "about": f"{table['dataset']}, {network}, {table['task']}",
        "values": values,
        "note": (table.get("notes") or {}).get(f"{network}/{method}", ""),
    }
