"""Make the four lock files from pyproject.toml again (needs uv: https://docs.astral.sh/uv/).

    python3 install_scripts/lock.py            keep what is locked and still fits
    python3 install_scripts/lock.py --upgrade  take the newest of everything

requirements.lock          everything a developer needs, for every platform
requirements-vendor.lock   what the plug-in's vendor/ folder carries: one set for every platform and Python
requirements-demo.lock     the one wheel whose sample photograph the demo shows
requirements-bench.lock    the peers that the benchmarks measure against
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from dev.bootstrap import CLONE
from dev.console import command, exit_on_failure, step

_COMPILE = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]

# Never in vendor/: compiled (keyring reaches the Linux keyring through gi, which GIMP always has), or for
# a platform that has no GIMP.
_LEFT_OUT = ("secretstorage", "jeepney", "cryptography", "cffi", "pycparser", "httpx2-jsfetch")


def developer_lock(*options: str) -> None:
    """Lock the distribution with its ``dev`` extra."""
    argv = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header"]
    command(
        [*argv, *options, "--universal", "--extra", "dev", "pyproject.toml", "-o", "requirements.lock"],
        cwd=CLONE,
    )


def vendor_lock(*options: str) -> None:
    """Lock what the plug-in carries, at the versions that are developed against."""
    with tempfile.TemporaryDirectory() as folder:
        excludes = Path(folder, "excludes.txt")
        excludes.write_text("\n".join(_LEFT_OUT), encoding="ascii")
        argv = [*_COMPILE, *options, "--universal", "--group", "plugin", "--excludes", str(excludes)]
        text = command([*argv, "--constraint", "requirements.lock"], cwd=CLONE)
    (CLONE / "requirements-vendor.lock").write_text(without_markers(text), encoding="ascii")


def demo_lock(*options: str) -> None:
    """Lock the demo's wheel; the same file on every machine, because it is only unpacked."""
    argv = [*_COMPILE, *options, "--group", "demo", "--no-deps", "--only-binary", ":all:"]
    platform = ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
    command([*argv, *platform, "-o", "requirements-demo.lock"], cwd=CLONE)


def bench_lock(*options: str) -> None:
    """Lock the peers of the benchmarks and what draws their plots."""
    command(
        [*_COMPILE, *options, "--universal", "--group", "bench", "-o", "requirements-bench.lock"], cwd=CLONE
    )


def without_markers(lock: str) -> str:
    """Drop the environment markers: the same folder serves every platform and Python."""
    return re.sub(r"^(\S+==\S+) ;[^\\\n]*?( \\)?$", r"\1\2", lock, flags=re.MULTILINE)


def main() -> None:
    """Make the lock files again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    options = ["--upgrade"] if parser.parse_args().upgrade else []
    with exit_on_failure():
        for lock in (developer_lock, vendor_lock, demo_lock, bench_lock):
            with step(lock.__name__.replace("_", " ")):
                lock(*options)


if __name__ == "__main__":
    main()
