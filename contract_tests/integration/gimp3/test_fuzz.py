"""Faults that were mended and a few random images, upscaled in the real GIMPs; see ``fuzz``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dev.mock_process import running_mock
from gimp_sandbox.gimp import Gimp

from .fuzz.random_images import image_spec
from .fuzz.regressions import regressions
from .fuzz.sessions import carried_out
from .fuzz.verdict import problems

SEEDS = (2, 6, 7, 8, 18)
"""Seeds of every run of the tests; ``python -m contract_tests.integration.gimp3.fuzz`` tries more."""
VERSIONS = ("3.0", "3.2")


def _names(version: str) -> list[str]:
    return [*regressions(version), *(f"seed {seed}" for seed in SEEDS)]


@pytest.fixture(scope="module", params=VERSIONS)
def found(request: pytest.FixtureRequest, plugin_gimp3: Path) -> Iterator[dict[str, list[str]]]:
    """Carry out every image in one GIMP and give what is wrong with each, by name."""
    version: str = request.param
    gimp: Gimp = request.getfixturevalue("gimp" + version.replace(".", ""))
    specs = [*regressions(version).values(), *(image_spec(seed, version) for seed in SEEDS)]
    with running_mock("--speed", "1000000", "--no-rate-limit") as mock:
        outcomes = carried_out(gimp, plugin_gimp3, mock, specs)
        yield {name: problems(one) for name, one in zip(_names(version), outcomes, strict=True)}


@pytest.mark.gimp3
@pytest.mark.slow
def test_every_image_is_as_expected(found: dict[str, list[str]]) -> None:
    wrong = {name: lines for name, lines in found.items() if lines}
    assert not wrong, "\n".join(f"{name}: {line}" for name, lines in wrong.items() for line in lines)
