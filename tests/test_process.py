"""What a process of Lethe's own does not load, and that its memory and the compiler still work."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SLOW = ("torch._dynamo.convert_frame", "sympy", "numba", "umap", "torchvision")  # seconds each


def said(code: str) -> dict[str, object]:
    """What a fresh process prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_run_loads_no_compiler(tmp_path: Path) -> None:
    """From the command to the verdict, models trained on the way."""
    words = ["unlearn", "--dataset", "digits", "--model", "mlp", "--epochs", "1"]
    words += ["--max-steps", "2", "--json", "--home", str(tmp_path)]
    code = f"""
import json, sys
import cu_core.__main__
code = cu_core.__main__.main({words!r})
print(json.dumps({{"code": code, "loaded": [n for n in {SLOW!r} if n in sys.modules]}}))
"""
    assert said(code) == {"code": 0, "loaded": []}


def test_the_compiler_is_there_for_who_asks() -> None:
    code = """
import json, sys
from cu_core.process import COMPILER, prepare
prepare()
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], 0.5)
weight.sum().backward()
optimizer.step()
before = "torch._dynamo.convert_frame" in sys.modules
double = torch.compile(lambda x: 2 * x, backend="eager")(weight.detach()).tolist()
real = sys.modules[COMPILER].__file__ is not None
print(json.dumps({"before": before, "double": double, "real": real}))
"""
    assert said(code) == {"before": False, "double": [1.0, 1.0], "real": True}


def test_what_is_hidden_while_something_loads_is_there_once_it_has() -> None:
    code = """
import json, sys
from cu_core.process import load_behind, loaded, prepare
prepare()
load_behind(["wave", "tabnanny"], without="colorsys")
loaded()
import colorsys
load_behind(["wave"], without="colorsys")
there = [name for name in ("wave", "tabnanny") if name in sys.modules]
print(json.dumps({"there": there, "hidden": sys.modules["colorsys"] is None}))
"""
    assert said(code) == {"there": ["wave", "tabnanny"], "hidden": False}
