"""Fixtures for GIMP 2.10: the front end in the stubs, and the real one with undo that can be counted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contract_tests.gimpfu_stubs import Session
from contract_tests.gimpfu_stubs.pytest_plugin import gimpfu_session  # noqa: F401 - a fixture

from .front_end import FRONT_END, FrontEnd, forget_front_end
from .real_gimp import RealGimp
from .scripted import Script

if TYPE_CHECKING:
    from gimp_sandbox.gimp import Gimp

HERE = Path(__file__).parent
STUBS = HERE.parents[1] / "gimpfu_stubs"
UNDO_PROBE = "undo_probe.c"
INSIDE = ("inside.py", "killed.py", "fuzz/inside.py")
"""The modules of this package that run in GIMP's Python 2.7."""


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


@pytest.fixture
def front_end(loaded_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FrontEnd]:
    """Give the front end scripted workers in place of processes."""
    from upscaler_gimp2 import worker

    script = Script(folder=tmp_path)
    monkeypatch.setattr(worker, "Worker", script.worker)
    monkeypatch.setattr(worker, "find_interpreter", lambda: ["python3"])
    yield FrontEnd(loaded_session, script)
    assert script.open == 0, "a worker was left behind"


def _copy_packages(folder: Path) -> None:
    """Copy what runs inside GIMP below ``folder``, under the names it has here but without the stubs."""
    tests = folder / HERE.parents[1].name
    package = tests / HERE.relative_to(HERE.parents[1])
    probes = tests / STUBS.name / "conformance"
    shutil.copytree(STUBS / "conformance", probes, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "fuzz").mkdir(parents=True)
    for name in INSIDE:
        shutil.copy(HERE / name, package / name)
    for each in (tests, tests / STUBS.name, package.parent, package, package / "fuzz"):
        (each / "__init__.py").touch()


@pytest.fixture(scope="session")
def make_real_gimp(gimp210: Gimp, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., RealGimp]:
    """Return a function that prepares a real GIMP 2.10 with the given plug-ins (paths)."""

    def make(*plug_ins: Path) -> RealGimp:
        folder = tmp_path_factory.mktemp("gimp210")
        _copy_packages(folder)
        shutil.copytree(HERE / "widgets", folder / "widgets", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(STUBS / "conformance" / UNDO_PROBE, folder / UNDO_PROBE)
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
