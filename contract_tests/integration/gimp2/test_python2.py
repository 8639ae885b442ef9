"""What only Python 2.7 shows, in the very one GIMP 2.10 runs: bytes that are no text, paths, no ssl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gimp_sandbox.gimp import Gimp

PLUGIN = Path(__file__).parents[3] / "plugin"
_PRELUDE = """# coding: utf-8
import imp, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, {plugin!r})
assert sys.version_info[:2] == (2, 7)
"""


def _told(gimp210: Gimp, code: str, *binds: Path, **environment: str) -> Any:
    """Run ``code`` in GIMP's Python 2.7 and return what it printed as JSON."""
    words = ["python2.7", "-c", _PRELUDE.format(plugin=str(PLUGIN)) + code]
    done = gimp210.run(words, binds=[PLUGIN, *binds], env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


_PROBLEMS = {
    "bytes": r'RuntimeError("Ung\xc3\xbcltig")',
    "text": r'RuntimeError(u"Ung\xfcltig")',
    "system": r'OSError(2, "Ung\xc3\xbcltig")',
    "other bytes": r'RuntimeError("Ung\xfcltig")',
}


@pytest.fixture(scope="module")
def sentences(gimp210: Gimp) -> dict[str, list[str]]:
    """Say every problem in every sentence that has room for one."""
    table = ", ".join(f"{name!r}: {problem}" for name, problem in _PROBLEMS.items())
    code = (
        "from precision_upscaler.frontend import texts\n"
        "said = lambda one: [texts.error(event) for event in (texts.local_error(one, 'yes'),"
        " texts.worker_missing_error(one), texts.bad_result_error(one, None))]\n"
        "print(json.dumps(dict((name, said(one)) for name, one in {" + table + "}.items())))"
    )
    found: dict[str, list[str]] = _told(gimp210, code)
    return found


@pytest.mark.parametrize("kind", _PROBLEMS)
def test_an_exception_says_what_it_says_whatever_bytes_it_holds(
    sentences: dict[str, list[str]], kind: str
) -> None:
    word = "Ung�ltig" if kind == "other bytes" else "Ungültig"
    assert [word in sentence for sentence in sentences[kind]] == [True, True, True]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_an_interpreter_below_letters_that_are_not_ascii_runs(
    gimp210: Gimp, tmp_path: Path, locale: str
) -> None:
    folder = tmp_path / "pythön 层"
    folder.mkdir()
    # the private system's own, which is what the note names there
    (folder / "python3").symlink_to("/usr/bin/python3")
    (folder / "python3.path").write_text(f"{folder}/python3\n", encoding="utf-8")
    code = (
        "fake = imp.new_module('gimpfu'); fake.gimp = None; sys.modules['gimpfu'] = fake\n"
        f"sys.path.insert(0, {str(PLUGIN / 'gimp2')!r})\n"
        "from upscaler_gimp2 import worker\n"
        f"print(json.dumps(worker.find_interpreter({str(folder)!r}, environ={{}})))"
    )
    found = _told(gimp210, code, tmp_path, LC_ALL=locale)
    assert found == [f"{folder}/python3"]


def test_everything_loads_without_ssl(gimp210: Gimp) -> None:
    folder = PLUGIN / "precision_upscaler/frontend"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    code = (
        "class NoSsl(object):\n"
        "    def find_module(self, name, path=None):\n"
        "        return self if name in ('ssl', '_ssl') else None\n"
        "    def load_module(self, name):\n"
        "        raise ImportError('No module named ' + name)\n"
        "sys.meta_path.insert(0, NoSsl())\n"
        "try:\n    import ssl\nexcept ImportError: pass\nelse: raise AssertionError('ssl is there')\n"
        "import importlib\n"
        f"names = {names!r}\n"
        "for name in names: importlib.import_module('precision_upscaler.frontend.' + name)\n"
        "print(json.dumps(sorted(one.split('.')[-1] for one in sys.modules\n"
        "    if one.startswith('precision_upscaler.frontend.') and sys.modules[one] is not None\n"
        "    and one.split('.')[-1] in names)))"
    )
    assert _told(gimp210, code) == names


def test_a_worker_that_no_longer_reads_is_no_exception(gimp210: Gimp) -> None:
    """Where writing to a pipe fails, Python 2.7 raises IOError, which is no OSError there."""
    code = (
        "import os\n"
        "from precision_upscaler.frontend import worker_process as pipe\n"
        "reader, writer = os.pipe()\n"
        "os.close(reader)\n"
        "class Gone(object): stdin = os.fdopen(writer, 'wb')\n"
        "worker = pipe.Worker({'command': 'status'})\n"
        "worker._process = Gone()\n"
        "print(json.dumps([worker.send({'command': 'cancel'}), worker.close()]))"
    )
    assert _told(gimp210, code) == [False, None]
