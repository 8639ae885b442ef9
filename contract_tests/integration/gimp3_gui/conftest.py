"""One GIMP 3 with a window for each version, with the real plug-in, and a mock that starts when wanted.

``pytest contract_tests/integration/gimp3_gui --update-screenshots`` writes the documents' pictures anew.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from contract_tests.benchmarks.processes import free_port

from . import pictures
from .gui_session import EVIDENCE, GuiSession, draw_photograph
from .harness import Desktop

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from gimp_sandbox.gimp import Gimp


_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the explicit command for new pictures."""
    parser.addoption(
        "--update-screenshots", action="store_true", help="write the pictures in docs/images anew"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that opens a GIMP here takes its time."""
    for item in items:
        if {"sessions", "seen"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a picture to work on: a real photograph when pictures for the documents are taken."""
    folder = tmp_path_factory.mktemp("pictures")
    path = draw_photograph(folder / "portrait.png")
    if request.config.getoption("--update-screenshots", default=False):
        sys.path.append(str(Path(__file__).parents[3] / "install_scripts"))
        from demo import photograph  # noqa: PLC0415 - it fetches the photograph

        with Image.open(photograph(folder)) as real:
            real.save(path)
    return path


class Sessions:
    """Open a GIMP for the first test, and another, on a display and with files of its own, after a failure.

    So a test that fails leaves nothing behind for the next one.
    """

    def __init__(self, gimp: Gimp, picture: Path, plug_ins: Path, screenshots: Path | None) -> None:
        self._gimp, self._picture = gimp, picture
        self._plug_ins, self._screenshots = plug_ins, screenshots
        self._stack = contextlib.ExitStack()
        self._open: GuiSession | None = None

    def current(self) -> GuiSession:
        """Return the open session; start one as after the first installation: no key, and no mock yet."""
        if self._open is None:
            self._open = self._start()
        return self._open

    def close(self) -> None:
        """End GIMP and the mock; the next test starts them again."""
        self._open = None
        self._stack.close()

    def _start(self) -> GuiSession:
        port = free_port()
        desktop = Desktop(
            self._gimp,
            files=[self._picture],
            plug_ins=self._plug_ins,
            environment={
                "PRECISION_MOCK_PORT": str(port),
                "BROWSER": "echo browser-opens:",
                # the mock's charges count for a monthly budget, which only one test sets
                "PRECISION_UPSCALER_COUNT_PRACTICE": "1",
                # a plug-in that crashes says where
                "PYTHONFAULTHANDLER": "1",
            },
            evidence=EVIDENCE,
            # room for the dialog beside the whole picture
            size="1780x1010",
        )
        self._stack.enter_context(desktop)
        with Image.open(self._picture) as opened:
            session = GuiSession(desktop, port, self._screenshots, opened.size)
        self._stack.enter_context(session.open)
        return session


@pytest.fixture(scope="session")
def sessions(
    gimp3: Gimp,
    plugin_gimp3: Path,
    picture: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sessions]:
    """Give the sessions of each version of GIMP in turn."""
    wanted = request.config.getoption("--update-screenshots", default=False) and gimp3.version == "3.2"
    plug_ins = tmp_path_factory.mktemp("plug-ins")
    shutil.copytree(plugin_gimp3, plug_ins / plugin_gimp3.name)
    found = Sessions(gimp3, picture, plug_ins, pictures.IMAGES if wanted else None)
    with contextlib.closing(found):
        yield found


@pytest.fixture
def gui(sessions: Sessions, request: pytest.FixtureRequest) -> Iterator[GuiSession]:
    """Give the open GIMP; it is closed when the test fails."""
    yield sessions.current()
    if request.node.stash.get(_FAILED, False):
        sessions.close()


@pytest.fixture
def practising(gui: GuiSession) -> GuiSession:
    """Give the same GIMP with practice switched on and the mock's clock standing still."""
    gui.start_mock().play("")
    if not gui.practises:
        gui.practise()
    return gui


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on a test that it has failed, for the fixtures that end after it."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report
