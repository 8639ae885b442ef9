"""Write docs/reference.md from the program itself: options, settings, and every message with its advice.

.venv/bin/python docs/make_reference.py            write it
.venv/bin/python docs/make_reference.py --check    exit with 1 when it is out of date
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from precision_upscaler import errors
from precision_upscaler.cli.main import EXIT_CODES
from precision_upscaler.contract import LIMITS, SERVERS, estimates
from precision_upscaler.frontend import options, texts
from precision_upscaler.storage import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from precision_upscaler.contract import Parameter

PAGE = Path(__file__).resolve().with_name("reference.md")
_CHARGES = {"no": "no", "unknown": "not certain", "yes": "yes"}


def page() -> str:
    """Return the whole page as Markdown."""
    sections = (
        _head(),
        _options(),
        _sizes(),
        _settings(),
        _environment(),
        _prices(),
        _errors(),
        _sentences(
            "refusal", "Refusals", "The plug-in says these before anything is sent. Nothing is charged."
        ),
        _sentences("note", "Notes", "The plug-in says these when it worked and there is something to know."),
        _unscaled(),
        _exit_codes(),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _head() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "<!-- made by docs/make_reference.py from the program itself: change that, then run it -->"
    yield ""
    yield "Options, settings, messages. The other pages explain; this one is complete."


def _options() -> Iterator[str]:
    yield ""
    yield "## Options of an upscale"
    yield ""
    yield "In scripts for GIMP the names are written with hyphens, on the command line with two in front."
    yield "`placement`, `area` and `colors` exist in GIMP only."
    yield ""
    yield "| option | values | default | what it does |"
    yield "| --- | --- | --- | --- |"
    for option in options.ALL:
        name = option.name.replace("_", "-")
        yield f"| `{name}` | {_values(option)} | `{str(option.default).lower()}` | {_cell(option.help)} |"
    for option in options.ALL:
        if option.choices:
            yield ""
            yield f"`{option.name.replace('_', '-')}` is one of:"
            yield ""
            yield from (f"* `{choice.value}`: {choice.help}" for choice in option.choices)


def _values(option: Parameter) -> str:
    if option.kind == "integer":
        return f"{option.minimum} to {option.maximum}"
    if option.kind == "choice":
        return ", ".join(f"`{choice.value}`" for choice in option.choices)
    return "`true`, `false`"


def _sizes() -> Iterator[str]:
    yield ""
    yield "## Sizes"
    yield ""
    for name, value in LIMITS.items():
        if isinstance(value, (int, float)):
            yield f"* {name.replace('_', ' ')}: {value:,}"


def _settings() -> Iterator[str]:
    yield ""
    yield "## Settings"
    yield ""
    yield "Change them in GIMP under Filters ▸ Enhance ▸ Precision Upscale Settings… (all but"
    yield "`poll_seconds`), or with `precision-upscale settings`. All GIMPs of yours and the command line"
    yield "share them, but for those in a sandbox: a Flatpak, a Snap and GIMP from the Microsoft Store have"
    yield "settings, key and jobs of their own."
    yield ""
    yield (
        "![The settings window: the key, the service's address, how long to wait and what to keep]"
        "(images/settings.png)"
    )
    yield ""
    yield "| setting | values | default | what it does |"
    yield "| --- | --- | --- | --- |"
    for name, facts in settings.described().items():
        values = facts["kind"]
        if "choices" in facts:
            values = ", ".join(f"`{choice}`" for choice in facts["choices"])
        elif "minimum" in facts:
            values = f"{facts['minimum']:,} to {facts['maximum']:,}"
        default = ", ".join(facts["default"]) if isinstance(facts["default"], list) else facts["default"]
        default = f"`{default}`" if default != "" else "none"
        yield f"| `{name}` | {values} | {default} | {_cell(facts['help'])} |"


def _environment() -> Iterator[str]:
    yield ""
    yield "## Environment variables"
    yield ""
    yield "| variable | meaning |"
    yield "| --- | --- |"
    yield "| `FREEPIK_API_KEY`, `MAGNIFIC_API_KEY` | the API key; goes before a stored one |"
    yield f"| `PRECISION_UPSCALER_BASE_URL` | the service's address: `{SERVERS[-1]}`, or that of a mock |"
    yield "| `PRECISION_UPSCALER_DATA` | the folder of jobs, settings and log |"
    yield "| `PRECISION_UPSCALER_PYTHON` | the Python (3.11 or newer) of GIMP 2.10's plug-in |"


def _prices() -> Iterator[str]:
    yield ""
    yield "## Prices"
    yield ""
    yield f"Estimates follow a table of {estimates.TABLE['dated']}, by the result's area; the account at the"
    yield "service shows what was really charged. A file `prices.json` of yours in the folder of jobs and"
    yield "settings goes before it; it is written like"
    yield "[the plug-in's own](../plugin/precision_upscaler/contract/prices.json), and heeded by the dialog"
    yield "of GIMP 3 and by the command line. Unless it is whole, it is passed over."
    yield ""
    yield "| result up to | about |"
    yield "| --- | --- |"
    for step in estimates.TABLE["steps"]:
        yield f"| {step['up_to_megapixels']} megapixels | {step['price']:.2f} {estimates.TABLE['currency']} |"
    beyond = (
        f"{estimates.TABLE['beyond_per_megapixel']} {estimates.TABLE['currency']} for each further megapixel"
    )
    yield f"| more | {beyond} |"
    yield ""
    rates = estimates.TABLE["credits"]
    measured = ", ".join(
        f"{one['credits']} credits for {one['megapixels']} megapixels" for one in rates["measured"]
    )
    yield f"Credits are estimated along a line through {measured} ({rates['dated']}). {rates['source']}"


def _errors() -> Iterator[str]:
    yield ""
    yield "## Errors"
    yield ""
    yield "Every error says what happened, whether anything was charged, and what to do. The code is what a"
    yield "script reads (`--json`, or the worker's `error` event)."
    yield ""
    yield (
        "![An error in GIMP: what happened, whether it was charged, what to do, and where the log is]"
        "(images/failure.png)"
    )
    yield ""
    yield "| code | what happened | charged | what to do |"
    yield "| --- | --- | --- | --- |"
    for kind in _leaves(errors.UpscaleError):
        what = (kind.__doc__ or "").splitlines()[0]
        yield f"| `{kind.code}` | {_cell(what)} | {_CHARGES[kind.charged]} | {_cell(kind.advice)} |"
    yield from _own_errors()


def _own_errors() -> Iterator[str]:
    """Give a row for each error of the front ends themselves: the calls of ``_event`` in ``texts.py``."""
    tree = ast.parse(Path(texts.__file__).read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_event":
                code, what, charged, advice = node.args[:4]
                cost = (
                    _CHARGES[ast.literal_eval(charged)]
                    if isinstance(charged, ast.Constant)
                    else "the message says"
                )
                # an advice that depends on the cost is chosen among the function's other sentences
                said = _literals(advice) or [
                    text for text in _literals(function) if text not in _literals(what)
                ]
                name, advised = ast.literal_eval(code), _cell(" Or, once it was paid: ".join(said))
                yield f"| `{name}` | {_cell(_literals(what)[0])} | {cost} | {advised} |"


def _literals(node: ast.AST) -> list[str]:
    """Return the texts that are handed to the translating function below ``node``."""
    return [
        str(ast.literal_eval(call.args[0]))
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    ]


def _leaves(kind: type[errors.UpscaleError]) -> Iterator[type[errors.UpscaleError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _leaves(child)


def _sentences(function: str, title: str, introduction: str) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield introduction
    yield ""
    yield "| code | sentence |"
    yield "| --- | --- |"
    names = ("limit", function) if function == "refusal" else (function,)
    for name in names:
        for code, sentence in sorted(_table(name).items()):
            yield f"| `{code}` | {_cell(sentence)} |"


def _table(function: str) -> dict[str, str]:
    """Return the dictionary of sentences inside a function of ``frontend/texts.py``."""
    source = Path(texts.__file__).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Dict):
                    return {
                        str(ast.literal_eval(key)): str(ast.literal_eval(value.args[0]))
                        for key, value in zip(inner.keys, inner.values, strict=True)
                        if key is not None and isinstance(value, ast.Call)
                    }
    raise LookupError(f"frontend/texts.py has no function {function} with a table of sentences")


def _unscaled() -> Iterator[str]:
    yield ""
    yield "## What GIMP does not scale"
    yield ""
    yield "With `scale-image`, GIMP scales the other layers of the image. What it cannot do with them, the"
    yield "plug-in says in a note or corrects:"
    yield ""
    yield "* Effects of other layers keep their sizes (a radius, an offset) and the area they are limited to:"
    yield "  `effects-unscaled`."
    yield "* The line of a vector layer keeps its width: `outlines-unscaled`."
    yield "* A text layer is scaled as pixels and keeps its font size: `text-unscaled`. If it has a mask,"
    yield "  GIMP 3.2 makes one more undo step, without effect, when the scaling is undone."
    yield "* In an image of 16-bit integers, not linear, with a color profile, GIMP 3.2 draws link layers in"
    yield "  wrong colors: `miscolored`."
    yield "* GIMP 3.2 puts a link layer at a wrong place, scales the path of a vector layer inside a group"
    yield "  twice, and leaves the mask of a vector layer at its old size. The plug-in corrects this, and"
    yield "  the masks of the groups around them. GIMP's redo does not bring such a corrected mask back to"
    yield "  the pixel, and chooses the mask of a vector layer to be edited."
    yield "* GIMP 3.2 draws text, vector and link layers again when a scaled image is undone or redone: a"
    yield "  text layer inside a group has its old size after a redo. Its undo also crops the mask of a group"
    yield "  around a layer with effects that reach outside the layer, when that layer was the one upscaled."
    yield ""
    yield "With `grow-canvas` and `new-layer`, the mask of a group around the layer keeps its place and size,"
    yield "and hides what of the result reaches beyond it: `mask-not-enlarged`."


def _exit_codes() -> Iterator[str]:
    yield ""
    yield "## Exit codes of the command line"
    yield ""
    yield from (f"* `{code}`: {words}" for code, words in EXIT_CODES.items())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("``", "`")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(
            0
            if PAGE.read_text(encoding="utf-8") == page()
            else f"{PAGE.name} is out of date: run {sys.argv[0]}"
        )
    PAGE.write_text(page(), encoding="utf-8")
