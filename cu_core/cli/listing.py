"""``lethe list``: what there is to choose from."""

import json
from argparse import Namespace

from cu_core.cli._verb import Verb
from cu_core.store import Store

GROUPS = (
    "methods", "models", "origins", "datasets", "plants", "forget_rules", "stop_rules", "metrics",
)  # fmt: skip
TRAINED = ("id", "kind", "architecture", "head", "dataset", "forget", "accuracy", "name")


def _act(options: Namespace) -> None:
    from cu_core.service.catalog import catalog

    store = Store(options.home)
    trained = [record.model_dump(include=set(TRAINED)) for record in store.models()]
    shelf = catalog(store.home).model_dump() | {"trained": trained}
    if options.json:
        print(json.dumps(shelf))
        return
    for group in GROUPS:
        print(f"{group.replace('_', ' ')}:")
        for card in shelf[group]:
            print(f"  {card.get('example') or card['key']:18} {card['title']}")
            if card.get("missing"):
                print(f"      {card['missing']}")
            for knob in card.get("knobs", []):
                span = knob["options"] or [knob["low"], knob["high"]]
                print(f"      --set {knob['name']}={knob['default']}  {span}  {knob['help']}")
            if card.get("presets"):
                print(f"      --preset {', '.join(card['presets'])}")
    print("trained models, for --original:")
    for record in trained:
        without = f", {record['kind']}: {record['forget']}" if record["forget"] else ""
        print(f"  {record['id']}  {record['architecture']} on {record['dataset']}{without}")


VERB = Verb(
    "list", "Methods, presets, metrics, networks, data sets, rules and trained models.", _act
)
