"""Fixtures for GIMP 2.10: the front end in the stubs, and the real one with undo that can be counted."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gimp_sandbox.gimp import LIKE_A_USERS

from contract_tests.gimpfu_stubs import Session
from contract_tests.gimpfu_stubs.pytest_plugin import gimpfu_session  # noqa: F401 - a fixture

from .scripted import Script

if TYPE_CHECKING:
    from gimp_sandbox.gimp import Gimp

HERE = Path(__file__).parent
STUBS = HERE.parents[1] / "gimpfu_stubs"
FRONT_END = HERE.parents[2] / "plugin/gimp2"
UNDO_PROBE = "undo_probe.c"


class FrontEnd:
    """The front end loaded into a pretended GIMP, talking to scripted workers."""

    def __init__(self, session: Session, script: Script) -> None:
        self.session, self.script = session, script

    def image(
        self, width: int = 200, height: int = 180, *, alpha: bool = False, **more: Any
    ) -> tuple[Any, Any]:
        """Return an image with one layer of a few colours, and the layer."""
        gimp = self.session.gimp
        image = self.session.pdb.gimp_image_new_with_precision(
            *more.get("canvas", (width, height)), more.get("base", 0), more.get("precision", 150)
        )
        kind = image.base_type * 2 + int(alpha)
        layer = gimp.Layer(image, more.get("name", "Sky"), width, height, kind, 100.0, 28)
        image.add_layer(layer, 0)
        gimp.set_foreground(90, 120, 150)
        layer.fill(0)
        return image, layer

    def upscale(self, image: Any, layer: Any, **options: Any) -> Any:
        """Call the procedure as a script does and return its values; RuntimeError when it fails."""
        values = {
            "scale_factor": 2, "flavor": "photo", "sharpen": 7, "smart_grain": 7, "ultra_detail": 30,
            "filter_nsfw": False, "placement": "scale-image", "area": "layer", "colors": "service", **options,
        }  # fmt: skip
        return self.session.pdb.python_fu_precision_upscale(image, layer, *values.values())

    def refusal(self, image: Any, layer: Any, **options: Any) -> str:
        """Return the message of a run that must be refused before anything is sent."""
        with pytest.raises(RuntimeError, match="execution error"):
            self.upscale(image, layer, **options)
        sent = [one for one in self.script.commands if one["command"] == "upscale"]
        assert not sent, "something was sent"
        (message,) = self.session.messages
        self.session.messages.clear()
        return message


@pytest.fixture
def loaded_session() -> Iterator[Session]:
    """Load the front end into a pretended GIMP, its modules fresh."""
    forget_front_end()
    with Session() as session:
        session.load_plugin(FRONT_END / "precision-upscaler.py")
        sys.path.insert(0, str(FRONT_END))
        try:
            yield session
        finally:
            sys.path.remove(str(FRONT_END))
            forget_front_end()


def forget_front_end() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "upscaler_gimp2"]:
        del sys.modules[name]


@pytest.fixture
def front_end(loaded_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FrontEnd]:
    """Give the front end scripted workers in place of processes."""
    from upscaler_gimp2 import python3, worker

    script = Script(folder=tmp_path)
    monkeypatch.setattr(worker, "Worker", script.worker)
    monkeypatch.setattr(python3, "found", lambda *_: ["python3"])
    yield FrontEnd(loaded_session, script)
    assert script.open == 0, "a worker was left behind"


class RealGimp:
    """A real GIMP 2.10 in which undo steps can be counted and undone, with packages of probes beside it."""

    def __init__(self, gimp: Gimp, folder: Path) -> None:
        self.gimp, self.folder = gimp, folder

    def run(
        self, code: str, env: dict[str, str] | None = None, timeout: float = 600, *, fonts: bool = False
    ) -> str:
        """Run Python 2.7 ``code`` in the GIMP without windows; returns its standard error.

        ``fonts`` lets GIMP look for some, without which it cannot write text.
        """
        preload = str(self.folder / "undo_probe.so")
        environment = {"LD_PRELOAD": preload, "PROBE_FOLDER": str(self.folder), **LIKE_A_USERS, **(env or {})}
        with self.gimp.fresh_home() as home:
            plug_ins = home / self.gimp.settings / "plug-ins"
            plug_ins.mkdir(parents=True, exist_ok=True)
            for entry in (self.folder / "plug-ins").iterdir():
                copy = shutil.copytree if entry.is_dir() else shutil.copy2
                copy(entry, plug_ins / entry.name)
            prelude = (
                f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(self.folder)!r}); "
            )
            argv = [self.gimp.console, "-i", "-d", "--no-splash", "--batch-interpreter", "python-fu-eval"]
            argv += [] if fonts else ["-f"]
            argv += ["-b", prelude + code, "-b", "pdb.gimp_quit(1)"]
            done = self.gimp.run(argv, binds=[self.folder], env=environment, home=home, timeout=timeout)
        return done.stderr

    def report(self, name: str) -> Any:
        """Return what the code wrote as JSON."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def make_real_gimp(gimp210: Gimp, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., RealGimp]:
    """Return a function that prepares a real GIMP 2.10 with the given plug-ins (paths)."""

    def make(*plug_ins: Path) -> RealGimp:
        folder = tmp_path_factory.mktemp("gimp210")
        probes = folder / "contract_tests/gimpfu_stubs/conformance"
        shutil.copytree(STUBS / "conformance", probes, ignore=shutil.ignore_patterns("__pycache__"))
        for parent in (probes.parent, probes.parent.parent):
            (parent / "__init__.py").touch()
        package = folder / "probing"
        package.mkdir()
        for name in ("__init__.py", "inside.py", "killed.py"):
            shutil.copy(HERE / name, package / name)
        shutil.copytree(HERE / "widgets", folder / "widgets", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(
            STUBS / "conformance", folder / "conformance", ignore=shutil.ignore_patterns("__pycache__")
        )
        shutil.copy(HERE / UNDO_PROBE, folder / UNDO_PROBE)
        (folder / "plug-ins").mkdir()
        for path in plug_ins:
            target = folder / "plug-ins" / path.name
            if path.is_dir():
                shutil.copytree(path, target)
            else:
                shutil.copy(path, target)
                target.chmod(0o755)
        command = (
            f"cd {folder} && gcc -O1 -Wall -Werror -shared -fPIC {UNDO_PROBE} -o undo_probe.so "
            "$(pkg-config --cflags gobject-2.0) -ldl"
        )
        done = gimp210.run(["sh", "-c", command], binds=[folder], timeout=120)
        assert done.returncode == 0, done.stderr
        return RealGimp(gimp210, folder)

    return make
