"""What is wrong with the outcome of one random image, as lines; nothing means that all is as expected."""

from __future__ import annotations

from typing import Any

from contract_tests.support.scaled_pixels import TOLERANCE

from . import expectation, known
from .comparison import Comparison
from .expectation import Fate, Inventory
from .random_images import Spec
from .sessions import Outcome

_GIMPS_STEPS = ("build", "between")
"""Steps in which nothing of ours runs: a GIMP that dies there dies by itself."""
_INDEXED = 40 / 255
_ORIGINAL = 12 / 255
_WIDE = ("adobe", "prophoto", "tables")
"""Profiles with colours that sRGB lacks: the service makes them duller, and the user is told."""
_DULLER = 50 / 255


def died_by_itself(outcome: Outcome) -> bool:
    """Return whether GIMP died while the script was building or measuring the image."""
    return outcome.died_in in _GIMPS_STEPS or outcome.died_in == "look"


def problems(outcome: Outcome) -> list[str]:
    """Return everything that is wrong."""
    if outcome.result is None:
        return [] if died_by_itself(outcome) else [f"died in step {outcome.died_in!r}"]
    result = outcome.result
    if "crash" in result:
        return [f"exception in the script: {result['crash']}"]
    found = [f"warning: {line}" for line in outcome.warnings]
    refused = expectation.must_refuse(outcome.spec, result["before"], result["target_ids"])
    if result["status"] == "refused":
        if refused is False:
            found.append(f"refused: {result['message']}")
        return found + _untouched(outcome)
    if result["status"] != "success":
        return [*found, f"{result['status']}: {result['message']} {result.get('trace', '')}"]
    if refused:
        found.append("not refused")
    return found + _success(outcome)


def _untouched(outcome: Outcome) -> list[str]:
    result: dict[str, Any] = outcome.result or {}
    found = Comparison(outcome.folder, set()).problems(_bare(result["before"]), _bare(result["after"]))
    if result["dirty"]:
        found.append("the image counts as changed")
    return found


def _success(outcome: Outcome) -> list[str]:
    spec, result = outcome.spec, outcome.result or {}
    before, after = result["before"], result["after"]
    ids = {one["id"] for one in expectation.every_layer(before["layers"])}
    fates = expectation.fates_of(spec, result)
    change = expectation.change_of(spec, before, after, fates)
    tolerance = TOLERANCE
    if before["base"] == "indexed":
        tolerance += _INDEXED
    if spec["options"]["colors"] == "original":
        tolerance += _ORIGINAL
    elif spec["profile"] in _WIDE:
        tolerance += _DULLER
    comparison = Comparison(outcome.folder, ids, tolerance)
    found = comparison.problems(expectation.expected(spec, before, fates, change), after)
    found += known.missing_notes(before, fates, change, result["message"])
    if spec["options"]["placement"] == "new-image":
        if result["dirty"]:
            found.append("the image counts as changed")
        return found + _new_images(spec, result, fates, comparison)
    if not result["undo_possible"]:
        return [*found, "there is nothing to undo"]
    redrawn = [f"after one undo: {line}" for line in result["undone"]]
    redrawn += [f"after a redo: {line}" for line in result["redone"]]
    found += known.unexplained(redrawn, before, fates)
    if result["undo_left"]:
        found += known.unexplained(["one undo was not enough"], before, fates)
    return found


def _new_images(spec: Spec, result: Inventory, fates: list[Fate], comparison: Comparison) -> list[str]:
    if len(result["new_images"]) != len(fates):
        return [f"{len(result['new_images'])} new images for {len(fates)} targets"]
    found = []
    for fate, image in zip(fates, result["new_images"], strict=True):
        expected = expectation.new_image(fate, result["before"])
        where = f"new image of {fate.layer['name']}"
        if expectation.grows(fate.layer):
            expected["size"] = image["size"]
            expected["layers"][0]["box"] = [0, 0, *image["size"]]
            expected["layers"][0]["pixels"] = expectation.somewhere(fate, image["size"])
        actual = {name: image[name] for name in expected}
        found += comparison.problems(expected, actual, where)
    return found


def _bare(known: Any) -> Any:
    if isinstance(known, dict):
        return {name: _bare(value) for name, value in known.items() if name != "dump"}
    return [_bare(one) for one in known] if isinstance(known, list) else known
