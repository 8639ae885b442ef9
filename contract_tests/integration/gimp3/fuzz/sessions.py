"""Carry out image specs in a real GIMP, and start it again with the rest when it dies."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.bootstrap import CLONE
from gimp_sandbox.gimp import Gimp
from PIL import Image

from contract_tests.integration.gimp3.running import run_inside

from .random_images import Spec

A_SESSION = 30
"""Images that one GIMP carries out before a new one is started."""

# babl otherwise spends seconds on the quickest conversion for every new precision and profile
_QUICKLY = {"BABL_PATH_LENGTH": "2"}
_MARKER = re.compile(r"^@@ (\[.*\])$", re.MULTILINE)
_WARNING = re.compile(r"(?i)critical|warning|traceback|error:|exception")
_GIMPS_OWN_NOISE = (
    "gimp_flush(): error: Broken pipe",
    "plug_in_flush(): error: Broken pipe",
    "Glycin running without sandbox",
)


@dataclass
class Outcome:
    """What came of one spec.

    ``result`` is the line that ``fuzzing`` wrote; None when GIMP or the plug-in died, in step
    ``died_in``. ``warnings`` are lines of GIMP's outputs during the plug-in's run.
    """

    spec: Spec
    folder: Path
    result: dict[str, Any] | None
    died_in: str | None
    warnings: list[str]
    end: str = ""


def linked_picture() -> bytes:
    """Return a smooth PNG for link layers."""
    stream = io.BytesIO()
    ramp = Image.linear_gradient("L").resize((190, 170))
    Image.merge("RGB", (ramp, ramp.rotate(180), Image.new("L", ramp.size, 128))).save(stream, "PNG")
    return stream.getvalue()


def carried_out(
    gimp: Gimp, plugin: Path, mock: str, specs: Sequence[Spec], *, by_procedure: bool = False
) -> Iterator[Outcome]:
    """Yield the outcome of every spec; its folder of dumps lives until the next one is asked for."""
    left = list(specs)
    while left:
        batch, left = left[:A_SESSION], left[A_SESSION:]
        done = 0
        for outcome in _session(gimp, plugin, mock, batch, by_procedure=by_procedure):
            done += 1
            yield outcome
        left = batch[done:] + left


def _session(
    gimp: Gimp, plugin: Path, mock: str, specs: Sequence[Spec], *, by_procedure: bool
) -> Iterator[Outcome]:
    code = (
        f"import json, sys\nsys.path.append({str(CLONE)!r})\nimport fuzzing\n"
        f"from {'fuzzing import ByProcedure' if by_procedure else 'in_process import InProcess'} as Runner\n"
        "specs = json.load(open(folder + '/specs.json', encoding='utf-8'))\n"
        f"fuzzing.main(folder, {mock!r}, data, specs, Runner())"
    )
    files = {"linked.png": linked_picture(), "specs.json": json.dumps(specs).encode()}
    binds = [CLONE / "contract_tests"]
    with run_inside(
        gimp, plugin, code, window=True, files=files, binds=binds, env=_QUICKLY, timeout=3600
    ) as session:
        path = session.folder / "results.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        said = _by_step(session.output)
        for spec, line in zip(specs, lines, strict=False):
            warnings = [one for one in said.get((spec["seed"], "run"), ()) if _is_warning(one)]
            yield Outcome(spec, session.folder, json.loads(line), None, warnings, session.output)
        if len(lines) < len(specs):
            phase = session.folder / "phase"
            if not phase.exists():
                raise RuntimeError(f"the script did not start:\n{session.end()}")
            seed, step = json.loads(phase.read_text(encoding="utf-8"))
            if seed != specs[len(lines)]["seed"]:
                raise RuntimeError(f"died between images, after {seed} {step}:\n{session.end()}")
            yield Outcome(specs[len(lines)], session.folder, None, step, [], session.end())


def _by_step(output: str) -> dict[tuple[int, str], list[str]]:
    parts = _MARKER.split(output)
    return {
        tuple(json.loads(marker)): text.splitlines()
        for marker, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _is_warning(line: str) -> bool:
    return bool(_WARNING.search(line)) and not any(one in line for one in _GIMPS_OWN_NOISE)
