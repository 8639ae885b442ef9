"""See it work: upscale a photograph in a real GIMP, through the real plug-in, against the offline mock.

    python3 install_scripts/demo.py
    python3 install_scripts/demo.py --picture docs/before_after.jpg    the README's picture too

Sets up what it needs by itself (a virtual environment, a private GIMP 3.2 where the machine has none),
and is quick the second time. Leaves demo_output/result.xcf, the image with the photograph's layer twice
as large, and demo_output/before_after.png. Without GIMP and without root rights the same job runs
through the command line. No key and no network service is needed; nothing is charged.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from dev.bootstrap import CLONE, Environment
from dev.console import Failure, command, exit_on_failure, in_background, say, step
from dev.gimp_log_filter import plugin_warnings
from dev.mock_process import KEY, running_mock
from gimp_sandbox.gimp import Gimp, GimpUnavailable, find, find_native, find_or_build
from installer import packages, place, plugin_bundle

OUTPUTS = ("result.xcf", "result.png", "before_after.png")
FACTOR = 2
LAYER = "Grace Hopper, 1984"
_PHOTO = "matplotlib/mpl-data/sample_data/grace_hopper.jpg"


def photograph(folder: Path) -> Path:
    """Copy the sample photograph (public domain, US Navy) of the locked package into ``folder``."""
    package = packages.fetch("requirements-demo.lock", *packages.LINUX)
    return Path(shutil.copy(package / _PHOTO, folder / "photograph.jpg"))


def choose_gimp(wanted: str | None) -> Gimp | None:
    """Return the GIMP ``wanted`` ("3.0", "3.2", or "none"); None without one.

    By default: a private GIMP 3.2, else the machine's own GIMP 3, else a private one built now.
    """
    gimp = None
    try:
        if wanted != "none":
            gimp = find_or_build(wanted) if wanted else find("3.2") or find_native() or find_or_build("3.2")
    except GimpUnavailable as unavailable:
        say(f"==> {unavailable}")
    return gimp


def run_in_gimp(gimp: Gimp, home: Path, folder: Path, job: dict[str, Any], env: dict[str, str]) -> Any:
    """Run one job of ``demo_in_gimp.py`` and return its answer; a warning about the plug-in is a failure."""
    here = Path(__file__).resolve().parent / "dev"
    order, answer = folder / "job.json", folder / "answer.json"
    answer.unlink(missing_ok=True)
    order.write_text(json.dumps({**job, "answer": str(answer)}), encoding="utf-8")
    script = here / "demo_in_gimp.py"
    done = gimp.batch(
        f"exec(compile(open({str(script)!r}).read(), 'demo_in_gimp.py', 'exec'))",
        binds=[here, folder, Path(job["result"]).parent],
        env={**env, "DEMO_JOB": str(order)},
        home=home,
        timeout=240,
    )
    if not answer.exists():
        raise Failure(f"GIMP ended without an answer:\n{done.stdout}{done.stderr}")
    found = json.loads(answer.read_text(encoding="utf-8"))
    if "failed" in found:
        raise Failure(f"inside GIMP:\n{found['failed']}{done.stderr}")
    if warnings := plugin_warnings(done.stderr):
        raise Failure("GIMP's standard error names the plug-in:\n" + "\n".join(warnings))
    return found["ok"]


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what differs from the promise: sizes and offsets times FACTOR, all else unchanged."""
    wrong = []

    def check(what: str, was: Any, now: Any) -> None:
        if was != now:
            wrong.append(f"{what}: expected {was}, found {now}")

    check("the image's size", [FACTOR * side for side in before["size"]], after["size"])
    check("the image's precision", before["precision"], after["precision"])
    names = [layer["name"] for layer in before["layers"]]
    check("the layers", names, [layer["name"] for layer in after["layers"]])
    for was, now in zip(before["layers"], after["layers"], strict=False):
        grown = dict(was)
        for name in ("size", "offsets"):
            grown[name] = [FACTOR * number for number in was[name]]
        if was["mask"]:
            *sides, applied = was["mask"]
            grown["mask"] = [*(FACTOR * side for side in sides), applied]
        for attribute, expected in grown.items():
            check(f"{was['name']}: {attribute}", expected, now[attribute])
    return wrong


def upscale_with_gimp(
    gimp: Gimp, photo: Path, folder: Path, env: dict[str, str], drawings: list[Path]
) -> list[str]:
    """Do the demo in ``gimp``; return what it did as lines of text."""
    with gimp.fresh_home() as home:
        with step("installing the plug-in into a fresh GIMP profile"):
            draft = plugin_bundle.assemble(folder / "draft", "gimp3")
            place.install(draft, home / gimp.settings / "plug-ins")
        arguments = {"scale-factor": FACTOR, "flavor": "photo"}
        pictures = {"before": str(folder / "before.png"), "after": str(folder / "after.png")}
        result = {"result": str(drawings[0].parent / "result.xcf")}
        with step(f"upscaling the layer “{LAYER}” x{FACTOR} in GIMP {gimp.version}, through the plug-in"):
            job = {"action": "upscale", "photo": str(photo), "arguments": arguments, **pictures, **result}
            made = run_in_gimp(gimp, home, folder, job, env)
        with step("opening the result again in a GIMP started anew and comparing"):
            again = run_in_gimp(gimp, home, folder, {"action": "describe", **result}, env)
    wrong = compare(made["before"], again)
    if wrong:
        raise Failure("the result is not what was promised:\n    " + "\n    ".join(wrong))
    was, now = (
        next(one for one in each["layers"] if one["name"] == LAYER) for each in (made["before"], again)
    )
    how = f"the offline mock in GIMP {gimp.version}"
    for picture in drawings:
        draw(folder / "before.png", folder / "after.png", how, picture)
    kept = f"its opacity of {now['opacity']:g} %, mode, mask and colour tag as before"
    return [
        f"Image: {len(again['layers'])} layers, {_size(made['before'])} before, {_size(again)} now.",
        f"Layer “{LAYER}”: {_size(was)} before, {_size(now)} now; in its group, at its place, {kept}.",
        "The other layers and the canvas were scaled along.",
        f"Saved: {result['result']}",
    ]


def upscale_with_command_line(photo: Path, env: dict[str, str], drawings: list[Path]) -> list[str]:
    """Do the same job with ``precision-upscale``; return what it did as lines of text."""
    result = drawings[0].parent / "result.png"
    with step(f"upscaling the photograph x{FACTOR} with precision-upscale"):
        argv = [Environment().tool("precision-upscale"), photo, result]
        options = ["--scale-factor", str(FACTOR), "--flavor", "photo"]
        command([*argv, *options], env={**os.environ, **env})
    for picture in drawings:
        draw(photo, result, "the offline mock", picture)
    return [f"Saved: {result}"]


def draw(before: Path, after: Path, how: str, picture: Path) -> None:
    """Draw before and after into ``picture`` with the environment's Pillow; checks the sizes."""
    with step("drawing before and after"):
        argv = [Environment().python, CLONE / "docs/before_after.py", before, after, picture]
        command([*argv, "--factor", str(FACTOR), "--how", how])


def _size(facts: dict[str, Any]) -> str:
    return " x ".join(str(side) for side in facts["size"])


def main() -> None:
    """Run the demo; a failure ends it with a message and exit code 1."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--picture", metavar="FILE", type=Path, help="also draw before and after here")
    parser.add_argument(
        "--gimp", choices=("3.0", "3.2", "none"), help="a private GIMP of this version; none at all"
    )
    parser.add_argument("--output", metavar="DIR", type=Path, default=CLONE / "demo_output")
    options = parser.parse_args()
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    for name in OUTPUTS:
        (output / name).unlink(missing_ok=True)
    drawings = [output / "before_after.png", *([options.picture] if options.picture else [])]
    with (
        tempfile.TemporaryDirectory(prefix="precision-demo-") as temporary,
        in_background(lambda: choose_gimp(options.gimp)) as searched,
    ):
        folder = Path(temporary)
        Environment().ensure()
        photo = photograph(folder)
        gimp = searched.result()
        say("==> starting the mock of the service, 60 times as fast as the real one")
        with running_mock("--speed", "60", python=Environment().python) as address:
            data = folder / "data"
            data.mkdir()
            env = {
                "PRECISION_UPSCALER_BASE_URL": address,
                "PRECISION_UPSCALER_DATA": str(data),
                "FREEPIK_API_KEY": KEY,
            }
            if gimp is None:
                say("==> there is no GIMP here, so the same job runs through the command line")
                lines = upscale_with_command_line(photo, env, drawings)
            else:
                lines = upscale_with_gimp(gimp, photo, folder, env, drawings)
    say("")
    for line in [*lines, f"Look at: {drawings[0]}"]:
        say(line)


if __name__ == "__main__":
    with exit_on_failure():
        main()
