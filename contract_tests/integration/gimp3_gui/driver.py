"""The half of the window harness that lives beside GIMP: display, buses, accessibility, commands.

Runs with the Python of the test system (nothing but ``gi`` and Atspi is needed) and is spoken to over
its standard streams: one JSON request a line, ``{"do": "press", "where": {...}, ...}``, one answer a
line, ``{"ok": ...}`` or ``{"problem": "..."}``. It starts a display, a window manager, a session bus
and the accessibility bus, then GIMP when asked, and ends by their ids whatever it started.

``where`` is what a person would say to find a widget: its ``name``, its ``role`` in Atspi's words
("button", "menu item", ...), the ``window`` it is in, the ``application`` that window belongs to, and
``index`` when there are several. A text between slashes is a regular expression.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  # the version has to be chosen first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 60.0
_DISPLAYS = range(1000, 50000)
_PRESSING = ("click", "press", "activate", "toggle", "open")


class DrivingError(Exception):
    """What a person at the screen would report: no such widget, nothing to press, too slow."""


class Session:
    """A display with everything a desktop needs for GIMP to be driven by accessibility."""

    def __init__(self, folder: Path, size: str, scale: int, language: str) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = dict(os.environ)
        folder.mkdir(parents=True, exist_ok=True)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        self._environment |= {
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_SESSION_TYPE": "x11",
            "GTK_MODULES": "gail:atk-bridge",
            "GTK_A11Y": "atspi",
            "GDK_BACKEND": "x11",
            "GSETTINGS_BACKEND": "memory",
            "NO_AT_BRIDGE": "0",
        }
        self.speaking = _speaking(language, folder / "locales")
        """The variables of GIMP itself: the tools around it understand no such locale."""
        if scale != 1:
            self._environment["GDK_SCALE"] = str(scale)
        self._environment["DISPLAY"] = self._start_display(size)
        bus = f"unix:path={runtime}/bus"
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        self.start("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={bus}")
        self._await_file(runtime / "bus")
        self.start("/usr/libexec/at-spi-bus-launcher", "--launch-immediately")
        self._start_window_manager()
        # libatspi reads them when it is first asked for something
        os.environ.update(self._environment)

    def start(self, *argv: str, log: Path | None = None, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program of the session; its output goes to ``log``, or to session.log."""
        with (log or self._folder / "session.log").open("ab") as stream:
            process = subprocess.Popen(
                argv,
                env=self._environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def end(self) -> None:
        """End what was started, the last one first."""
        for process in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start_display(self, size: str) -> str:
        """Start Xvfb and return the display's name.

        Each draws a number of its own: the private systems share the host's network, and with it the
        abstract names of X sockets, so that equal numbers in two of them would be one display. Without
        ``-noreset`` it would start over when the accessibility bus, which only calls briefly, hangs up,
        and turn away whoever comes at that moment: the window manager, one time in ten.
        """
        for number in random.sample(_DISPLAYS, 3):
            read, write = os.pipe()
            with (self._folder / "session.log").open("ab") as stream:
                argv = ["Xvfb", f":{number}", "-displayfd", str(write), "-screen", "0", f"{size}x24"]
                process = subprocess.Popen(
                    [*argv, "-nolisten", "tcp", "-noreset"],
                    pass_fds=[write],
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                )
            self._started.append(process)
            os.close(write)
            with os.fdopen(read) as answer:
                if answer.readline().strip():
                    return f":{number}"
        raise DrivingError("Xvfb did not start; see session.log")

    def _start_window_manager(self) -> None:
        """Start openbox and wait until it manages the display: without it no window gets the keyboard."""
        process = self.start("openbox", "--sm-disable")
        ask = ["xdotool", "get_num_desktops"]
        deadline = time.monotonic() + _PATIENCE
        while subprocess.run(ask, env=self._environment, check=False, capture_output=True).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                raise DrivingError("openbox does not manage the display; see session.log")
            time.sleep(0.05)

    @staticmethod
    def _await_file(path: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not path.exists():
            if time.monotonic() > deadline:
                raise DrivingError(f"{path} did not appear; see session.log")
            time.sleep(0.02)


def _speaking(language: str, folder: Path) -> dict[str, str]:
    """Return what makes programs speak ``language``: no translation is looked up in the locale C.

    The private system has no other, so that one is lent a name that X knows; LANGUAGE decides.
    """
    name = "en_US.UTF-8"
    folder.mkdir()
    (folder / name).symlink_to("/usr/lib/locale/C.utf8")
    return {"LANGUAGE": language, "LANG": name, "LC_ALL": name, "LOCPATH": str(folder)}


def _pump() -> None:
    """Let libatspi hear what changed on the screen."""
    context = GLib.MainContext.default()
    while context.iteration(may_block=False):
        pass


def _children(node: Atspi.Accessible) -> Iterator[Atspi.Accessible]:
    with contextlib.suppress(GLib.Error):
        for index in range(node.get_child_count()):
            with contextlib.suppress(GLib.Error):
                child = node.get_child_at_index(index)
                if child is not None:
                    yield child


def _has(node: Atspi.Accessible, state: Atspi.StateType) -> bool:
    return bool(node.get_state_set().contains(state))


def _showing(node: Atspi.Accessible) -> bool:
    return _has(node, Atspi.StateType.SHOWING)


def _below(node: Atspi.Accessible, *, hidden: bool, depth: int = 0) -> Iterator[tuple[int, Atspi.Accessible]]:
    """Every widget under ``node``, without what is not shown unless ``hidden``, with its depth."""
    for child in _children(node):
        with contextlib.suppress(GLib.Error):
            if not hidden and not _showing(child):
                continue
        yield depth, child
        yield from _below(child, hidden=hidden, depth=depth + 1)


def _matches(wanted: str | None, name: str) -> bool:
    if wanted is None:
        return True
    if len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return re.search(wanted[1:-1], name) is not None
    return wanted == name


def _windows() -> Iterator[tuple[Atspi.Accessible, Atspi.Accessible]]:
    desktop = Atspi.get_desktop(0)
    # plug-ins come and go, and libatspi does not always notice
    desktop.clear_cache()
    for application in _children(desktop):
        with contextlib.suppress(GLib.Error):
            application.clear_cache()
        for window in _children(application):
            yield application, window


def _name(node: Atspi.Accessible) -> str:
    with contextlib.suppress(GLib.Error):
        return node.get_name() or ""
    return ""


def _role(node: Atspi.Accessible) -> str:
    with contextlib.suppress(GLib.Error):
        return node.get_role_name() or ""
    return ""


def _describe(node: Atspi.Accessible) -> dict[str, Any]:
    """Return what a test can ask about a widget."""
    facts: dict[str, Any] = {
        "name": _name(node),
        "role": _role(node),
        "description": node.get_description() or "",
        "showing": _showing(node),
        "sensitive": _has(node, Atspi.StateType.SENSITIVE),
        "checked": _has(node, Atspi.StateType.CHECKED),
        "focused": _has(node, Atspi.StateType.FOCUSED),
        "selected": _has(node, Atspi.StateType.SELECTED),
    }
    interfaces = node.get_interfaces()
    if "Text" in interfaces:
        facts["text"] = Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))
    if "Value" in interfaces:
        facts["value"] = Atspi.Value.get_current_value(node)
        facts["minimum"] = Atspi.Value.get_minimum_value(node)
        facts["maximum"] = Atspi.Value.get_maximum_value(node)
    if "Component" in interfaces:
        box = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
        facts["box"] = [box.x, box.y, box.width, box.height]
    if "Action" in interfaces:
        facts["key"] = _key(node)
    return facts


def _key(node: Atspi.Accessible) -> str:
    """Return the letter that presses a widget together with Alt, or an empty text."""
    for number in range(Atspi.Action.get_n_actions(node)):
        found = re.search(r"<Alt>(\w)", Atspi.Action.get_key_binding(node, number) or "")
        if found:
            return found[1].lower()
    return ""


class Driver:
    """The commands; each public method's name is what ``do`` says, its arguments are the other members."""

    def __init__(self) -> None:
        self._session: Session | None = None

    # ---------------------------------------------------------------- the session

    def begin(self, folder: str, size: str = "1600x1000", scale: int = 1, language: str = "en") -> None:
        self._session = Session(Path(folder), size, scale, language)

    def start(self, argv: list[str], log: str, environment: dict[str, str]) -> int:
        """Start GIMP (or another program) on the display and return its process id."""
        assert self._session is not None
        variables = self._session.speaking | environment
        return self._session.start(*argv, log=Path(log), **variables).pid

    def end(self) -> None:
        if self._session is not None:
            self._session.end()

    def alive(self, pid: int) -> bool:
        try:
            done, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return False
        return done == 0

    def kill(self, pid: int, signal: int = 9) -> None:
        os.kill(pid, signal)

    def processes(self, containing: str) -> list[int]:
        """Ids of the processes of this private system whose command line contains a text."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != os.getpid():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if containing in line:
                        found.append(int(entry.name))
        return sorted(found)

    # ---------------------------------------------------------------- looking

    def windows(self) -> list[dict[str, str]]:
        _pump()
        return [
            {"application": _name(application), "name": _name(window), "role": _role(window)}
            for application, window in _windows()
            if _showing(window)
        ]

    def tree(self, window: str | None = None, application: str | None = None, *, hidden: bool = False) -> str:
        """Return the widgets as an indented text, to be read by whoever writes a test."""
        _pump()
        lines = []
        for owner, top in _windows():
            if not _matches(application, _name(owner)) or not _matches(window, _name(top)):
                continue
            lines.append(f"{_name(owner)} / {_role(top)} {_name(top)!r}")
            for depth, node in _below(top, hidden=hidden):
                with contextlib.suppress(GLib.Error):
                    facts = _describe(node)
                    extra = {
                        key: facts[key]
                        for key in ("text", "value", "key")
                        if facts.get(key) not in (None, "")
                    }
                    flags = "" if facts["sensitive"] else " (insensitive)"
                    lines.append(
                        f"{'  ' * (depth + 1)}{facts['role']} {facts['name']!r} {extra or ''}{flags}"
                    )
        return "\n".join(lines)

    def look(self, where: dict[str, Any], timeout: float = _PATIENCE) -> dict[str, Any]:
        """Wait for a widget and describe it."""
        return self._awaited(where, timeout, _describe)

    def gone(self, where: dict[str, Any], timeout: float = _PATIENCE) -> None:
        """Wait until no such widget or window is shown."""
        deadline = time.monotonic() + timeout
        while self._find(where) is not None:
            if time.monotonic() > deadline:
                raise DrivingError(f"still shown after {timeout:g} s: {where}")
            time.sleep(0.1)

    def count(self, where: dict[str, Any]) -> int:
        """How many such widgets are shown now."""
        return len(list(self._all(where)))

    def listing(self, where: dict[str, Any]) -> list[dict[str, Any]]:
        """Describe every such widget that is shown now."""
        return [_describe(node) for node in self._all(where)]

    def screenshot(self, path: str, box: list[int] | None = None) -> None:
        """Write what the display shows, or the part ``[x, y, width, height]`` of it, to a PNG file."""
        area = ["-crop", "{2}x{3}+{0}+{1}".format(*box), "+repage"] if box else []
        subprocess.run(
            ["import", "-window", "root", *area, path],
            env=self._environment(),
            check=True,
            capture_output=True,
            timeout=30,
        )

    # ---------------------------------------------------------------- doing

    def press(self, where: dict[str, Any], timeout: float = _PATIENCE) -> None:
        """Press a button, a menu item, a switch."""

        def act(node: Atspi.Accessible) -> None:
            if not _has(node, Atspi.StateType.SENSITIVE):
                raise DrivingError(f"cannot be pressed now: {where}")
            names = [Atspi.Action.get_action_name(node, i) for i in range(Atspi.Action.get_n_actions(node))]
            for name in _PRESSING:
                if name in names:
                    Atspi.Action.do_action(node, names.index(name))
                    return
            raise DrivingError(f"has no action to press, only {names}: {where}")

        self._awaited(where, timeout, act)

    def write(self, where: dict[str, Any], text: str, timeout: float = _PATIENCE) -> None:
        """Replace the text of an entry."""

        def act(node: Atspi.Accessible) -> None:
            Atspi.EditableText.set_text_contents(node, text)

        self._awaited(where, timeout, act)

    def turn(self, where: dict[str, Any], value: float, timeout: float = _PATIENCE) -> None:
        """Set a slider or a number field."""

        def act(node: Atspi.Accessible) -> None:
            Atspi.Value.set_current_value(node, value)

        self._awaited(where, timeout, act)

    def choose(self, where: dict[str, Any], item: str, timeout: float = _PATIENCE) -> None:
        """Choose an item of a combo box by its label."""

        def act(node: Atspi.Accessible) -> None:
            labels = [_name(child) for _, child in _below(node, hidden=True) if _role(child) == "menu item"]
            if item not in labels:
                raise DrivingError(f"there is no {item!r} among {labels}: {where}")
            Atspi.Selection.select_child(node, labels.index(item))

        self._awaited(where, timeout, act)

    def select(self, where: dict[str, Any], timeout: float = _PATIENCE) -> None:
        """Select an item of a list or tree."""

        def act(node: Atspi.Accessible) -> None:
            parent = node.get_parent()
            if not Atspi.Selection.select_child(parent, node.get_index_in_parent()):
                raise DrivingError(f"does not let itself be selected: {where}")

        self._awaited(where, timeout, act)

    def focus(self, where: dict[str, Any], timeout: float = _PATIENCE) -> None:
        """Put the keyboard's focus on a widget."""
        self._awaited(where, timeout, Atspi.Component.grab_focus)

    def raise_window(self, title: str) -> None:
        """Bring the window with this title (a regular expression) to the front and give it the keyboard."""
        self._xdotool("search", "--onlyvisible", "--name", title, "windowactivate", "--sync")

    def place_window(self, title: str, box: list[int]) -> None:
        """Move and size the window with this title (a regular expression)."""
        x, y, width, height = map(str, box)
        search = ("search", "--onlyvisible", "--name", title)
        self._xdotool(*search, "windowsize", "--sync", width, height)
        self._xdotool(*search, "windowmove", "--sync", x, y)

    def move_window(self, title: str, x: int, y: int) -> None:
        """Move the window with this title (a regular expression)."""
        self._xdotool("search", "--onlyvisible", "--name", title, "windowmove", "--sync", str(x), str(y))

    def keys(self, combination: str) -> None:
        """Press keys like a person, for example ``ctrl+z``."""
        self._xdotool("key", "--clearmodifiers", combination)

    def type(self, text: str) -> None:
        """Type a text like a person."""
        self._xdotool("type", "--delay", "15", text)

    def point(self, x: int, y: int) -> None:
        """Move the mouse."""
        self._xdotool("mousemove", str(x), str(y))

    def click(self, x: int, y: int, holding: str | None = None) -> None:
        """Click with the mouse, perhaps holding a key, for what accessibility does not reach."""
        held = ("keydown", holding) if holding else ()
        freed = ("keyup", holding) if holding else ()
        self._xdotool("mousemove", str(x), str(y), *held, "click", "1", *freed)

    # ---------------------------------------------------------------- inside

    def _environment(self) -> dict[str, str]:
        assert self._session is not None
        return self._session._environment  # one program

    def _xdotool(self, *argv: str) -> None:
        for attempts_left in (2, 1, 0):
            try:
                subprocess.run(
                    ["xdotool", *argv],
                    env=self._environment(),
                    check=True,
                    capture_output=True,
                    timeout=_PATIENCE,
                )
            except subprocess.CalledProcessError:
                # a window that closes while xdotool goes through all of them is an X error
                if not attempts_left:
                    raise
                time.sleep(0.3)
            else:
                return

    def _all(self, where: dict[str, Any]) -> Iterator[Atspi.Accessible]:
        _pump()
        hidden = where.get("hidden", False)
        for application, window in _windows():
            if not _matches(where.get("application"), _name(application)):
                continue
            if not _matches(where.get("window"), _name(window)) or not _showing(window):
                continue
            if "name" not in where and "role" not in where:
                yield window
                continue
            for _, node in _below(window, hidden=hidden):
                if _matches(where.get("role"), _role(node)) and _matches(where.get("name"), _name(node)):
                    yield node

    def _find(self, where: dict[str, Any]) -> Atspi.Accessible | None:
        index = where.get("index", 0)
        for position, node in enumerate(self._all(where)):
            if position == index:
                return node
        return None

    def _awaited(self, where: dict[str, Any], timeout: float, act: Callable[[Atspi.Accessible], Any]) -> Any:
        deadline = time.monotonic() + timeout
        while True:
            node = self._find(where)
            if node is not None:
                # a widget that vanished between finding and using it is looked for again
                with contextlib.suppress(GLib.Error):
                    return act(node)
            if time.monotonic() > deadline:
                raise DrivingError(f"not seen within {timeout:g} s: {where}\n{self.windows()}")
            time.sleep(0.1)


def main() -> None:
    """Answer requests until standard input ends, then end everything that was started."""
    driver = Driver()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"ok": getattr(driver, request.pop("do"))(**request)}
            except subprocess.SubprocessError as problem:
                answer = {"problem": f"{problem} {getattr(problem, 'stderr', b'')!r}"}
            except (DrivingError, GLib.Error, OSError) as problem:
                answer = {"problem": str(problem)}
            print(json.dumps(answer), flush=True)
    finally:
        driver.end()


if __name__ == "__main__":
    main()
