"""Build what people download: one zip for GIMP 3 and one for GIMP 2.10, to be unpacked into plug-ins.

    python3 install_scripts/build_zip.py                 both, into dist/
    python3 install_scripts/build_zip.py --output DIR gimp3

The same source makes the same bytes, whenever and wherever it is built (with the same zlib, whose
compressed stream differs between implementations): names are sorted, times are fixed, modes are set.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import argparse
import tempfile
import zipfile
from pathlib import Path

from dev.bootstrap import CLONE
from dev.console import Failure, exit_on_failure, say, step
from installer import plugin_bundle

LIMIT = 4_000_000
_DATE = (2026, 1, 1, 0, 0, 0)
_UNIX = 3


def write_zip(folder: Path, archive: Path) -> Path:
    """Pack ``folder``, itself the only name at the top, into ``archive`` and return that."""
    draft = archive.with_name(f".{archive.name}.partial")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
            if path.is_dir():
                continue
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = _UNIX  # so that the mode below counts, wherever this is built
            mode = 0o755 if path.name == plugin_bundle.EXECUTABLE and path.parent == folder else 0o644
            member.external_attr = (0o100000 | mode) << 16
            packed.writestr(member, path.read_bytes())
    draft.replace(archive)
    return archive


def build(output: Path, front_end: str) -> Path:
    """Build the zip for ``front_end`` ("gimp3" or "gimp2") in the folder ``output`` and return its path."""
    output.mkdir(parents=True, exist_ok=True)
    name = plugin_bundle.zip_name(front_end)
    with tempfile.TemporaryDirectory() as draft:
        archive = write_zip(plugin_bundle.assemble(Path(draft), front_end), output / name)
    size = archive.stat().st_size
    if size > LIMIT:
        archive.unlink()
        raise Failure(f"{name} has {size} bytes, more than {LIMIT}", "leave something out of vendor/")
    return archive


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("front_ends", nargs="*", metavar="gimp3|gimp2")
    parser.add_argument("--output", metavar="DIR", type=Path, default=CLONE / "dist")
    options = parser.parse_args()
    unknown = set(options.front_ends) - plugin_bundle.FRONT_ENDS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(plugin_bundle.FRONT_ENDS)}")
    with exit_on_failure():
        for front_end in options.front_ends or plugin_bundle.FRONT_ENDS:
            with step(f"building the zip for {front_end}"):
                archive = build(options.output, front_end)
            say(f"    {plugin_bundle.digest(archive)}  {archive} ({archive.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
