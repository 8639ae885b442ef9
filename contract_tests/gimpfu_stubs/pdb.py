"""The procedural database: argument checks, lookup and errors as the real ``gimp.pdb`` has them.

Names and signatures of all procedures are the real one's (``procedures.json``). Those the stubs implement are
in ``procedures/``; calling another raises NotImplementedError with its name, never a made-up answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .gimpcolor import RGB
from .model import Channel, Drawable, Failure, Group, Image, Item, Layer, Mask, Selection, Vectors
from .ranges import out_of_range

if TYPE_CHECKING:
    from .session import Session

INT32, INT16, INT8, FLOAT, STRING = 0, 1, 2, 3, 4
INT32ARRAY, INT16ARRAY, INT8ARRAY, FLOATARRAY, STRINGARRAY = 5, 6, 7, 8, 9
COLOR, ITEM, DISPLAY, IMAGE, LAYER, CHANNEL, DRAWABLE, SELECTION, COLORARRAY, VECTORS = range(10, 20)
PARASITE, STATUS = 20, 21

_IDS = {
    DISPLAY: "display", IMAGE: "image", LAYER: "layer", CHANNEL: "channel", ITEM: "item",
    DRAWABLE: "drawable", SELECTION: "selection", VECTORS: "vectors",
}  # fmt: skip
_KINDS: dict[int, type[Any]] = {
    IMAGE: Image, LAYER: Layer, CHANNEL: Channel, ITEM: Item, DRAWABLE: Drawable,
    SELECTION: Selection, VECTORS: Vectors,
}  # fmt: skip
_ARRAYS: dict[int, type[Any]] = {INT32ARRAY: int, INT16ARRAY: int, INT8ARRAY: int, FLOATARRAY: float}


class error(RuntimeError):  # noqa: N801 - its name in the real module gimp
    """``gimp.error``: a method of one of gimp's objects could not do what it was asked."""


@dataclass(frozen=True)
class Argument:
    """One argument or return value of a procedure."""

    type: int
    name: str
    description: str = ""


@dataclass
class Procedure:
    """What the database knows of a procedure; ``function`` is missing where the stubs implement nothing."""

    name: str
    arguments: tuple[Argument, ...]
    values: tuple[Argument, ...]
    type: int
    blurb: str = ""
    help: str = ""
    author: str = ""
    copyright: str = ""
    date: str = ""
    function: Callable[..., Any] | None = None

    @property
    def takes_run_mode(self) -> bool:
        """Whether the first argument is the run mode, which callers give by keyword."""
        return bool(self.arguments) and self.arguments[0].name == "run-mode"


IMPLEMENTED: dict[str, Callable[..., Any]] = {}
"""Procedures of the stubs by name; each is called with the session and the core's own objects."""


def procedure(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the implementation of the named procedures."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            if name not in SIGNATURES:
                raise ValueError(f"GIMP 2.10 has no procedure {name}")
            IMPLEMENTED[name] = function
        return function

    return register


def _signatures() -> dict[str, tuple[tuple[Argument, ...], tuple[Argument, ...], int]]:
    def parsed(text: str) -> tuple[Argument, ...]:
        parts = [word.split(":", 1) for word in text.split()]
        return tuple(Argument(int(number), name) for number, name in parts)

    table = json.loads(Path(__file__).with_name("procedures.json").read_text(encoding="utf-8"))
    return {name: (parsed(given), parsed(returned), kind) for name, (given, returned, kind) in table.items()}


SIGNATURES = _signatures()


class Database:
    """Every procedure of a session: GIMP's own and those of loaded plug-ins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.installed: dict[str, Procedure] = {}

    def find(self, name: str) -> Procedure | None:
        """Return the procedure called ``name`` (underscores count as hyphens), or None."""
        name = name.replace("_", "-")
        if name in self.installed:
            return self.installed[name]
        if name not in SIGNATURES:
            return None
        given, returned, kind = SIGNATURES[name]
        return Procedure(name, given, returned, kind, function=IMPLEMENTED.get(name))

    def names(self) -> list[str]:
        """Return the names of all procedures."""
        return [*SIGNATURES, *self.installed]

    def call(self, found: Procedure, args: Sequence[Any], run_mode: int = 1) -> Any:
        """Run a procedure for a plug-in; TypeError and RuntimeError as the real one raises them."""
        arguments = found.arguments[1:] if found.takes_run_mode else found.arguments
        if arguments and len(args) != len(arguments):
            raise TypeError("wrong number of parameters")
        given = args if arguments else ()
        values = [_taken(argument, value) for argument, value in zip(arguments, given, strict=True)]
        numbered = list(zip(arguments, values, strict=True))
        if found.takes_run_mode:
            numbered.insert(0, (found.arguments[0], run_mode))
        core = [self._core(found, number + 1, *pair) for number, pair in enumerate(numbered)]
        if found.function is None:
            raise NotImplementedError(
                f"the gimpfu stubs do not implement {found.name}; see contract_tests/gimpfu_stubs/README.md"
            )
        plugin = found.name in self.installed
        try:
            # GIMP computes with what is infinite or not a number, and says nothing
            with np.errstate(invalid="ignore", over="ignore"):
                answer = found.function(*core) if plugin else found.function(self._session, *core)
        except Failure as failure:
            raise RuntimeError(str(failure) or "execution error") from None
        return answer if plugin else self._given(found, answer)

    def _core(self, found: Procedure, number: int, argument: Argument, value: Any) -> Any:
        """Return a converted argument as the core's object, after GIMP's own checks."""
        if argument.type not in _KINDS:
            wrong = out_of_range(found.name, number, argument.name, value)
            if wrong:
                raise RuntimeError(wrong)
            return value
        if value == -1 and _may_be_none(found.name, argument.name):
            return None
        node = self._session.nodes.get(value)
        if isinstance(node, _KINDS[argument.type]) and not getattr(node, "removed", False):
            return node
        if found.name.endswith("-is-valid"):
            return None
        if argument.type == ITEM:
            raise RuntimeError(
                f"Procedure '{found.name}' has been called with value '{value}' for argument "
                f"'{argument.name}' (#{number}, type GimpItemID). This value is out of range."
            )
        kind = _IDS[argument.type]
        article = "an" if kind == "image" else "a"
        raise RuntimeError(
            f"Procedure '{found.name}' has been called with an invalid ID for argument '{argument.name}'. "
            f"Most likely a plug-in is trying to work on {article} {kind} that doesn't exist any longer."
        )

    def _given(self, found: Procedure, answer: Any) -> Any:
        """Return the core's answer as the plug-in sees it."""
        if not found.values:
            return None
        several = answer if len(found.values) > 1 else (answer,)
        shown = [self.shown(value, one) for one, value in zip(several, found.values, strict=True)]
        return shown[0] if len(shown) == 1 else tuple(shown)

    def shown(self, value: Argument, answer: Any) -> Any:
        """Return one value of the core as Python-Fu hands it out."""
        if value.type in _KINDS:
            return self._session.wrapped(answer)
        if value.type in (INT32, INT16, INT8):
            return int(answer)
        if value.type == FLOAT:
            return float(answer)
        if value.type == COLOR:
            return RGB(*answer)
        if value.type == PARASITE:
            return answer
        if value.type in (INT32ARRAY, INT16ARRAY, INT8ARRAY, FLOATARRAY, STRINGARRAY):
            return tuple(answer)
        return answer


def _may_be_none(name: str, argument: str) -> bool:
    return (name, argument) in {
        ("gimp-image-insert-layer", "parent"),
        ("gimp-image-insert-channel", "parent"),
        ("gimp-image-insert-vectors", "parent"),
        ("gimp-image-reorder-item", "parent"),
        ("gimp-image-set-active-layer", "active-layer"),
        ("gimp-image-set-active-channel", "active-channel"),
    } or argument == "gdisplay"


def _taken(argument: Argument, value: Any) -> Any:
    """Return what Python-Fu makes of an argument before it asks GIMP; TypeError as it raises it."""
    if argument.type in (INT32, INT16, INT8, FLOAT):
        try:
            if not isinstance(value, (int, float, str)) and not hasattr(value, "__index__"):
                raise TypeError
            return (
                float(value)
                if argument.type == FLOAT
                else int(float(value) if isinstance(value, float) else value)
            )
        except (TypeError, ValueError):
            raise TypeError("wrong parameter type") from None
    if argument.type == STRING:
        return None if value is None else value.decode() if isinstance(value, bytes) else str(value)
    if argument.type == COLOR:
        return RGB.from_any(value).unit
    if argument.type in _ARRAYS:
        if isinstance(value, (str, bytes)):
            raise TypeError("subscript of wrong type")
        if not isinstance(value, Sequence):
            raise TypeError("wrong parameter type")
        try:
            return tuple(_ARRAYS[argument.type](item) for item in value)
        except (TypeError, ValueError):
            raise TypeError("subscript of wrong type") from None
    if argument.type in _IDS:
        return _id(argument.type, value)
    return value


def _id(kind: int, value: Any) -> int:
    from . import objects

    if value is None:
        return -1
    wanted: dict[int, type[Any]] = {
        DISPLAY: objects.Display, IMAGE: objects.Image, LAYER: objects.Layer, CHANNEL: objects.Channel,
        ITEM: objects.Item, DRAWABLE: objects.Drawable, SELECTION: objects.Channel, VECTORS: objects.Vectors,
    }  # fmt: skip
    if not isinstance(value, wanted[kind]):
        raise TypeError("wrong parameter type")
    return int(value.ID)


class PDBFunction:
    """A procedure as ``pdb.some_name`` gives it: callable, with its facts as attributes."""

    def __init__(self, database: Database, found: Procedure) -> None:
        self._database, self._found = database, found
        self.proc_name = found.name
        self.proc_blurb, self.proc_help, self.proc_author = found.blurb, found.help, found.author
        self.proc_copyright, self.proc_date, self.proc_type = found.copyright, found.date, found.type
        self.params = tuple((one.type, one.name, one.description) for one in found.arguments)
        self.return_vals = tuple((one.type, one.name, one.description) for one in found.values)
        self.nparams, self.nreturn_vals = len(self.params), len(self.return_vals)

    def __repr__(self) -> str:
        return f"<pdb function '{self.proc_name}'>"

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Call the procedure, by default non-interactively."""
        if len(keywords) > 1:
            raise TypeError("expecting at most one keyword argument")
        if keywords and "run_mode" not in keywords:
            raise TypeError("only 'run_mode' keyword argument accepted")
        return self._database.call(self._found, args, int(keywords.get("run_mode", 1)))


class PDB:
    """``gimp.pdb``: procedures as attributes with underscores or by name in brackets."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    def __repr__(self) -> str:
        return "<gimp procedural database>"

    def __getattr__(self, name: str) -> PDBFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        database = self._database()
        found = database.find(name)
        if found is None:
            raise error("procedure not found")
        return PDBFunction(database, found)

    def __getitem__(self, name: Any) -> PDBFunction:
        if not isinstance(name, str):
            raise TypeError("Subscript must be a string")
        database = self._database()
        found = database.find(name)
        if found is None:
            raise KeyError(name)
        return PDBFunction(database, found)

    def query(self, name: str = ".*", *more: str) -> list[str]:
        """Return the names in which the expression ``name`` is found; further ones match the texts."""
        found = []
        for one in self._database().names():
            procedure_found = self._database().find(one)
            assert procedure_found is not None
            texts = (procedure_found.blurb, procedure_found.help, procedure_found.author)
            if re.search(name, one) and all(
                re.search(pattern, text) for pattern, text in zip(more, texts, strict=False)
            ):
                found.append(one)
        # the real one's order is that of a hash table; nobody may rely on it
        return found


__all__ = ["IMPLEMENTED", "PDB", "Database", "Group", "Mask", "error", "procedure"]
