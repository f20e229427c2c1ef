"""The Stage's modules as one: each in a scope of its own, in the order of their imports."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cu_core.stage.source import JS, script

VIEW = Path(__file__).with_name("samples") / "confidence.js"


def folder(tmp_path: Path, **modules: str) -> Path:
    for name, text in modules.items():
        path = tmp_path / "js" / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "js"


def run(text: str) -> str:
    """What the script prints in node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on PATH (Debian, Ubuntu: apt-get install nodejs)")
    command = [node, "--input-type=module", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


MODULES = {
    "mount": 'import { a } from "./a.js";\nimport { b, twice as two } from "./views/b.js";\n'
    "export default function mount() {\n  return [a(), b, two(3)].join();\n}\n",
    "a": "const WHOLE = 1; // a comment with no line after it\nexport const a = () => WHOLE;",
    "views__b": 'import {\n  a,\n} from "../a.js";\nimport "../c.js";\nconst WHOLE = 2;\n'
    "export const b = 10 * WHOLE + a();\nexport function twice(n) {\n  return WHOLE * n;\n}\n",
    "c": "export class Unused {}\n",
}


def test_two_modules_may_say_the_same_const(tmp_path: Path) -> None:
    text = script(folder(tmp_path, **MODULES))
    assert text.count("const WHOLE") == 2
    assert run(f"{text}\nconsole.log(mount());") == "1,21,6\n"


ENTRIES = [p.stem for p in sorted(JS.glob("*.js")) if "export default" in p.read_text("utf-8")]


def joined(entry: str) -> set[str]:
    """The modules in an entry's script, each of which stands after those it imports."""
    seen: set[str] = set()
    for line in script(entry=entry).splitlines():
        if found := re.match(r'__modules\["(.+)"\] = ', line):
            seen.add(found[1])
        elif found := re.match(r'const \{.*\} = __modules\["(.+)"\];$', line):
            assert found[1] in seen, line
    return seen


def test_no_file_is_left_out_of_every_component() -> None:
    files = {p.relative_to(JS).with_suffix("").as_posix() for p in JS.rglob("*.js")}
    assert "mount" in ENTRIES and set().union(*map(joined, ENTRIES)) == files


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_component_has_what_it_reaches_and_the_files_of_those_folders(entry: str) -> None:
    own = joined(entry)
    folders = {p.parent.name for p in JS.rglob("*.js") if p.parent != JS}
    there = {name.partition("/")[0] for name in own if "/" in name}
    imported = re.findall(r'= __modules\["(\w+)/.+"\];$', script(entry=entry), re.MULTILINE)
    assert there == (folders & own) | {*imported} and not own & (set(ENTRIES) - {entry})


def test_the_joined_script_is_one_module() -> None:
    text = script()
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default mount;"]
    assert "</script" not in text.lower() and "innerHTML" not in text


@pytest.mark.parametrize(
    "changed,message",
    [
        ({"a": 'import { x } from "./lost.js";\n'}, "a.js imports lost.js, which is not in"),
        ({"a": 'import { b } from "./views/b.js";\n'}, "in a circle: .*a.*views/b"),
        ({"a": 'import * as x from "./c.js";\n'}, r"a.js says 'import \* as x"),
        ({"a": "export { a as b };\n"}, "a.js says 'export { a as b };'"),
        ({"a": "export let a = 1;\n"}, "write import {.*named class, function or const"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_file(
    tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        script(folder(tmp_path, **{**MODULES, **changed}))


def test_a_view_is_joined_because_its_file_is_there(tmp_path: Path) -> None:
    js = tmp_path / "js"
    shutil.copytree(JS, js)
    shutil.copy(VIEW, js / "views")
    text = script(js)
    assert "register(Confidence);" in text and text.count("const WHOLE = 255;") > 1


def test_a_view_is_called_as_its_file() -> None:
    for path in [VIEW, *(JS / "views").glob("*.js")]:
        assert re.findall(r'^  kind = "(\w+)";$', path.read_text(), re.M) == [path.stem], path
