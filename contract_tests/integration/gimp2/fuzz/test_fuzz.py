"""Random images in the stubs and in a real GIMP 2.10: every item is what it must be, one undo, one redo."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.integration.gimp2.front_end import FrontEnd
from contract_tests.integration.gimp2.real_gimp import RealGimp
from mock_server.testing import PrecisionMock

from .expectation import Judge
from .random_images import Spec, image_of

FIXED_SEEDS = range(6)
"""The images of every run; ``pytest --seeds N`` takes N others instead, from ``--first-seed`` on."""

IMAGES_OF_A_GIMP = 5
"""babl crashes in a GIMP 2.10 that has seen too many color profiles, without any plug-in of ours."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        count, first = metafunc.config.getoption("--seeds"), metafunc.config.getoption("--first-seed")
        metafunc.parametrize("seed", range(first, first + count) if count else FIXED_SEEDS)


def _problems(spec: Spec, result: dict[str, Any], folder: Path, keep: Path) -> list[str]:
    """Return what is wrong, and keep the image, its seed and options where something is."""
    found = Judge(spec, result, folder).problems()
    if found:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{spec['seed']}.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        image = folder / f"{spec['seed']}.xcf"
        if image.exists():
            shutil.copy(image, keep)
        (keep / f"{spec['seed']}.txt").write_text("\n".join(found), encoding="utf-8")
        found.append(f"the image: {keep}/{spec['seed']}.xcf, its options: {spec['options']}")
    return found


def _keep(config: pytest.Config) -> Path:
    return config.rootpath / ".pytest_cache/failing-images/gimp2"


def test_in_the_stubs(front_end: FrontEnd, tmp_path: Path, seed: int, pytestconfig: pytest.Config) -> None:
    inside = importlib.import_module("contract_tests.integration.gimp2.fuzz.inside")
    spec = image_of(seed, stubs=True)
    result = json.loads(json.dumps(inside.carried_out(spec, str(tmp_path))))
    problems = _problems(spec, result, tmp_path, _keep(pytestconfig) / "stubs")
    assert problems == [], "\n".join(front_end.session.tracebacks)


@pytest.fixture(scope="module")
def real_results(
    request: pytest.FixtureRequest,
    make_real_gimp: Callable[..., RealGimp],
    plugin_gimp2: Path,
) -> dict[int, list[str]]:
    """Carry out every image that was asked for, some in each GIMP, and judge them."""
    seeds = [
        item.callspec.params["seed"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_in_the_real_one
    ]
    keep = _keep(request.config)
    found: dict[int, list[str]] = {}
    real = make_real_gimp(plugin_gimp2)
    with PrecisionMock(progress="immediate") as mock:
        for begin in range(0, len(seeds), IMAGES_OF_A_GIMP):
            specs = [image_of(seed) for seed in seeds[begin : begin + IMAGES_OF_A_GIMP]]
            found.update(_carried_out(real, mock, specs, keep))
    return found


def _carried_out(real: RealGimp, mock: PrecisionMock, specs: list[Spec], keep: Path) -> dict[int, list[str]]:
    folder = real.folder / f"seed-{specs[0]['seed']}"
    folder.mkdir()
    (folder / "specs.json").write_text(json.dumps(specs), encoding="utf-8")
    paths = [str(folder / "specs.json"), str(folder), str(folder / "results")]
    env = {
        "PRECISION_UPSCALER_BASE_URL": mock.url,
        "FREEPIK_API_KEY": "mock-nearest",
        "PRECISION_UPSCALER_DATA": str(folder / "data"),
    }
    code = f"from contract_tests.integration.gimp2.fuzz import inside; inside.run(*{paths!r})"
    log = real.run(code, env, timeout=1800, fonts=True)
    lines = Path(paths[2]).read_text(encoding="utf-8").splitlines() if Path(paths[2]).exists() else []
    results = {result["seed"]: result for result in map(json.loads, lines)}
    found = {}
    for spec in specs:
        seed = spec["seed"]
        if seed not in results:
            found[seed] = [f"GIMP ended before: {log[-2000:]}"]
            continue
        problems = _problems(spec, results[seed], folder, keep)
        found[seed] = problems and [*problems, log[-1500:]]
    shutil.rmtree(folder)
    return found


@pytest.mark.gimp2
@pytest.mark.slow
@pytest.mark.timeout(0)  # the first one waits for all; each GIMP has a limit of its own
def test_in_the_real_one(real_results: dict[int, list[str]], seed: int) -> None:
    assert real_results[seed] == []
