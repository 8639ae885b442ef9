"""A value beyond its bounds never becomes a payment: a script that asks for one is told so, with the range.

A real GIMP is asked both ways there are: a Python script sets the argument and runs the procedure, and a
Script-Fu call names it.
"""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from dev.mock_process import KEY, running_mock
from installer import place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gimp_sandbox.gimp import Gimp

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]

NUMBERS = {"sharpen": (101, -1), "smart-grain": (101,), "scale-factor": (17, 1)}
RANGES = {"sharpen": "0 to 100", "smart-grain": "0 to 100", "scale-factor": "2 to 16"}
BEYOND: list[tuple[str, int | str]] = [(name, value) for name, every in NUMBERS.items() for value in every]
BEYOND += [("flavor", "nonsense"), ("placement", "nowhere")]
INSIDE = '''
import json, os, sys, warnings
from gi.repository import Gimp
sys.path.insert(0, os.environ["PLUGIN"])
from upscaler_gimp3.arguments import options_from
SCHEME = """(let* ((image (car (gimp-image-new 200 200 RGB)))
  (layer (car (gimp-layer-new image "L" 200 200 RGB-IMAGE 100 LAYER-MODE-NORMAL))))
  (gimp-image-insert-layer image layer 0 0)
  (plug-in-precision-upscale #:run-mode RUN-NONINTERACTIVE #:image image
                             #:drawables (vector layer) #:%s %s))"""

class Anything:
    """A config that holds what GIMP's own would not let in."""

    def __init__(self, config, name, value):
        self.config, self.name, self.value = config, name, value

    def get_property(self, name):
        return self.value if name == self.name else self.config.get_property(name)

def in_python(name, value, config):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            config.set_property(name, value)
        except (Warning, SystemError) as stopped:
            # some versions of PyGObject wrap the warning that a filter made an error
            return str(stopped.__cause__ or stopped)
    return "taken"

def in_script_fu(name, value):
    evaluate = Gimp.get_pdb().lookup_procedure("plug-in-script-fu-eval")
    config = evaluate.create_config()
    config.set_property("script", SCHEME % (name, value))
    result = evaluate.run(config)
    return [result.index(0).value_nick, str(result.index(1)) if result.length() > 1 else ""]

def by_our_check(name, value, config):
    try:
        return repr(options_from(Anything(config, name, value)))
    except Exception as refusal:
        return "%s: %s" % (type(refusal).__name__, refusal)

answers = {}
for name, value in json.loads(os.environ["BEYOND"]):
    config = Gimp.get_pdb().lookup_procedure("plug-in-precision-upscale").create_config()
    before = config.get_property(name)
    answers["%s = %s" % (name, value)] = {
        "python": in_python(name, value, config),
        "kept": config.get_property(name) == before,
        "script-fu": in_script_fu(name, value) if isinstance(value, int) else None,
        "ours": by_our_check(name, value, config),
    }
with open(os.environ["ANSWER"], "w") as stream:
    json.dump(answers, stream)
'''


def told(address: str, what: str) -> Any:
    with urllib.request.urlopen(f"{address}/__mock__/{what}") as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def answers(
    gimp3: Gimp, plugin_gimp3: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("beyond")
    answer = folder / "answer.json"
    with running_mock("--speed", "1000") as mock, gimp3.fresh_home() as home:
        place.install(plugin_gimp3, home / gimp3.settings / "plug-ins")
        env = {
            "BEYOND": json.dumps(BEYOND),
            "ANSWER": str(answer),
            "PLUGIN": str(home / gimp3.settings / "plug-ins" / plugin_gimp3.name),
            "PRECISION_UPSCALER_BASE_URL": mock,
            "PRECISION_UPSCALER_DATA": str(home / "data"),
            "FREEPIK_API_KEY": KEY,
        }
        done = gimp3.batch(INSIDE, binds=[folder], env=env, home=home, timeout=300)
        assert answer.exists(), done.stdout + done.stderr
        found = json.loads(answer.read_text(encoding="utf-8"))
        yield {**found, "charges": told(mock, "charges")["count"], "said": done.stdout + done.stderr}


def answer_of(answers: dict[str, Any], name: str, value: int | str) -> dict[str, Any]:
    found: dict[str, Any] = answers[f"{name} = {value}"]
    return found


@pytest.mark.parametrize(("name", "value"), BEYOND)
def test_python_is_warned_and_the_argument_stays_as_it_was(
    name: str, value: int | str, answers: dict[str, Any]
) -> None:
    """GIMP does this before any plug-in hears of it; docs/scripting.md says how to make it an error."""
    answer = answer_of(answers, name, value)
    assert "is invalid or out of range" in answer["python"]
    assert f"property '{name}'" in answer["python"]
    assert answer["kept"]


@pytest.mark.parametrize(("name", "value"), [pair for pair in BEYOND if isinstance(pair[1], int)])
def test_script_fu_refuses_a_number_with_the_range(name: str, value: int, answers: dict[str, Any]) -> None:
    status, message = answer_of(answers, name, value)["script-fu"]
    assert status == "execution-error"
    assert f"has value {value} out of range: {RANGES[name]}" in message


@pytest.mark.parametrize(("name", "value"), BEYOND)
def test_what_gets_through_to_us_is_refused_with_what_is_allowed(
    name: str, value: int | str, answers: dict[str, Any]
) -> None:
    said = answer_of(answers, name, value)["ours"]
    assert said.startswith("Refused: ")
    assert str(value) in said
    allowed = RANGES.get(name, "photo" if name == "flavor" else "scale-image").split(" to ")
    assert all(word in said for word in allowed), said


def test_nothing_was_paid_for(answers: dict[str, Any]) -> None:
    assert answers["charges"] == 0, answers["said"]
