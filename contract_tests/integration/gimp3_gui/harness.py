"""A real GIMP 3 on a display of its own, driven the way a person drives it: by the names of its widgets.

::

    with Desktop(find_or_build("3.2"), files=[picture]) as desktop:
        desktop.menu("Filters", "Enhance", "Precision Upscale…")
        desktop.press("OK", role="push button")

Everything runs in the private GIMP's own namespaces, so ending the harness ends display, buses, GIMP,
plug-ins and workers with it. Every wait has an end, and its failure comes with a picture of the screen.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dev.gimp_log_filter import plugin_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gimp_sandbox.gimp import Gimp

DRIVER = Path(__file__).with_name("driver.py")
GIMPRC = """\
(show-welcome-dialog no)
(check-updates no)
(color-profile-policy keep)
(metadata-rotation-policy keep)
(save-session-info no)
"""
_TITLE_BAR = 28
"""What the window manager adds to a window's height, in pixels of the display, with a little to spare."""
IMAGE_WINDOW = r"/GIMP$/"
"""Names of GIMP's main window end like this."""
_OURS = ("precision", "upscaler", "traceback", "python")
"""Words of lines that are about us."""


class ScreenError(AssertionError):
    """Something expected did not happen on the screen; the message says where its picture is."""


@dataclass
class Desktop:
    """One GIMP with its window on a private display, from ``with`` to its end.

    ``files`` are opened at the start. GIMP sees the host folders ``binds`` and the plug-in folders in
    ``plug_ins``; ``environment`` is added to its own. ``language`` is a locale's name for GIMP's
    texts; ``theme`` is ``"dark"``, ``"light"`` or ``"gray"``; ``scale`` is GDK's whole-number scale.
    Pictures of failures are written to ``evidence``.
    """

    gimp: Gimp
    files: Sequence[Path] = ()
    plug_ins: Path | None = None
    binds: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    theme: str = "dark"
    scale: int = 1
    size: str = "1600x1000"
    evidence: Path | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="desktop-", ignore_cleanup_errors=True)
        self.home = Path(self._folder.name)
        self.log = self.home / "gimp.log"
        self.gimp.fill_home(self.home)
        settings = self.home / self.gimp.settings
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "gimprc").write_text(self._gimprc(), encoding="utf-8")
        binds = [DRIVER.parent, *self.binds, *(path.parent for path in self.files)]
        if self.plug_ins is not None:
            binds.append(self.plug_ins)
        self._process = self.gimp.start(
            ["python3", "-u", str(DRIVER)],
            home=self.home,
            binds=list(dict.fromkeys(path.resolve() for path in binds)),
            stdin=subprocess.PIPE,
        )
        try:
            look: dict[str, Any] = {"size": self.size, "scale": self.scale, "language": self.language}
            self.ask("begin", folder=str(self.home / "session"), **look)
            argv = [self.gimp.console.replace("-console", ""), "--no-splash", "--new-instance"]
            argv += map(str, self.files)
            self.pid = self.ask("start", argv=argv, log=str(self.log), environment=dict(self.environment))
            self.look(window=IMAGE_WINDOW, timeout=180)
            width, height = map(int, self.size.split("x"))
            self.ask("place_window", title="GIMP$", box=[0, 0, width, height - _TITLE_BAR])
            # out of the way, or whatever opens under the mouse shows its tooltip
            self.ask("point", x=width - 1, y=height - 1)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        self._close()

    def complaints(self) -> list[str]:
        """Return the lines of GIMP's outputs that speak of us; any of them is a fault of ours."""
        return plugin_warnings(self.log.read_text(errors="replace"), _OURS)

    # ---------------------------------------------------------------- looking

    def look(self, name: str | None = None, *, timeout: float = 60, **where: Any) -> dict[str, Any]:
        """Wait for a widget and describe it: name, role, text, value, sensitive, checked, box, ...

        ``where`` narrows the search: role, window, application, index. Names may be regular
        expressions between slashes. Without name and role it is the window itself.
        """
        return self._slow("look", timeout, where=_where(name, where))

    def sees(self, name: str | None = None, **where: Any) -> bool:
        """Whether such a widget is shown now."""
        return self.ask("count", where=_where(name, where)) > 0

    def listing(self, name: str | None = None, **where: Any) -> list[dict[str, Any]]:
        """Describe every such widget that is shown now."""
        return self.ask("listing", where=_where(name, where))

    def gone(self, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Wait until no such widget or window is shown."""
        self._slow("gone", timeout, where=_where(name, where))

    def wait(self, condition: Callable[[], Any], what: str, timeout: float = 60) -> Any:
        """Wait until ``condition()`` is true and return its value; ``what`` names it in the failure."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise ScreenError(f"not within {timeout:g} s: {what}{self._picture('wait')}")
            time.sleep(0.15)
        return value

    def titles(self) -> list[str]:
        """Names of the windows that are shown."""
        return [window["name"] for window in self.ask("windows")]

    def tree(self, **arguments: Any) -> str:
        """Return the widgets of the windows that match, as an indented text for whoever writes a test."""
        return str(self.ask("tree", **arguments))

    def screenshot(self, path: Path, window: str | None = None, margin: int = 0) -> None:
        """Write the whole screen, or the part a window takes with ``margin`` around it, as PNG."""
        box = None
        if window is not None:
            x, y, width, height = (side * self.scale for side in self._settled(window))
            box = [max(0, x - margin), max(0, y - margin), width + 2 * margin, height + 2 * margin]
        shot = self.home / "shot.png"  # the private system need not see where the picture goes
        self.ask("screenshot", path=str(shot), box=box)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shot.read_bytes())

    def _settled(self, window: str) -> list[int]:
        """Wait until a window has the size it stays at, and return its box."""
        boxes: list[list[int]] = []

        def settled() -> bool:
            boxes.append(self.look(window=window)["box"])
            return min(boxes[-1][2:]) > 1 and boxes[-2:-1] == boxes[-1:]

        self.wait(settled, f"{window} has a size")
        return boxes[-1]

    # ---------------------------------------------------------------- doing

    def press(self, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Press the button, switch or menu item of that name."""
        self._slow("press", timeout, where=_where(name, where))

    def write(self, text: str, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Replace what an entry holds."""
        self._slow("write", timeout, where=_where(name, where), text=text)

    def turn(self, value: float, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Set a slider or number field."""
        self._slow("turn", timeout, where=_where(name, where), value=value)

    def choose(self, item: str, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Choose an item of a combo box by its label."""
        self._slow("choose", timeout, where=_where(name, where), item=item)

    def select(self, name: str | None = None, *, timeout: float = 60, **where: Any) -> None:
        """Select an item of a list or tree."""
        self._slow("select", timeout, where=_where(name, where))

    def keys(self, *combinations: str, window: str | None = None) -> None:
        """Press keys, for example ``"ctrl+z"``, in the window with this title (a regular expression)."""
        if window is not None:
            self.ask("raise_window", title=window)
        for combination in combinations:
            self.ask("keys", combination=combination)

    def menu(self, *path: str) -> None:
        """Choose a menu item of the image window, for example ``menu("Edit", "Undo")``."""
        for label in path[:-1]:
            self.press(label, role="menu", window=IMAGE_WINDOW)
        self.press(path[-1], role="/menu item/", window=IMAGE_WINDOW)

    # ---------------------------------------------------------------- inside

    def ask(self, do: str, *, patience: float = 60, **arguments: Any) -> Any:
        """Send one command to the driver and return its answer; :class:`ScreenError` when it failed."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        stdin.flush()
        ready, _, _ = select.select([stdout], [], [], patience)
        if not ready:
            raise ScreenError(f"the driver does not answer: {do} {arguments}")
        line = stdout.readline()
        if not line:
            raise ScreenError(f"the driver ended: {do} {arguments}\n{stderr.read()}")
        answer = json.loads(line)
        if "problem" in answer:
            raise ScreenError(f"{do}: {answer['problem']}{self._picture(do)}")
        return answer["ok"]

    def _slow(self, do: str, timeout: float, **arguments: Any) -> Any:
        return self.ask(do, patience=timeout + 30, timeout=timeout, **arguments)

    def _picture(self, do: str) -> str:
        """Take a picture of a failure and return the words that say where it is."""
        if self.evidence is None or do == "screenshot":
            return ""
        path = self.evidence / f"{time.strftime('%H%M%S')}-{self.gimp.version}-{do}.png"
        with contextlib.suppress(ScreenError, OSError):
            self.screenshot(path)
            path.with_suffix(".log").write_bytes(self.log.read_bytes())
            return f"\nthe screen then: {path}, GIMP's own words beside it"
        return ""

    def _gimprc(self) -> str:
        scheme = f"(theme-color-scheme {self.theme})\n"
        folders = (
            f'(plug-in-path "${{gimp_plug_in_dir}}/plug-ins:{self.plug_ins}")\n' if self.plug_ins else ""
        )
        # a GIMP of another version than the one that wrote the settings welcomes its user
        known = f'(config-version "{_full_version(self.gimp)}")\n'
        return GIMPRC + scheme + folders + known

    def _close(self) -> None:
        self.gimp.end(self._process)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._folder.cleanup()


@functools.cache
def _full_version(gimp: Gimp) -> str:
    done = gimp.run([gimp.console, "--version"], timeout=60)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    assert found, done
    return found[0]


def _where(name: str | None, where: dict[str, Any]) -> dict[str, Any]:
    return where if name is None else {"name": name, **where}
