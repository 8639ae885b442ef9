"""Which code each picture of the documents shows, and whether it has changed since the picture was taken.

``pytest contract_tests/integration/gimp3_gui --update-screenshots`` takes the pictures anew and writes
down, in docs/images/pictures.json, a digest of the code that each shows. Comments and docstrings
do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from precision_upscaler.frontend import options

CLONE = Path(__file__).parents[3]
IMAGES = CLONE / "docs" / "images"
RECORD = IMAGES / "pictures.json"
COMMAND = "pytest contract_tests/integration/gimp3_gui --update-screenshots"

_WINDOWS = "plugin/gimp3/upscaler_gimp3"
_FRONT = "plugin/precision_upscaler/frontend"
_CONTRACT = "plugin/precision_upscaler/contract"
_OPTIONS = "the options"
"""What the contract and the front ends say of them; the rest of the contract no window shows."""
_EVERY_WINDOW = (
    f"{_WINDOWS}/labels.py",
    f"{_WINDOWS}/ui/widgets.py:label",
    f"{_WINDOWS}/ui/widgets.py:Message",
)
_DIALOG = (
    *_EVERY_WINDOW,
    *(
        f"{_WINDOWS}/ui/{name}.py"
        for name in ("upscale_dialog", "forecast_panel", "preview", "service_panel")
    ),
    _OPTIONS,
    f"{_FRONT}/texts.py:expected",
    f"{_CONTRACT}/prices.json",
)

SHOWN: dict[str, tuple[str, ...]] = {
    "dialog": _DIALOG,
    "dialog-in-gimp": _DIALOG,
    "first-run-key": (*_EVERY_WINDOW, f"{_WINDOWS}/ui/key_dialog.py"),
    "progress-two-layers": (
        *_EVERY_WINDOW,
        f"{_WINDOWS}/ui/progress_window.py",
        f"{_FRONT}/texts.py:stage",
    ),
    "upscale": (
        *_DIALOG,
        f"{_WINDOWS}/ui/progress_window.py",
        f"{_FRONT}/texts.py:stage",
    ),
    "resume": (*_EVERY_WINDOW, f"{_WINDOWS}/ui/resume_dialog.py"),
    "settings": (*_EVERY_WINDOW, f"{_WINDOWS}/ui/settings_dialog.py"),
    "failure": (
        f"{_FRONT}/texts.py:error",
        f"{_FRONT}/texts.py:answers",
        "plugin/precision_upscaler/errors.py:TaskFailed",
    ),
}
"""The pictures, each with the files it shows; of some only the function or class after the colon."""


def digest(name: str) -> str:
    """Return the digest of the code that a picture shows."""
    whole = hashlib.sha256()
    for source in SHOWN[name]:
        whole.update(_shown(source).encode())
    return whole.hexdigest()[:16]


def _shown(source: str) -> str:
    if source == _OPTIONS:
        return repr(options.ALL)
    path, _, part = source.partition(":")
    text = (CLONE / path).read_text(encoding="utf-8")
    return _code(text, part) if path.endswith(".py") else text


def _code(text: str, part: str = "") -> str:
    """Return the lines of a module, or of one function or class in it, that do something."""
    tree: ast.Module | ast.stmt = ast.parse(text)
    if part:
        (tree,) = (node for node in ast.parse(text).body if getattr(node, "name", "") == part)
    lines = text.splitlines()
    wanted = range(1, len(lines) + 1) if isinstance(tree, ast.Module) else range(tree.lineno, _end(tree) + 1)
    dropped = {number for node in ast.walk(tree) for number in _docstring(node)}
    # the formatter puts two spaces before a comment at the end of a line
    kept = [lines[number - 1].split("  # ")[0].strip() for number in wanted if number not in dropped]
    return "\n".join(line for line in kept if line and not line.startswith("#"))


def _docstring(node: ast.AST) -> range:
    """Return the lines of a text that is a statement by itself."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return range(node.lineno, _end(node) + 1)
    return range(0)


def _end(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


def recorded() -> dict[str, str]:
    """Return the digests at the time when the pictures were taken."""
    return dict(json.loads(RECORD.read_text(encoding="utf-8"))) if RECORD.exists() else {}


def record(name: str) -> None:
    """Write down that a picture was taken of today's code."""
    digests = {known: value for known, value in recorded().items() if known in SHOWN} | {name: digest(name)}
    RECORD.write_text(json.dumps(dict(sorted(digests.items())), indent=2) + "\n", encoding="utf-8")
