"""The procedure's arguments, built from the contract, and a run's options read back from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gi.repository import Gimp, GObject
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import options as described
from precision_upscaler.frontend import texts

from . import labels
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


class Options(NamedTuple):
    """What one run was asked to do; ``parameters`` has the contract's names."""

    parameters: dict[str, Any]
    placement: str
    area: str
    colors: str

    @property
    def factor(self) -> int:
        """How many times larger the result is asked to be."""
        return int(self.parameters["scale_factor"])


def argument_name(name: str) -> str:
    """Return a contract's name as GIMP spells it."""
    return name.replace("_", "-")


def add_to(procedure: Any, translate: Callable[[str], str] = texts.same) -> None:
    """Declare every argument on ``procedure``: the contract's parameters, then ours."""
    titles = labels.upscale_dialog(translate)
    readwrite = GObject.ParamFlags.READWRITE
    for one in described.ALL:
        title = titles.get(one.name) or translate(one.title)
        words = (argument_name(one.name), title, translate(one.help))
        if one.kind == "integer":
            procedure.add_int_argument(*words, one.minimum, one.maximum, one.default, readwrite)
        elif one.kind == "boolean":
            procedure.add_boolean_argument(*words, one.default, readwrite)
        else:
            choice = Gimp.Choice.new()
            for number, value in enumerate(one.choices):
                choice.add(value.value, number, translate(value.title), translate(value.help))
            procedure.add_choice_argument(*words, choice, one.default, readwrite)


def options_from(config: Any, translate: Callable[[str], str] = texts.same) -> Options:
    """Return the options in a procedure's config; :class:`Refused` names every value outside its range.

    GIMP checks what comes through its own windows; a script may hand over anything.
    """
    values = {one.name: config.get_property(argument_name(one.name)) for one in described.ALL}
    problems = described.problems(values, translate)
    if problems:
        raise Refused("\n".join(problems))
    own = {one.name: values.pop(one.name) for one in described.OWN}
    return Options({one.name: values[one.name] for one in PARAMETERS}, **own)
