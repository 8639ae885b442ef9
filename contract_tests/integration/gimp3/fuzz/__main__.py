"""Try random images in a real GIMP: ``python -m contract_tests.integration.gimp3.fuzz --seeds 0:500``.

Every failing image is saved as XCF with its seed and its spec, shrunk with ``--shrink``. The exit code is 1
when an image failed.
"""

from __future__ import annotations

import argparse
import collections
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[4] / "install_scripts"))

import build_zip
from dev.mock_process import running_mock
from gimp_sandbox import gimp
from installer import place

from .random_images import Spec, image_spec
from .sessions import Outcome, carried_out
from .shrinking import shrunk
from .verdict import died_by_itself, problems


def main() -> int:
    """Carry out the seeds of the command line; print what failed, and the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gimp", default="3.2", choices=("3.0", "3.2"))
    parser.add_argument("--seeds", default="0:100", help="FIRST:END, or one seed")
    parser.add_argument(
        "--by-procedure", action="store_true", help="call the installed plug-in, not its code"
    )
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder of failing images")
    parser.add_argument("--shrink", action="store_true", help="make failing images smaller (slow)")
    arguments = parser.parse_args()
    first, _, end = arguments.seeds.partition(":")
    specs = [image_spec(seed, arguments.gimp) for seed in range(int(first), int(end or int(first) + 1))]
    for spec in specs:
        spec["save"] = True
    with (
        tempfile.TemporaryDirectory() as folder,
        running_mock("--speed", "1000000", "--no-rate-limit") as mock,
    ):
        plugin = place.unpack(build_zip.build(Path(folder), "gimp3"), Path(folder))

        def outcomes(wanted: list[Spec]) -> collections.abc.Iterator[Outcome]:
            return carried_out(
                gimp.find_or_build(arguments.gimp), plugin, mock, wanted, by_procedure=arguments.by_procedure
            )

        def first_failing(wanted: list[Spec]) -> Spec | None:
            return next((one.spec for one in outcomes(wanted) if problems(one)), None)

        failing = _carry_out(outcomes(specs), arguments.keep)
        for spec in failing if arguments.shrink else ():
            small = shrunk(spec, first_failing)
            _write(arguments.keep / f"{spec['seed']}-shrunk.json", small)
            print(f"{spec['seed']} shrunk: {json.dumps(small)}", flush=True)
    return 1 if failing else 0


def _carry_out(outcomes: collections.abc.Iterator[Outcome], keep: Path) -> list[Spec]:
    """Judge every outcome as it comes; return the specs that failed."""
    counts: collections.Counter[str] = collections.Counter()
    failing = []
    begun = time.monotonic()
    for outcome in outcomes:
        found = problems(outcome)
        seed = outcome.spec["seed"]
        counts[
            "GIMP died by itself" if died_by_itself(outcome) else (outcome.result or {}).get("status", "died")
        ] += 1
        if found:
            failing.append(outcome.spec)
            print(f"seed {seed}: {outcome.spec['options']} {outcome.spec['targets']}", flush=True)
            print("".join(f"    {line}\n" for line in found), end="", flush=True)
            keep.mkdir(parents=True, exist_ok=True)
            _write(keep / f"{seed}.json", outcome.spec)
            saved = outcome.folder / f"{seed}.xcf"
            if saved.exists():
                shutil.copy(saved, keep / saved.name)
    seconds = round(time.monotonic() - begun)
    print(f"{sum(counts.values())} images in {seconds} s: {dict(counts)}; {len(failing)} failed", flush=True)
    return failing


def _write(path: Path, spec: Spec) -> None:
    path.write_text(json.dumps(spec, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
