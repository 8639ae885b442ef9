"""A terminal for the command line: a folder with a few pictures, and a mock of the service."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from precision_upscaler.cli import main

from mock_server import PrecisionMock


class Shell:
    """A terminal in a folder with a few pictures, and a mock."""

    def __init__(self, folder: Path, mock: PrecisionMock) -> None:
        self.folder = folder
        self.mock = mock

    def run(self, *words: str, code: int = 0) -> Result:
        found = CliRunner().invoke(main.main, [str(word) for word in words], catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found
