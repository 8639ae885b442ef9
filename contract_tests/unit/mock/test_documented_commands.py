"""The commands of docs/mock.md that need a network, run as far as they can be without one."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from contract_tests.integration.docs.blocks import run_by
from contract_tests.support.mock_processes import running

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def documented(start: str) -> str:
    (found,) = (text for text in run_by(__file__) if text.startswith(start))
    return found


def test_uvx_names_a_package_an_extra_and_a_command_that_exist() -> None:
    _, source, requirement, command, *options = shlex.split(documented("uvx"))
    assert source == "--from"
    name, extra = requirement.rstrip("]").split("[")
    assert name == PROJECT["name"]
    assert extra in PROJECT["optional-dependencies"]
    module, _, function = PROJECT["scripts"][command].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", *options, "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_the_recipe_for_ci_starts_a_mock_and_waits_for_it() -> None:
    install, start, wait = (line.removeprefix("- run: ") for line in documented("- run").splitlines())
    assert shlex.split(install)[-1] == f"{PROJECT['name']}[mock]"
    command, *options = shlex.split(start.partition(" > ")[0])
    assert command in PROJECT["scripts"]
    index = options.index("--port")
    port, options[index : index + 2] = options[index + 1], []
    address = re.search(r"http://127\.0\.0\.1:(\d+)/\S+", wait)
    assert address
    assert address[1] == port
    with running(*options) as process:
        assert process.call("GET", "/" + address[0].split("/", 3)[3])[0] == 200
        words = shlex.split(wait.partition(" > ")[0].replace(f":{port}/", f":{process.port}/"))
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
