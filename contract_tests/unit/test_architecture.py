"""Hold every module to the layers in ARCHITECTURE.md; allow no import circle and no crowded folder."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gimp_sandbox.gimp import Gimp

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "plugin/precision_upscaler"
# where absolute imports are looked up, the nearest first
ROOTS = (ROOT / "plugin", ROOT / "plugin/gimp3", ROOT / "plugin/gimp2", ROOT / "install_scripts", ROOT)
PYTHON_2 = frozenset(
    {"httplib", "Queue", "StringIO", "ConfigParser", "__builtin__", "urllib2", "urlparse", "cPickle"}
)


MOST_FILES = 18


@dataclass(frozen=True)
class Layer:
    """One row of the table."""

    name: str
    places: tuple[Path, ...]
    layers: frozenset[str]
    packages: frozenset[str]
    python2: bool

    def holds(self, module: Path) -> bool:
        return any(module == place or place in module.parents for place in self.places)


def rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def place_of(text: str) -> Path:
    """Return the file or folder a cell names: from the project's top, or else in the core."""
    place = (ROOT if (ROOT / text.split("/", 1)[0]).is_dir() else CORE) / text
    return place if place.exists() else place.with_name(f"{place.name}.py")


def read_layers(text: str) -> tuple[Layer, ...]:
    header, *body = rows(text)
    assert header == ["layer", "lives in", "may import the layers", "packages", "Python"]
    layers = []
    for name, places, allowed, packages, python in body:
        found = [place_of(place) for place in re.findall("`(.*?)`", places)]
        layers.append(
            Layer(
                name,
                tuple(found),
                frozenset() if allowed == "-" else frozenset(allowed.split(", ")),
                frozenset(re.findall("`(.*?)`", packages)),
                python == "2.7 and 3",
            )
        )
    return tuple(layers)


LAYERS = read_layers((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
MODULES = sorted(
    path
    for folder in ("plugin", "mock_server", "install_scripts")
    for path in (ROOT / folder).rglob("*.py")
    if not {"__pycache__", "vendor"} & set(path.parts)
)


def layers_of(module: Path) -> list[Layer]:
    """Return the rows that name the module itself, else those that name a folder it is in."""
    named = [layer for layer in LAYERS if module in layer.places]
    return named or [layer for layer in LAYERS if layer.holds(module)]


def layer_of(module: Path) -> Layer:
    (layer,) = layers_of(module)
    return layer


def module_path(dotted: str, roots: tuple[Path, ...]) -> Path | None:
    """Return the file of a module of ours, or None when it is somebody else's."""
    for root in roots:
        place = root / dotted.replace(".", "/")
        for candidate in (place.with_suffix(".py"), place / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def imported(module: Path, text: str) -> Iterator[tuple[int, Path | str]]:
    """Yield ``(line, file of ours or name of a foreign top-level package)`` of every import."""
    for node in ast.walk(ast.parse(text, str(module))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            roots: tuple[Path, ...] = ROOTS
            base = ""
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            roots = (module.parents[node.level - 1],) if node.level else ROOTS
            base = node.module or ""
        else:
            continue
        if not names:
            continue
        for name in names:
            # "from package import name" may mean a module of the package or a name in it
            dotted = f"{base}.{name}".strip(".") if isinstance(node, ast.ImportFrom) else name
            ours = module_path(dotted, roots) or (module_path(base, roots) if base else None)
            relative = isinstance(node, ast.ImportFrom) and node.level > 0
            if ours is None and relative:
                ours = roots[0] / "__init__.py"
            yield node.lineno, ours or (base or name).split(".")[0]


def breaches(module: Path, text: str) -> list[str]:
    layer = layer_of(module)
    found = []
    for line, target in imported(module, text):
        where = f"{module.relative_to(ROOT)}:{line}"
        if isinstance(target, Path):
            other = layer_of(target)
            if other.name != layer.name and other.name not in layer.layers:
                found.append(
                    f"{where}: {layer.name} may not import {other.name} ({target.relative_to(ROOT)})"
                )
        elif target not in sys.stdlib_module_names | layer.packages | (PYTHON_2 if layer.python2 else set()):
            found.append(f"{where}: {layer.name} may not import the package {target}")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(module: Path) -> None:
    layers = [layer.name for layer in layers_of(module)]
    assert len(layers) == 1, f"ARCHITECTURE.md must put {module.relative_to(ROOT)} in one layer, not {layers}"
    assert breaches(module, module.read_text(encoding="utf-8")) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other, sorted (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for target in sorted(graph.get(node, ())):
            if target not in order:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in stack:
                lowest[node] = min(lowest[node], order[target])
        if lowest[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return sorted(found)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        str(module.relative_to(ROOT)): {
            str(target.relative_to(ROOT))
            for _, target in imported(module, module.read_text(encoding="utf-8"))
            if isinstance(target, Path) and target != module
        }
        for module in MODULES
    }
    assert circles(graph) == []


def test_a_circle_of_imports_is_found() -> None:
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"f"}, "f": {"e"}}) == [
        ["a", "b", "c"],
        ["e", "f"],
    ]


def test_a_folder_holds_few_enough_modules_to_be_read_at_a_glance() -> None:
    counts = Counter(str(module.parent.relative_to(ROOT)) for module in MODULES)
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_no_test_imports_from_a_test_module_or_a_conftest() -> None:
    found = []
    paths = sorted((ROOT / "contract_tests").rglob("*.py"))
    modules = {path.stem for path in paths}
    for module in paths:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [part for alias in node.names for part in alias.name.split(".")]
            else:
                continue
            # a helper lives in a module of its own; plugins of pytest are named so too
            if "contract_tests" in names or (isinstance(node, ast.ImportFrom) and node.level):
                found += [
                    f"{module.relative_to(ROOT)}:{node.lineno}: {name}"
                    for name in names
                    if name == "conftest" or (name.startswith("test_") and name in modules)
                ]
    assert found == []


def test_the_tables_arrows_point_down() -> None:
    above: set[str] = set()
    for layer in LAYERS:
        assert layer.layers <= above, f"{layer.name} may import what stands below it in the table"
        above.add(layer.name)


def test_every_place_in_the_table_exists() -> None:
    missing = [str(place) for layer in LAYERS for place in layer.places if not place.exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("mock_server/app.py", "from precision_upscaler.api.client import UpscalerClient"),
        ("mock_server/app.py", "from precision_upscaler.api import client"),
        ("mock_server/app.py", "import precision_upscaler.api.client"),
        ("plugin/precision_upscaler/api/retry.py", "from precision_upscaler import jobs"),
        ("plugin/precision_upscaler/urls.py", "from .api.client import UpscalerClient"),
        ("plugin/precision_upscaler/jobs/service.py", "import httpx2"),
        ("plugin/precision_upscaler/worker.py", "from .frontend import placement"),
        ("plugin/precision_upscaler/frontend/worker_process.py", "from ..worker import main"),
        ("plugin/precision_upscaler/api/client.py", "def later():\n    import gi"),
        ("install_scripts/test.py", "import PIL"),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    assert len(breaches(ROOT / module, line)) == 1


def test_what_python_2_reads_compiles_there(gimp210: Gimp) -> None:
    modules = [str(module) for module in MODULES if layer_of(module).python2]
    check = "for name in sys.argv[1:]: compile(open(name).read(), name, 'exec')"
    check = "import sys\n" + check + "\nprint(sys.version_info[0])"
    done = gimp210.run(["python2.7", "-c", check, *modules], binds=[ROOT / "plugin"], timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")
