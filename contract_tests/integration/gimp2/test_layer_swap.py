"""The layer-swap table: everything about an image is kept, in the stubs at once and in the real GIMP 2.10.

In the stubs scripted workers answer; in the real one a worker process and the mock do, for every row.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.testing import PrecisionMock

from . import table
from .front_end import FrontEnd
from .real_gimp import RealGimp

Row = dict[str, Any]

_SCENARIOS = {"mock-tinted": "tinted", "mock-wrong_scale": "wrong_scale"}
_ALL = table.ROWS


def _judged(row: Row) -> list[str]:
    inside = importlib.import_module(f"{__package__}.inside")
    # its star import binds the stubs of the session that was entered when it was first imported
    return list(inside.judged(row))


# enough of each kind for every run; the others are as slow as they are many
_QUICK = frozenset((
    "in-nested-groups", "everything-at-once", "holes", "grow-canvas-alpha-mask", "fit-layer-deep",
    "new-layer-alpha-mask", "new-image-deep", "grey-alpha-mask", "indexed-alpha", "group-with-mask",
    "selection-soft", "original-tinted-alpha", "half-as-large-grow-canvas", "text-with-mask",
))  # fmt: skip


def _parameters(rows: list[Row]) -> list[Any]:
    return [
        pytest.param(row, id=row["id"], marks=() if row["id"] in _QUICK else (pytest.mark.slow,))
        for row in rows
    ]


def test_the_quick_rows_exist() -> None:
    assert {row["id"] for row in _ALL} >= _QUICK


@pytest.mark.parametrize("row", _parameters(_ALL))
def test_in_the_stubs(front_end: FrontEnd, row: Row) -> None:
    front_end.script.scenario = _SCENARIOS.get(row.get("key", ""), "nearest")
    assert _judged(row) == [], "\n".join(front_end.session.tracebacks)
    assert front_end.script.delivered == 1


@pytest.fixture(scope="module")
def real_reports(
    request: pytest.FixtureRequest, make_real_gimp: Callable[..., RealGimp], plugin_gimp2: Path
) -> dict[str, list[str]]:
    """Judge every row that was asked for in the real GIMP; rows of one scenario share one."""
    wanted = [
        item.callspec.params["row"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_in_the_real_one
    ]
    real = make_real_gimp(plugin_gimp2)
    found: dict[str, list[str]] = {}
    with PrecisionMock(progress="immediate") as mock:
        for key in sorted({row.get("key", "mock-nearest") for row in wanted}):
            rows = [row for row in wanted if row.get("key", "mock-nearest") == key]
            for begin in range(0, len(rows), _ROWS_OF_A_GIMP):
                found.update(_carried_out(real, mock, key, rows[begin : begin + _ROWS_OF_A_GIMP]))
    return found


# babl, which converts pixels in GIMP 2.10, crashes in a session that has seen too many profiles
# (babl_db_exist_by_id, from gimp_image_convert_precision); each row alone is well
_ROWS_OF_A_GIMP = 7


def _carried_out(real: RealGimp, mock: PrecisionMock, key: str, rows: list[Row]) -> dict[str, list[str]]:
    """Judge some rows in one GIMP."""
    name = f"{key}.{rows[0]['id']}"
    rows_path, report = real.folder / f"{name}.rows.json", real.folder / f"{name}.report"
    rows_path.write_text(json.dumps(rows), encoding="utf-8")
    env = {
        "PRECISION_UPSCALER_BASE_URL": mock.url,
        "FREEPIK_API_KEY": key,
        "PRECISION_UPSCALER_DATA": str(real.folder / f"{name}.data"),
    }
    code = (
        "from contract_tests.integration.gimp2 import inside; "
        f"inside.run_table({str(rows_path)!r}, {str(report)!r})"
    )
    log = real.run(code, env, timeout=1800, fonts=True)
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    found: dict[str, list[str]] = dict(json.loads(line) for line in lines)
    missing = [row["id"] for row in rows if row["id"] not in found]
    return found | {name: [f"GIMP ended before: {log[-1500:]}"] for name in missing}


@pytest.mark.slow
@pytest.mark.timeout(1800)  # the first row carries out the whole table
@pytest.mark.parametrize("row", table.ROWS, ids=[row["id"] for row in table.ROWS])
def test_in_the_real_one(real_reports: dict[str, list[str]], row: Row) -> None:
    assert real_reports[row["id"]] == []
