"""The import table and the budgets of the design, read from the source with ast."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
L0 = {"cu_core", "cu_core.spec", "cu_core.errors", "cu_core.seeding"}
FORBIDDEN = {  # prefix of the importing module -> what it must never import
    "cu_core.spec": ("torch", "cu_core.data", "cu_core.methods", "cu_core.store"),
    "cu_core.errors": ("torch", "cu_core.spec"),
    "cu_core.data": ("cu_core.methods", "cu_core.store", "cu_core.engine", "cu_core.models"),
    "cu_core.forget": ("cu_core.methods", "cu_core.store", "cu_core.engine", "cu_core.models"),
    "cu_core.models": ("cu_core.methods", "cu_core.store", "cu_core.engine"),
    "cu_core.methods": tuple(
        f"cu_core.{name}"
        for name in ("data", "models", "engine", "metrics", "projection", "store", "pipeline")
    ),
    "cu_core.engine": ("cu_core.metrics", "cu_core.projection", "cu_core.store"),
    "cu_core.metrics": ("cu_core.store", "cu_core.methods", "cu_core.engine", "cu_core.models"),
    "cu_core.projection": ("cu_core.store", "cu_core.methods", "cu_core.engine", "cu_core.models"),
    "cu_core.store": ("torch", "plotly", "streamlit", "cu_core.methods", "cu_core.engine"),
    "cu_core.spawn": ("torch", "streamlit", "cu_core.methods", "cu_core.engine"),
    "cu_core": ("streamlit", "ui", "pages"),
    "ui": ("torch", "sqlite3", "cu_core.engine", "cu_core.pipeline", "cu_core.worker"),
    "pages": ("torch", "sqlite3", "pathlib", "plotly", "cu_core.engine", "cu_core.pipeline"),
}


def sources() -> list[Path]:
    folders = ("cu_core", "ui", "pages", "bench")
    return [ROOT / "app.py", *(p for f in folders for p in sorted((ROOT / f).rglob("*.py")))]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_point_left(path: Path) -> None:
    own = module_name(path)
    for prefix, forbidden in FORBIDDEN.items():
        if under(own, prefix):
            wrong = [n for n in imported(path) for f in forbidden if under(n, f)]
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


@pytest.mark.parametrize("module", ["cu_core", "cu_core.spec", "cu_core.store", "cu_core.spawn"])
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
        assert not imported(path) & {"pickle", "dill", "joblib"}, path
