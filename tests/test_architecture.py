"""The floors, the import table and the budgets of the design, read from the source with ast."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (  # from the bottom up: each may use those below it and its own, never those above
    ("spec", "errors", "seeding", "files", "registry", "inert", "process", "glossary"),
    ("data", "forget", "models"),
    ("methods",),
    ("engine",),
    ("metrics", "projection", "events"),
    ("store",),
    ("runs",),
    ("service", "figures"),
    ("stage",),
    ("watching", "sweeps", "comparison"),
    ("stories",),
    ("cli", "__main__"),
)
HEAVY = ("torch", "plotly", "streamlit")
FORBIDDEN = {  # prefix of the importing module -> what it must never import
    "cu_core": ("streamlit", "ui", "pages"),
    "cu_core.spec": ("torch",),
    "cu_core.errors": ("torch", "cu_core.spec"),
    "cu_core.methods": ("cu_core.data", "cu_core.models"),
    "cu_core.metrics": ("cu_core.methods", "cu_core.engine", "cu_core.models"),
    "cu_core.projection": ("cu_core.methods", "cu_core.engine", "cu_core.models"),
    "cu_core.store": (*HEAVY, "cu_core.data", "cu_core.models", "cu_core.methods"),
    "cu_core.service.spawn": (*HEAVY, "cu_core.methods", "cu_core.engine"),
    "cu_core.stage": ("torch",),
    "ui": ("torch", "sqlite3", "cu_core.engine", "cu_core.runs", "cu_core.service.worker"),
    "pages": ("torch", "sqlite3", "pathlib", "plotly", "cu_core.engine", "cu_core.runs"),
}


def sources() -> list[Path]:
    folders = ("cu_core", "ui", "pages", "bench")
    return [ROOT / "app.py", *(p for f in folders for p in sorted((ROOT / f).rglob("*.py")))]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def called(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {ast.unparse(call.func) for call in calls}


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def floor(name: str) -> int | None:
    """The floor of a module of cu_core; None for the package itself and for other code."""
    parts = name.split(".")
    if parts[0] != "cu_core" or len(parts) == 1:
        return None
    return next((i for i, rooms in enumerate(FLOORS) if parts[1] in rooms), None)


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_point_down(path: Path) -> None:
    own = module_name(path)
    mine = floor(own)
    if mine is not None:
        above = [n for n in imported(path) if (floor(n) or 0) > mine]
        assert not above, f"{own} must not import {above}, which lie above it"
    for prefix, forbidden in FORBIDDEN.items():
        if under(own, prefix):
            wrong = [n for n in imported(path) for f in forbidden if under(n, f)]
            assert not wrong, f"{own} must not import {wrong}"


def test_every_room_stands_on_a_floor_and_every_rule_is_about_a_module() -> None:
    """A rule about a module that does not exist would keep nothing."""
    here = {p.stem for p in (ROOT / "cu_core").iterdir() if p.suffix == ".py" or p.is_dir()}
    rooms = here - {"__init__", "__pycache__", "_app"}
    assert rooms == {room for rooms in FLOORS for room in rooms}
    named = {m for rule in (*FORBIDDEN, *sum(FORBIDDEN.values(), ())) for m in [rule]}
    for module in named - {"torch", "plotly", "streamlit", "sqlite3", "pathlib"}:
        path = ROOT.joinpath(*module.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), module


def test_benches_and_tests_do_not_know_each_other_and_nothing_knows_the_benches() -> None:
    for path in sources() + sorted((ROOT / "tests").rglob("*.py")):
        own = module_name(path)
        wrong = [n for n in imported(path) if under(n, "bench") and not under(own, "bench")]
        wrong += [n for n in imported(path) if under(n, "tests") and not under(own, "tests")]
        assert not wrong, f"{own} must not import {wrong}"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_budgets(path: Path) -> None:
    lines = path.read_text().count("\n")
    limit = 120 if path.parent.name in ("pages", "methods") else 300
    assert lines <= limit, f"{lines} lines, the budget is {limit}"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 40, f"{node.name}: {length} lines, the budget is 40"


@pytest.mark.parametrize(
    "module",
    [
        "cu_core",
        "cu_core.spec",
        "cu_core.store",
        "cu_core.service.spawn",
        "cu_core.stage.handing",
        "cu_core.sweeps.owner",
    ],
)
def test_loads_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_nothing_listens_beyond_this_machine_and_no_pickle_is_executed() -> None:
    assert 'address = "127.0.0.1"' in (ROOT / ".streamlit/config.toml").read_text()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                only = {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert only.get("weights_only") == "True", path
        assert not imported(path) & {"pickle", "dill"}, path
        if "joblib" in imported(path):  # for processes that tell each other things, never for files
            assert path == ROOT / "cu_core/data/_several.py"
            assert not {"joblib.load", "joblib.dump"} & called(path), path
