"""The half of the GIMP benchmarks that runs inside GIMP 3: times the plug-in's parts beside GIMP's own.

``runner_plugin.py`` runs it in a process like the plug-in's. ``BENCHMARK_JOB`` names a JSON file with what
to do (``action`` and its arguments); the answer, ``{"ok": …}`` or ``{"failed": traceback}``, goes to its
``answer`` path.
"""

# ruff: noqa: PLC0415 - the plug-in's modules can be found once the job has said where it is installed

from __future__ import annotations

import http.client
import json
import os
import sys
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

QUIET = Gimp.RunMode.NONINTERACTIVE
PROCEDURE = "plug-in-precision-upscale"


def timed(work: Any, *arguments: Any) -> tuple[float, Any]:
    """Return the seconds ``work`` takes, and what it returns."""
    begin = time.perf_counter()
    value = work(*arguments)
    return time.perf_counter() - begin, value


def in_turn(subjects: dict[str, Any], rounds: int, first: int = 0) -> dict[str, list[float]]:
    """Time every subject once in each round, the order turning; return {name: [seconds, …]}.

    ``first`` is the number of the first round.
    """
    names = list(subjects)
    found: dict[str, list[float]] = {name: [] for name in names}
    for start in range(first, first + rounds):
        for name in names[start % len(names) :] + names[: start % len(names)]:
            found[name].append(subjects[name]())
    return found


def procedure(name: str, **values: Any) -> Any:
    """Run a procedure of GIMP's database; RuntimeError with its words when it fails."""
    found = Gimp.get_pdb().lookup_procedure(name)
    config = found.create_config()
    for name_of_value, value in values.items():
        key = name_of_value.replace("_", "-")
        if key == "drawables":
            config.set_core_object_array(key, value)
        else:
            config.set_property(key, value)
    result = found.run(config)
    if result.index(0) != Gimp.PDBStatusType.SUCCESS:
        said = result.index(1) if result.length() > 1 else Gimp.get_pdb().get_last_error()
        raise RuntimeError(f"{name}: {result.index(0).value_nick}: {said}")
    return result


def opened(path: str, precision: str | None = None) -> tuple[Any, Any]:
    """Return a picture file as an image with one layer, without undo; ``precision`` as GIMP's enum has it."""
    image = Gimp.file_load(QUIET, Gio.File.new_for_path(path))
    image.undo_disable()
    if precision is not None:
        image.convert_precision(getattr(Gimp.Precision, precision))
    return image, image.get_layers()[0]


def export(job: dict[str, Any]) -> dict[str, Any]:
    """Time the export of each picture: ours, and GIMP's at its default and at compression 1."""
    from precision_upscaler.frontend.placement import Box
    from upscaler_gimp3.image.export import export as ours

    answer = {}
    for name, path in job["pictures"].items():
        image, layer = opened(path)
        target = job["folder"] + "/export.png"
        area = Box(0, 0, layer.get_width(), layer.get_height())

        def theirs(level: int | None, image: Any = image, target: str = target) -> float:
            more = {} if level is None else {"compression": level}
            file = Gio.File.new_for_path(target)
            return timed(lambda: procedure("file-png-export", image=image, file=file, **more))[0]

        subjects: dict[str, Callable[[], float]] = {
            "ours": lambda layer=layer, area=area, target=target: timed(ours, layer, area, target)[0]
        }
        if name in job["references"]:
            subjects["GIMP, compression 1"] = lambda theirs=theirs: theirs(1)
        if name in job["default"]:
            subjects["GIMP, default"] = lambda theirs=theirs: theirs(None)
        answer[name] = {
            "seconds": in_turn(subjects, job["rounds"]),
            "floor": _export_floor(layer, target),
            "alpha": layer.has_alpha(),
        }
        image.delete()
    return answer


def _export_floor(layer: Any, target: str) -> dict[str, float]:
    """Return the seconds of the parts nothing can do without: reading the pixels, and writing the file."""
    from upscaler_gimp3.image.buffers import RGB8, read

    width, height = layer.get_width(), layer.get_height()
    buffer = layer.get_buffer()

    def all_read() -> None:
        for top in range(0, height, 128):
            read(buffer, RGB8, 0, top, width, min(128, height - top))

    def all_written() -> float:
        data = Path(target).read_bytes()
        begin = time.perf_counter()
        Path(target).write_bytes(data)
        return time.perf_counter() - begin

    return {"reading the pixels": timed(all_read)[0], "writing the file": all_written()}


def load(job: dict[str, Any]) -> dict[str, Any]:
    """Time bringing each result into a layer half its size: ours, and GIMP's loading of the same file.

    A picture is its source, its result, and the precision that its image has (None: as loaded).
    """
    from precision_upscaler.contract import PARAMETERS
    from precision_upscaler.frontend import options as described
    from upscaler_gimp3.arguments import Options
    from upscaler_gimp3.image.export import export as exported_to
    from upscaler_gimp3.image.inputs import collect_inputs
    from upscaler_gimp3.result import compose
    from upscaler_gimp3.result.delivery import deliver_or_fail
    from upscaler_gimp3.result.models import PendingResult

    parameters = {one.name: one.default for one in PARAMETERS}
    own = {one.name: one.default for one in described.OWN}
    options = Options({**parameters, "scale_factor": 2}, **own)
    answer = {}
    for name, (source, result, precision) in job["pictures"].items():

        def ours(source: str = source, result: str = result, precision: str | None = precision) -> float:
            image, layer = opened(source, precision)
            image.undo_enable()
            one = collect_inputs(image, [layer], options, str)[0]
            exported = exported_to(layer, one.area_in_layer, job["folder"] + "/export.png")
            pending = PendingResult(one, exported, result)
            seconds, delivery = timed(deliver_or_fail, image, [pending], options, lambda _text: None, str)
            if len(delivery.layers) != 1:
                raise RuntimeError(f"not delivered: {delivery}")
            image.delete()
            return seconds

        def theirs(source: str = source, result: str = result, precision: str | None = precision) -> float:
            image, _ = opened(source, precision)
            seconds, layer = timed(Gimp.file_load_layer, QUIET, image, Gio.File.new_for_path(result))
            if layer is None:
                raise RuntimeError(f"GIMP does not load {result}")
            image.delete()
            return seconds

        def decoding(result: str = result) -> float:
            seconds, buffer = timed(compose.decoded, result)
            del buffer
            return seconds

        subjects = {"ours": ours, "Gimp.file_load_layer": theirs, "ours, decoding alone": decoding}
        answer[name] = in_turn(subjects, job["rounds"])
    return answer


def whole_run(job: dict[str, Any]) -> dict[str, Any]:
    """Time a whole run through the procedure, and its parts by themselves: export, loading, raw copies.

    ``number`` is that of the round: the order turns with it.
    """
    answer = {}
    exported, copied = job["folder"] + "/export.png", job["folder"] + "/copied.png"
    alone = {"rounds": 1, "folder": job["folder"], "references": [], "default": []}

    def exporting(source: str) -> float:
        return only(export({**alone, "pictures": {"one": source}}))["seconds"]["ours"][0]

    def loading(source: str, result: str) -> float:
        return only(load({**alone, "pictures": {"one": (source, result, None)}}))["ours"][0]

    for name, (source, result, port) in job["pictures"].items():
        subjects = {
            "whole run": partial(_one_run, [source]),
            "export": partial(exporting, source),
            "load": partial(loading, source, result),
            "raw copies": lambda port=port: timed(_copies, port, exported, copied)[0],
        }
        exporting(source)  # the copies need its file, whoever is the first
        answer[name] = {who: one[0] for who, one in in_turn(subjects, 1, job["number"]).items()}
    return answer


def layers(job: dict[str, Any]) -> float:
    """Time a whole run for one image with all ``pictures`` as selected layers."""
    return _one_run(job["pictures"])


def only(found: dict[str, Any]) -> Any:
    """Return the one value there is."""
    (value,) = found.values()
    return value


def _one_run(sources: list[str]) -> float:
    image, _ = opened(sources[0])
    for path in sources[1:]:
        image.insert_layer(Gimp.file_load_layer(QUIET, image, Gio.File.new_for_path(path)), None, 0)
    image.undo_enable()
    width = image.get_width()
    seconds, _ = timed(
        lambda: procedure(
            PROCEDURE, run_mode=QUIET, image=image, drawables=image.get_layers(), scale_factor=2
        )
    )
    if image.get_width() != 2 * width:
        raise RuntimeError(f"the image is {image.get_width()} wide after the run, {width} before")
    image.delete()
    return seconds


def _copies(port: int, source: str, target: str) -> None:
    """Send a file as base64 in JSON and fetch the result to a file, with nothing checked and nothing kept."""
    from precision_upscaler.contract import CREATE_PATH

    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = b'{"image": "' + b64encode(Path(source).read_bytes()) + b'"}'
    connection.request("POST", CREATE_PATH, body, {"Content-Type": "application/json"})
    task = json.loads(connection.getresponse().read())["data"]["task_id"]
    connection.request("GET", f"{CREATE_PATH}/{task}")
    link = json.loads(connection.getresponse().read())["data"]["generated"][0]
    connection.request("GET", link.partition(str(port))[2])
    answer = connection.getresponse()
    with Path(target).open("wb") as stream:
        while block := answer.read(1 << 20):
            stream.write(block)
    connection.close()


def main() -> None:
    """Do the job; GIMP's exit code would not tell how it went."""
    job = json.loads(Path(os.environ["BENCHMARK_JOB"]).read_text(encoding="utf-8"))
    try:
        Gegl.init(None)
        sys.path.insert(0, job["plugin"])
        actions = {"export": export, "load": load, "whole-run": whole_run, "layers": layers}
        answer = {"ok": actions[job["action"]](job)}
    except Exception:  # noqa: BLE001 - whatever it is, the host shows it
        answer = {"failed": traceback.format_exc()}
    Path(job["answer"]).write_text(json.dumps(answer), encoding="utf-8")
