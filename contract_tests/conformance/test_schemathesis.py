"""Schemathesis, which knows nothing of this project, reads the documents and looks for faults of the mock.

One run for each document; many more examples with::

    python -m pytest contract_tests/conformance/test_schemathesis.py --hypothesis-profile=explore -rP
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from contract_tests.support.documents import our_document, seed_document
from contract_tests.support.mock_processes import running

pytestmark = pytest.mark.slow
EXAMPLES = settings().max_examples // 2
ROOT = Path(__file__).parents[2]


def explore(folder: Path, document: dict[str, Any], *arguments: str, strict: bool) -> int:
    """Let Schemathesis loose on a mock; return how many cases it made. It must have found nothing."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with running("--speed", "0", *(["--strict"] if strict else [])) as process:
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "contract_tests.conformance.schemathesis_hooks",
            "EXISTING_TASK": process.create(),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugin"))),
            "NO_COLOR": "1",
        }
        # the mock is what is measured, not who asks
        environment.pop("COVERAGE_PROCESS_CONFIG", None)
        command = [
            str(Path(sys.executable).with_name("st")),
            *("run", str(file), "--url", f"http://127.0.0.1:{process.port}"),
            *("--header", "x-freepik-api-key: mock-key", "--checks", "all", "--seed", "1"),
            *arguments,
        ]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=3600, check=False
        )
        assert process.end() == (0, "")
    assert done.returncode == 0, done.stdout
    found = re.search(r"(\d+) generated", done.stdout)
    assert found, done.stdout
    print(f"{found[1]} examples, and nothing found")
    return int(found[1])


def test_it_finds_nothing_with_the_services_own_document(tmp_path: Path) -> None:
    # the document is one page of many and has POST alone: that the path also answers GET is no finding
    spared = ("--exclude-checks", "allow_header_conformance,unsupported_method")
    most = ("--max-examples", str(2 * EXAMPLES))  # it has one call, ours has three
    cases = explore(tmp_path, seed_document(), *most, *spared, strict=True)
    assert cases >= 2 * EXAMPLES


@pytest.mark.parametrize(
    "strict",
    [
        True,
        pytest.param(
            False, marks=pytest.mark.skipif(EXAMPLES < 1000, reason="only with --hypothesis-profile=explore")
        ),
    ],
    ids=["strict", "default"],
)
def test_it_finds_nothing_with_ours(tmp_path: Path, strict: bool) -> None:
    # every phase, sequences of calls included
    cases = explore(tmp_path, our_document(), "--max-examples", str(EXAMPLES // 2), strict=strict)
    assert cases >= 2 * EXAMPLES
