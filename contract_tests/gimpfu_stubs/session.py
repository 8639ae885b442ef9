"""One pretended GIMP: its images, messages, progress, context, shelf and loaded plug-ins.

``Session`` is a context manager. While it is entered, the modules ``gimp``, ``gimpfu``, ``gimpenums``,
``gimpshelf`` and ``gimpcolor`` are the stubs, and everything done through them happens in the session::

    with Session() as gimp:
        gimp.load_plugin("my_plugin.py")
        image = gimp.gimp.Image(64, 48)
        gimp.pdb.python_fu_my_plugin(image, image.active_layer, 5)
        assert gimp.messages == []
        assert gimp.undo_depth(image) == 1
"""

from __future__ import annotations

import importlib
import itertools
import os
import runpy
import shutil
import sys
import tempfile
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np

from . import formats
from .model import Image, Item, Node
from .pdb import Argument, Database, Procedure

MODULES = ("gimpcolor", "gimpenums", "gimp", "gimpshelf", "gimpfu")
RUN_INTERACTIVE, RUN_NONINTERACTIVE, RUN_WITH_LAST_VALS = range(3)

_current: list[Session] = []


def current() -> Session:
    """Return the session that is entered; RuntimeError when none is."""
    if not _current:
        raise RuntimeError(
            "no gimpfu_stubs.Session is entered: use it in a with statement, or the fixture gimpfu_session"
        )
    return _current[-1]


@dataclass
class Context:
    """Colours (four numbers of 0 to 1) and interpolation."""

    foreground: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    background: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    interpolation: int = 2

    def copy(self) -> Context:
        """Return another one of the same values."""
        return replace(self)

    def reset(self) -> None:
        """Take the defaults; colours are not among them."""
        self.interpolation = 2

    def foreground_in(self, image: Image) -> formats.Pixels:
        """Return the foreground colour as values (1, 1, colours) of ``image``."""
        return self._in(self.foreground, image)

    def background_in(self, image: Image) -> formats.Pixels:
        """Return the background colour as values (1, 1, colours) of ``image``."""
        return self._in(self.background, image)

    @staticmethod
    def _in(color: tuple[float, float, float, float], image: Image) -> formats.Pixels:
        values = np.array(color[:3], dtype=np.float64).reshape(1, 1, 3)
        if image.base_type == formats.INDEXED:
            index = formats.nearest_index((values * 255 + 0.5).astype(np.uint8), image.colormap)
            return index / 255.0
        if image.format.linear:
            values = formats.srgb_to_linear(values)
        return (
            formats.gray_of(values, linear=image.format.linear) if image.base_type == formats.GRAY else values
        )


class Session:
    """A pretended GIMP 2.10.

    ``messages``: what ``gimp.message`` said, in order. ``progress``: ``(text, fraction)`` of every call.
    ``displays``: images shown; only with ``display=True``, else there is no window as in batch mode.
    ``dialog``: what an interactive run enters, by parameter name; None presses Cancel.
    ``data``: what plug-ins keep between runs. ``tracebacks``: of plug-ins that failed.
    """

    def __init__(self, *, display: bool = False) -> None:
        self.nodes: dict[int, Node] = {}
        self.messages: list[str] = []
        self.progress: list[tuple[str, float]] = []
        self.tracebacks: list[str] = []
        self.displays: list[Image] = []
        self.has_display = display
        self.dialog: dict[str, Any] | None = {}
        self.contexts = [Context()]
        self.clipboard: tuple[Image, formats.Pixels] | None = None
        self.data: dict[str, bytes] = {}
        self.parasites: dict[str, tuple[int, bytes]] = {}
        self.database = Database(self)
        self.folder = Path(tempfile.mkdtemp(prefix="gimpfu-stubs-"))
        self._numbers = itertools.count(1)
        self._replaced: dict[str, ModuleType | None] = {}
        self._main: Any = None
        self._runners: dict[str, Any] = {}

    # ----- entering and leaving

    def __enter__(self) -> Self:
        from . import procedures  # noqa: F401 - registers them

        # anew for each session: plug-ins patch it
        sys.modules.pop(f"{__package__}.gimpfu", None)
        for name in MODULES:
            self._replaced[name] = sys.modules.get(name)
            sys.modules[name] = importlib.import_module(f".{name}", __package__)
        _current.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.remove(self)
        for name, module in self._replaced.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def gimp(self) -> Any:
        """The module ``gimp``."""
        return sys.modules["gimp"]

    @property
    def pdb(self) -> Any:
        """``gimp.pdb``."""
        return self.gimp.pdb

    # ----- what the core asks for

    @property
    def context(self) -> Context:
        """The context in force."""
        return self.contexts[-1]

    def register(self, node: Node) -> int:
        """Return a new ID for ``node``."""
        number = next(self._numbers)
        self.nodes[number] = node
        return number

    def next_number(self) -> int:
        """Return a number nothing else has, for guides."""
        return next(self._numbers)

    def forget(self, node: Node) -> None:
        """Delete an image with all its items, or a loose item."""
        if isinstance(node, Image):
            gone = [one for one in self.nodes.values() if isinstance(one, Item) and one.image is node]
            for one in gone:
                self.nodes.pop(one.id, None)
        self.nodes.pop(node.id, None)

    def images(self) -> list[Image]:
        """Return the images there are, the newest first, as GIMP lists them."""
        return [node for node in reversed(self.nodes.values()) if isinstance(node, Image)]

    def wrapped(self, node: Node | None) -> Any:
        """Return the plug-in's object for one of the core's."""
        from . import objects

        return objects.wrapped(node)

    def temporary(self, extension: str) -> str:
        """Return a path for a temporary file in the session's own folder."""
        return str(self.folder / f"gimp-temp-{next(self._numbers)}.{extension}")

    # ----- what tests ask for

    def core(self, thing: Any) -> Any:
        """Return the core's object behind a plug-in's, to look at its pixels as numpy arrays."""
        return self.nodes[thing.ID]

    def undo_depth(self, image: Any) -> int:
        """Return how many undo steps an image has."""
        return len(self.core(image).undo.steps)

    def undo(self, image: Any) -> bool:
        """Undo one step, as Ctrl+Z does; False when there is none."""
        return bool(self.core(image).undo.undo())

    def redo(self, image: Any) -> bool:
        """Redo one step; False when there is none."""
        return bool(self.core(image).undo.redo())

    def load_plugin(self, path: str | os.PathLike[str]) -> list[str]:
        """Run a plug-in file as GIMP does to query it; return the procedures it installed."""
        before = set(self.database.installed)
        self._main = None
        saved = list(sys.path)
        try:
            runpy.run_path(os.fspath(path), run_name="__main__")
        finally:
            sys.path[:] = saved
        if self._main is None:
            raise RuntimeError(f"{path} did not call main()")
        query, run = self._main
        self._query_run = run
        query()
        return [name for name in self.database.installed if name not in before]

    def menu(self, name: str, *args: Any, run_mode: int = RUN_INTERACTIVE) -> Any:
        """Run a plug-in's procedure as GIMP's menus do: with image and drawable (``args``) and no more.

        An interactive run takes what ``dialog`` says; ``RUN_WITH_LAST_VALS`` repeats the last dialog.
        """
        facts = self.database.installed[name]
        given = [self.nodes[one.ID] for one in args]
        return self._run(facts, name, self._runners[name], (run_mode, *given))

    def main_called(self, query: Any, run: Any) -> None:
        """Note what ``gimp.main`` was given; called by the module ``gimp``."""
        self._main = (query, run)

    def install(self, facts: Procedure) -> None:
        """Add a plug-in's procedure to the database; called by ``gimp.install_procedure``."""
        run = self._main[1] if self._main is not None else None
        name = facts.name
        self._runners[name] = run
        facts.function = lambda *values: self._run(facts, name, run, values)
        self.database.installed[name.replace("_", "-")] = facts

    def _run(self, facts: Procedure, name: str, run: Any, values: tuple[Any, ...]) -> Any:
        """Run a plug-in's procedure with the core's values; RuntimeError("execution error") when it fails."""
        shown = tuple(
            self.database.shown(argument, value)
            for argument, value in zip(facts.arguments, values, strict=False)  # menus give the first few
        )
        try:
            answer = run(name, shown)
            return self._answer(facts, answer)
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets what GIMP gives
            self.tracebacks.append(traceback.format_exc())
            raise RuntimeError("execution error") from None

    def _answer(self, facts: Procedure, answer: Any) -> Any:
        from .pdb import _taken

        if not facts.values:
            if answer not in (None, ()):
                raise TypeError("wrong number of parameters")
            return None
        several = answer if isinstance(answer, tuple) else (answer,)
        if len(several) != len(facts.values):
            raise TypeError("wrong number of parameters")
        taken = [_taken(one, value) for one, value in zip(facts.values, several, strict=True)]
        back = [
            self._back(one, value, given)
            for one, value, given in zip(facts.values, taken, several, strict=True)
        ]
        return back[0] if len(back) == 1 else tuple(back)

    def _back(self, argument: Argument, value: Any, given: Any) -> Any:
        """Return what the caller gets for what a plug-in gave (``given``); no image or layer stays none."""
        if given is None or hasattr(given, "ID"):
            return self.wrapped(self.nodes.get(value))
        return self.database.shown(argument, value)
