"""Fixtures for every test: hypothesis profiles and the real GIMPs.

A test that needs a real GIMP asks for ``gimp30``, ``gimp32`` or ``gimp210`` (or ``gimp3`` for both of
the first) and gets a :class:`gimp.Gimp`; it is skipped, with the reason, where that GIMP
neither exists nor can be built. ``PRECISION_UPSCALER_WITHOUT_GIMP`` names versions to leave out, or "all".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import build_zip
import pytest
from gimp_sandbox import gimp
from hypothesis import HealthCheck, Phase, settings
from installer import place

from contract_tests.support import process_environment
from contract_tests.support.end_of_run_table import pytest_runtest_makereport, pytest_terminal_summary  # noqa: F401 - hooks
from contract_tests.support.service import targets
from contract_tests.support.service.targets import pytest_addoption  # noqa: F401 - a hook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gimp_sandbox.gimp import Gimp

process_environment.settle()

# "ci" tries the same examples every time; pytest --hypothesis-profile=explore tries many new ones.
# too_slow is off: how long drawing takes depends on what else the machine does
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", max_examples=2000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# for wrong subjects: it is enough that a test fails, the smallest example is not needed
settings.register_profile("first", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
# for another system: its libraries differ, our decisions do not
settings.register_profile("few", settings.get_profile("first"), max_examples=5)
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def no_disk_sync() -> Iterator[None]:
    """Skip fsync: no test cuts the power, and what a process wrote outlives it."""

    def sync(descriptor: int) -> None:
        os.fstat(descriptor)  # a wrong descriptor is still an error

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", sync)
        yield


def _gimp(version: str) -> Gimp:
    without = os.environ.get("PRECISION_UPSCALER_WITHOUT_GIMP", "").split(",")
    if version in without or "all" in without:
        pytest.skip(f"left out: PRECISION_UPSCALER_WITHOUT_GIMP={','.join(without)}")
    try:
        return gimp.find_or_build(version)
    except gimp.GimpUnavailable as unavailable:
        native = gimp.find_native()
        if native is not None and native.version == version:
            return native
        pytest.skip(f"{unavailable} ({unavailable.advice})")


@pytest.fixture(scope="session")
def gimp30() -> Gimp:
    """GIMP 3.0."""
    return _gimp("3.0")


@pytest.fixture(scope="session")
def gimp32() -> Gimp:
    """GIMP 3.2."""
    return _gimp("3.2")


@pytest.fixture(scope="session")
def gimp210() -> Gimp:
    """GIMP 2.10 with Python-Fu on Python 2.7."""
    return _gimp("2.10")


@pytest.fixture(scope="session", params=["3.0", "3.2"])
def gimp3(request: pytest.FixtureRequest) -> Gimp:
    """Each supported GIMP 3 in turn."""
    return _gimp(request.param)


def _from_zip(folder: Path, front_end: str) -> Path:
    return place.unpack(build_zip.build(folder, front_end), folder)


@pytest.fixture(scope="session")
def plugin_gimp3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the plug-in for GIMP 3 from the very zip that people download; copy it, never change it."""
    return _from_zip(tmp_path_factory.mktemp("zip-gimp3"), "gimp3")


@pytest.fixture(scope="session")
def plugin_gimp2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the plug-in for GIMP 2.10 in the same way."""
    return _from_zip(tmp_path_factory.mktemp("zip-gimp2"), "gimp2")


_UNIT = Path(__file__).parent / "unit"
_PROGRAMS = _UNIT / "scripts"  # its tests start whole programs, the demo among them
_UNIT_SECONDS = 180
"""Enough for the slowest unit test on a machine that does other things too."""
_MARKERS = {"gimp30": "gimp3", "gimp32": "gimp3", "gimp3": "gimp3", "gimp210": "gimp2"}


def pytest_configure(config: pytest.Config) -> None:
    """Choose what the tests of the service's side talk to: ``--target``."""
    targets.configure(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that use a real GIMP, and limit the time of unit tests.

    ``-m "not gimp3 and not gimp2"`` leaves the former out.
    """
    for item in items:
        parents = item.path.parents
        if _UNIT in parents and _PROGRAMS not in parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_UNIT_SECONDS))
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _MARKERS:
                item.add_marker(_MARKERS[fixture])
    targets.select(config, items)
