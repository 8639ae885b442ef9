"""The arguments of the GIMP procedures as a subject: the check both front ends make, and GIMP 3's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend.options import ALL, problems

from . import Verdict, beyond_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from contract_tests.support.cases import Case

_TYPES = {"integer": int, "choice": str, "boolean": bool}


def beyond_gimp(case: Case) -> str:
    """Say why a case cannot be told to a procedure whose arguments have types; empty when it can."""
    if reason := beyond_parameters(case):
        return reason
    kinds = {each.name: _TYPES[each.kind] for each in PARAMETERS}
    for name, value in case.members.items():
        if name not in kinds:
            return "a procedure has no argument of that name"
        if type(value) is not kinds[name]:
            return f"GIMP's argument is of the type {kinds[name].__name__}, and so is what it holds"
    return ""


class SharedCheck:
    """What the front ends for GIMP 3 and 2.10 ask before anything is sent."""

    name = "gimp"

    def judge(self, case: Case) -> Verdict:
        found = problems(case.members)
        if not found:
            # a procedure hands on all its arguments, and GIMP fills in the defaults they were declared with
            sent = {each.name: case.members.get(each.name, each.default) for each in PARAMETERS}
            return Verdict(True, "no problem", sent=sent)
        named = frozenset(each.name for each in ALL if any(each.title in sentence for sentence in found))
        return Verdict(False, "; ".join(found), named or frozenset({"something else"}))


INSIDE = """
import json, os
from gi.repository import Gimp
order = json.load(open(os.environ["CASES"]))
procedure = Gimp.get_pdb().lookup_procedure("plug-in-precision-upscale")
specs = {}
for spec in procedure.get_arguments():
    kept = ("minimum", "maximum", "default_value")
    specs[spec.name] = {name: getattr(spec, name) for name in kept if hasattr(spec, name)}
    specs[spec.name]["type"] = spec.value_type.name
held = []
for name, value in order:
    config = procedure.create_config()
    try:
        config.set_property(name, value)
        held.append([True, config.get_property(name)])
    except (TypeError, ValueError, OverflowError) as refusal:
        held.append([False, str(refusal)])
with open(os.environ["ANSWER"], "w") as stream:
    json.dump({"specs": specs, "held": held}, stream, default=str)
"""
"""Run inside GIMP: hand each case to the procedure's arguments and say what they hold then."""


def ask_gimp(gimp: Any, home: Path, folder: Path, cases: list[Case]) -> tuple[dict[str, Any], list[Verdict]]:
    """Return the procedure's argument declarations and a verdict for each case, from a real GIMP 3.

    An argument that stays as it was counts as refused; what the script is told of it, and that nothing is
    paid, is for ``gimp3/test_beyond_bounds.py``.
    """
    order, answer = folder / "cases.json", folder / "answer.json"
    pairs = [(case.about.replace("_", "-"), case.value) for case in cases]
    order.write_text(json.dumps(pairs), encoding="utf-8")
    environ = {"CASES": str(order), "ANSWER": str(answer)}
    done = gimp.batch(INSIDE, binds=[folder], env=environ, home=home, timeout=120)
    assert answer.exists(), done.stdout + done.stderr
    told = json.loads(answer.read_text(encoding="utf-8"))
    verdicts = []
    for (_, asked), (taken, held) in zip(pairs, told["held"], strict=True):
        accepted = taken and type(held) is type(asked) and held == asked
        verdicts.append(Verdict(accepted, f"the argument holds {held!r}"))
    return told["specs"], verdicts
