"""Forgets three classes of digits, one after another, and prints what a reader asks first:
forget accuracy, test accuracy beside the retrained model's, the probe, and seconds.

    python -m bench.digits [HOME]
"""

import json
import subprocess
import sys
import tempfile
import time

CLASSES = (3, 5, 8)


def unlearn(home: str, label: int) -> tuple[dict, float]:
    """The record of a run, and the wall seconds of the whole command."""
    words = ["unlearn", "--dataset", "digits", "--forget", f"class:{label}", "--json"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "cu_core", *words, "--home", home],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout), time.monotonic() - began


def main() -> None:
    home = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    print("class  forget test  TA  TA retrained  probe  probe retrained  frames  run s  command s")
    for label in CLASSES:
        unlearn(home, label)  # trains what is missing; the second one is the run alone
        record, wall = unlearn(home, label)
        now, ideal = record["metrics"], record["retrained"]
        cells = [f"{now['forget_acc_test']:.1f}", f"{now['ta']:.1f}", f"{ideal['ta']:.1f}"]
        cells += [f"{now['knn_probe_forget']:.1f}", f"{ideal['knn_probe_forget']:.1f}"]
        seconds = sum(record["seconds"].values())
        print(label, *cells, record["steps"] + 1, f"{seconds:.1f}", f"{wall:.1f}", sep="\t")


if __name__ == "__main__":
    main()
