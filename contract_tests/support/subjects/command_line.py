"""The command line as a subject: a case is what a person types, and all that follows but the sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from precision_upscaler.cli import main

from contract_tests.support.pictures import png

from . import Verdict, beyond_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest
    from precision_upscaler.api.models import UpscaleRequest

    from contract_tests.support.cases import Case

_WHOLE = ("scale_factor", "sharpen", "smart_grain", "ultra_detail")


def beyond_typing(case: Case) -> str:
    """Say why a case cannot be typed; empty when it can."""
    if reason := beyond_parameters(case):
        return reason
    for name, value in case.members.items():
        if value is None or isinstance(value, (list, dict)):
            return "nobody can type that"
        if name == "filter_nsfw" and not isinstance(value, bool):
            return "it is a switch"
        if name in _WHOLE[1:] and isinstance(value, str) and str(value) in map(str, range(101)):
            return "a number is typed as its digits: there it is no string"
    return ""


def typed(members: dict[str, Any]) -> list[str]:
    """Return the arguments that say ``members``."""
    words = []
    for name, value in members.items():
        option = "--" + name.replace("_", "-")
        if name == "filter_nsfw":
            words += [option] if value else []
        else:
            words.append(f"{option}={str(value).lower() if isinstance(value, bool) else value}")
    return words


class CommandLine:
    """``precision-upscale`` in this process, with a batch that notes the request instead of sending it."""

    name = "command line"

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._picture = folder / "photo.png"
        self._picture.write_bytes(png(160, 160))
        self._output = folder / "out.png"
        self._requests: list[UpscaleRequest] = []
        patch.setenv("PRECISION_UPSCALER_DATA", str(folder / "data"))
        patch.setenv("FREEPIK_API_KEY", "no-key-is-needed")
        patch.setattr(main, "Batch", self._batch)

    def _batch(self, _app: object, request: UpscaleRequest, **_: Any) -> Any:
        self._requests.append(request)
        return _NothingToDo()

    def judge(self, case: Case) -> Verdict:
        arguments = [str(self._picture), str(self._output), *typed(case.members)]
        self._requests.clear()
        done = CliRunner().invoke(main.main, arguments)
        words = done.output
        assert done.exit_code in (main.DONE, main.USAGE), (
            f"{arguments}: {done.exit_code} {words} {done.exception!r}"
        )
        assert (done.exit_code == main.DONE) == bool(self._requests), words
        if self._requests:
            return Verdict(True, words or "taken", sent=self._requests[0].to_json())
        spoken = (case.about.replace("_", "-"), case.about.replace("_", " "))
        named = any(spelling in words.lower() for spelling in spoken)
        return Verdict(False, words, frozenset({case.about if named else "something else"}))


class _NothingToDo:
    def run(self, _tasks: Sequence[Any], **_: Any) -> list[Any]:
        return []
