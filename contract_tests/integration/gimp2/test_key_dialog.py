"""The window that asks for the key, with somebody who types: what it says, tests and stores."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from precision_upscaler.errors import KeyFileDamaged

from .front_end import FrontEnd

CANCEL, OK, UNTESTED = -6, -5, 1


class Person:
    """Types keys and presses buttons, one pair for each window; ``said`` is what the windows showed."""

    def __init__(self, gtk: Any) -> None:
        self._gtk = gtk

    def will(self, *answers: tuple[str, int]) -> None:
        """Set what is done in the next windows."""
        self._gtk.answers[:] = answers

    @property
    def said(self) -> list[str]:
        """Every line of text in every window."""
        return [str(line) for line in self._gtk.said]

    @property
    def done(self) -> bool:
        """Whether every answer was asked for."""
        return not self._gtk.answers


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Sit down in front of a PyGTK without windows."""
    pygtk = ModuleType("pygtk")
    monkeypatch.setattr(pygtk, "require", lambda _: None, raising=False)
    monkeypatch.setitem(sys.modules, "pygtk", pygtk)
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "widgets"))
    monkeypatch.delitem(sys.modules, "gtk", raising=False)
    gtk = importlib.import_module("gtk")
    gtk.said.clear()
    monkeypatch.setitem(sys.modules, "gtk", gtk)
    return Person(gtk)


def _commands(end: FrontEnd) -> list[str]:
    return [one["command"] for one in end.script.commands]


def test_a_missing_key_is_asked_for_tested_and_stored_before_the_dialog(
    front_end: FrontEnd, person: Person
) -> None:
    from upscaler_gimp2 import handlers

    front_end.script.key = None
    person.will((" right ", OK))
    handlers.dialog_opens()
    assert _commands(front_end) == ["status", "test-key", "store-key"]
    assert front_end.script.stored == "right"
    assert not [one for one in front_end.script.commands if "right" in str(one)]
    assert front_end.session.messages == ["The key was stored in a file that only you can read."]


def test_the_window_names_the_service_that_is_set(front_end: FrontEnd, person: Person) -> None:
    person.will(("", CANCEL))
    front_end.session.pdb.python_fu_precision_upscale_key()
    assert "at api.example.org. It needs the API key" in person.said[0]
    assert _commands(front_end) == ["status"]
    assert front_end.session.messages == []


def test_the_window_says_what_is_wrong_with_the_stored_key(front_end: FrontEnd, person: Person) -> None:
    from upscaler_gimp2 import handlers

    front_end.script.key = None
    error = KeyFileDamaged("The key file /home/x/credentials.json is damaged.")
    front_end.script.problems = [error.to_event()]
    person.will(("", CANCEL))
    handlers.dialog_opens()
    assert f"{error.what} {error.advice}" in person.said


def test_a_key_that_is_there_is_not_asked_for(front_end: FrontEnd, person: Person) -> None:
    from upscaler_gimp2 import handlers

    handlers.dialog_opens()
    assert _commands(front_end) == ["status"]
    assert person.said == []


def test_a_wrong_key_is_not_stored_and_asked_for_again(front_end: FrontEnd, person: Person) -> None:
    person.will(("wrong", OK), ("right", OK))
    front_end.session.pdb.python_fu_precision_upscale_key()
    assert "The service does not accept this key." in person.said
    assert _commands(front_end) == ["status", "test-key", "test-key", "store-key"]
    assert front_end.script.stored == "right"
    assert person.done


def test_a_key_that_cannot_be_tested_may_be_stored_untested(front_end: FrontEnd, person: Person) -> None:
    person.will(("unreachable", OK), ("unreachable", UNTESTED))
    front_end.session.pdb.python_fu_precision_upscale_key()
    assert any("The helper program ended." in line for line in person.said)
    assert _commands(front_end) == ["status", "test-key", "store-key"]
    assert front_end.script.stored == "unreachable"


def test_giving_up_after_a_wrong_key_stores_nothing(front_end: FrontEnd, person: Person) -> None:
    person.will(("wrong", OK), ("wrong", CANCEL))
    front_end.session.pdb.python_fu_precision_upscale_key()
    assert front_end.script.stored is None


def test_without_windows_the_message_says_where_a_key_goes(front_end: FrontEnd) -> None:
    front_end.session.pdb.python_fu_precision_upscale_key()
    assert "FREEPIK_API_KEY" in front_end.session.messages[0]
