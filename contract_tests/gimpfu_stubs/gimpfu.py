"""``gimpfu``: registering plug-ins and running them, checked and called as the real one does it.

``from gimpfu import *`` brings ``gimp``, ``pdb``, ``register``, ``main``, the ``PF_`` types and
all constants. Instead of opening its dialog, an interactive run takes the values in ``Session.dialog``.
"""

from __future__ import annotations

import gettext
import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from . import gimp, gimpcolor, objects
from .gimpenums import *  # noqa: F403 - as the real one
from .gimpenums import _VALUES
from .session import RUN_NONINTERACTIVE, RUN_WITH_LAST_VALS, current

pdb = gimp.pdb


class error(RuntimeError):  # noqa: N801 - the real one's name
    """What is registered is wrong, or ``fail`` was called."""


class CancelError(RuntimeError):
    """The user pressed Cancel."""


PF_INT32 = PF_INT = 0
PF_INT16, PF_INT8, PF_FLOAT, PF_STRING = 1, 2, 3, 4
PF_VALUE = PF_STRING
PF_COLOR = PF_COLOUR = 10
PF_ITEM, PF_DISPLAY, PF_IMAGE, PF_LAYER, PF_CHANNEL, PF_DRAWABLE = range(11, 17)
PF_VECTORS = 19
PF_TOGGLE = PF_BOOL = 1000
PF_SLIDER = 1001
PF_SPINNER = PF_ADJUSTMENT = 1002
PF_FONT, PF_FILE, PF_BRUSH, PF_PATTERN, PF_GRADIENT, PF_RADIO, PF_TEXT, PF_PALETTE = range(1003, 1011)
PF_FILENAME, PF_DIRNAME, PF_OPTION = 1011, 1012, 1013

_INTS = (PF_TOGGLE, PF_SPINNER, PF_OPTION)
_TEXTS = (
    PF_FONT,
    PF_FILE,
    PF_BRUSH,
    PF_PATTERN,
    PF_GRADIENT,
    PF_RADIO,
    PF_TEXT,
    PF_PALETTE,
    PF_FILENAME,
    PF_DIRNAME,
)
_PDB_TYPES = {
    **{kind: kind for kind in (0, 1, 2, 3, 4, *range(10, 17), 19)},
    **dict.fromkeys(_INTS, PF_INT32),
    **dict.fromkeys(_TEXTS, PF_STRING),
    PF_SLIDER: PF_FLOAT,
}
_PYTHON_TYPES: dict[int, type[Any]] = {
    **dict.fromkeys((PF_INT32, PF_INT16, PF_INT8, PF_SPINNER, PF_OPTION, PF_ITEM), int),
    **dict.fromkeys((PF_FLOAT, PF_SLIDER), float),
    **dict.fromkeys((PF_STRING, *_TEXTS), str),
    PF_TOGGLE: bool, PF_COLOR: gimpcolor.RGB, PF_DISPLAY: objects.Display, PF_IMAGE: objects.Image,
    PF_LAYER: objects.Layer, PF_CHANNEL: objects.Channel, PF_DRAWABLE: objects.Drawable,
    PF_VECTORS: objects.Vectors,
}  # fmt: skip

_LEGAL = re.compile(r"[A-Za-z0-9_-]*\Z")
_PREFIXES = tuple(
    stem + mark for stem in ("python", "extension", "plug-in", "plug_in", "file") for mark in "-_"
)
_LEAST_OF_A_PARAMETER, _LEAST_OF_A_RESULT = 4, 3

_registered_plugins_: dict[str, tuple[Any, ...]] = {}


def _check(items: Sequence[Any], least: int, one: str, many: str) -> None:
    for item in items:
        if len(item) < least:
            raise error(
                f"{one} definition must contain at least {least} elements ({len(item)} given: {item})"
            )
        if type(item[0]) is not int:
            raise error(f"{many} types must be integers")
        if not _LEGAL.match(item[1]):
            raise error(f"{many} name contains illegal characters")


def register(
    proc_name: str, blurb: str, help: str, author: str, copyright: str, date: str, label: str,  # noqa: A002 - the real name
    imagetypes: str,
    params: list[Any], results: list[Any], function: Callable[..., Any], menu: str | None = None,
    domain: Any = None, on_query: Callable[[], Any] | None = None, on_run: Callable[[], Any] | None = None,
    run_mode_param: bool = True,
) -> None:  # fmt: skip
    """Describe a procedure; :class:`error` when a name or definition is wrong."""
    if not _LEGAL.match(proc_name):
        raise error("procedure name contains illegal characters")
    _check(params, _LEAST_OF_A_PARAMETER, "parameter", "parameter")
    _check(results, _LEAST_OF_A_RESULT, "result", "result")
    if not proc_name.startswith(_PREFIXES):
        proc_name = "python-fu-" + proc_name
    if menu is None and label:
        menu, _, label = label.rpartition("/")
        warnings.warn(
            f"{proc_name}: passing the full menu path for the menu label is deprecated, "
            "use the 'menu' parameter instead",
            DeprecationWarning,
            stacklevel=2,
        )
        if menu.startswith("<Image>"):
            given = [
                (PF_IMAGE, "image", "Input image", None),
                (PF_DRAWABLE, "drawable", "Input drawable", None),
            ]
            params[0:0] = given
    _registered_plugins_[proc_name] = (
        blurb, help, author, copyright, date, label, imagetypes, 1, params, results, function, menu, domain,
        on_query, on_run, run_mode_param,
    )  # fmt: skip


def main() -> None:
    """End the plug-in's file: hand what was registered over to GIMP."""
    registered = dict(_registered_plugins_)
    _registered_plugins_.clear()
    gimp.main(None, None, lambda: _query(registered), lambda name, params: _run(registered, name, params))


def _query(registered: dict[str, tuple[Any, ...]]) -> None:
    def arguments(items: Sequence[Any]) -> list[tuple[int, str, str]]:
        return [(_PDB_TYPES[item[0]], item[1], item[2].replace("_", "")) for item in items]

    for name, facts in registered.items():
        params = arguments(facts[8])
        if facts[15]:
            text = "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1) }"
            params.insert(0, (PF_INT32, "run-mode", text))
        blurb, text, author, copyright_, date, label, types, kind = facts[:8]
        gimp.install_procedure(
            name, blurb, text, author, copyright_, date, label, types, kind, params, arguments(facts[9])
        )
        if facts[11]:
            gimp.menu_register(name, facts[11])
        if facts[13]:
            facts[13]()


def _key(name: str) -> str:
    return "python-fu-save--" + name


_catalog: dict[str, tuple[Any, ...]] = {}


def _get_defaults(proc_name: str) -> Any:
    from . import gimpshelf

    if gimpshelf.shelf.has_key(_key(proc_name)):
        return gimpshelf.shelf[_key(proc_name)]
    return [item[3] for item in _catalog[proc_name][8]]


def _set_defaults(proc_name: str, defaults: Any) -> None:
    from . import gimpshelf

    gimpshelf.shelf[_key(proc_name)] = defaults


def _run(registered: dict[str, tuple[Any, ...]], name: str, params: tuple[Any, ...]) -> Any:
    facts = registered[name]
    _catalog[name] = facts
    function, wanted, has_run_mode = facts[10], facts[8], facts[15]
    # without a run mode of its own, a procedure's first argument is taken for one: the real one's habit
    mode = params[0]
    if mode == RUN_NONINTERACTIVE:
        return function(*params[1:])
    first = 1 if has_run_mode else 0
    given = 0
    for given in range(first, len(params)):
        if not isinstance(params[given], _PYTHON_TYPES[wanted[given - first][0]]):
            break
    if len(wanted) > given:
        params = params[: given + 1]
        if mode == RUN_WITH_LAST_VALS:
            # a tuple and what was kept; a list, the defaults before any dialog was confirmed, is an error
            params = params + _get_defaults(name)[given:]
        else:
            try:
                answer = _interact(name, facts, params[first:])
            except CancelError:
                return None
            gimp.displays_flush()
            return answer
    answer = function(*params[first:])
    gimp.displays_flush()
    return answer


def _interact(name: str, facts: tuple[Any, ...], start: tuple[Any, ...]) -> Any:
    """Pretend the dialog: ``on_run``, then the session's values over the defaults, then OK."""
    session = current()
    left = facts[8][len(start) :]
    if facts[14]:
        facts[14]()
    values = dict(zip([item[1] for item in left], _get_defaults(name)[len(start) :], strict=True))
    if session.dialog is None:
        raise CancelError
    unknown = set(session.dialog) - set(values)
    if unknown:
        raise KeyError(f"the dialog of {name} has no {', '.join(sorted(unknown))}")
    values.update(session.dialog)
    params = start + tuple(values.values())
    _set_defaults(name, params)
    return facts[10](*params)


def fail(msg: str) -> None:
    """Tell the user and end with an error."""
    gimp.message(msg)
    raise error(msg)


def N_(message: str) -> str:  # noqa: N802 - the real one's name
    """Mark a text for translation."""
    return message


t = gettext.NullTranslations()

__all__ = [  # noqa: PLE0604 - names read from the file
    *_VALUES, *[name for name in globals() if name.startswith("PF_")], "CancelError", "N_", "error", "fail",
    "gettext", "gimp", "gimpcolor", "main", "math", "pdb", "register", "t",
]  # fmt: skip
