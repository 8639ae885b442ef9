"""What people download: whole, pure Python, licensed, small, and the same bytes whenever it is built."""

from __future__ import annotations

import gettext
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import build_zip
import pytest
from dev.bootstrap import CLONE
from dev.console import Failure
from installer import packages, place, plugin_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

FRONT_ENDS = [*plugin_bundle.FRONT_ENDS]


@pytest.fixture(scope="module", params=FRONT_ENDS)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the zip of each front end once."""
    return build_zip.build(tmp_path_factory.mktemp("dist"), request.param)


@pytest.fixture
def members(archive: Path) -> Iterator[list[zipfile.ZipInfo]]:
    """Open the zip and list it."""
    with zipfile.ZipFile(archive) as packed:
        yield packed.infolist()


def test_it_is_one_folder_of_at_most_four_million_bytes(
    archive: Path, members: list[zipfile.ZipInfo]
) -> None:
    assert {member.filename.split("/")[0] for member in members} == {"precision-upscaler"}
    assert archive.stat().st_size <= 4_000_000


def test_only_what_gimp_starts_is_executable(members: list[zipfile.ZipInfo]) -> None:
    executable = [member.filename for member in members if member.external_attr >> 16 & 0o111]
    assert executable == ["precision-upscaler/precision-upscaler.py"]
    modes = {stat.filemode(member.external_attr >> 16) for member in members}
    assert modes == {"-rwxr-xr-x", "-rw-r--r--"}


def test_it_carries_our_licence_and_one_of_every_package(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        notice = packed.read("precision-upscaler/vendor/LICENSES.txt").decode()
    assert "precision-upscaler/LICENSE" in names
    locked = re.findall(r"^(\S+)==(\S+)", (CLONE / "requirements-vendor.lock").read_text(), re.MULTILINE)
    assert len(locked) > 10
    for name, version in locked:
        pattern = re.sub(r"[-_.]", "[-_.]", name)
        line = re.search(
            rf"^{pattern} {re.escape(version)}: .+\n    (\S+)$", notice, re.MULTILINE | re.IGNORECASE
        )
        assert line, f"{name} {version} is not in LICENSES.txt"
        assert f"precision-upscaler/vendor/{line[1]}" in names


def test_nothing_compiled_no_cache_and_no_command_line_is_in_it(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    assert [
        name
        for name in names
        if re.search(r"\.(so|pyd|dll|exe|pyc)$|__pycache__|_upscaler/(cli|batch)\b", name)
    ] == []


def test_every_translation_is_in_it_compiled(archive: Path) -> None:
    languages = [path.stem for path in (CLONE / "plugin/precision_upscaler/locale").glob("*.po")]
    with zipfile.ZipFile(archive) as packed:
        for language in languages:
            name = (
                f"precision-upscaler/precision_upscaler/locale/{language}/LC_MESSAGES/precision-upscaler.mo"
            )
            translated = gettext.GNUTranslations(io.BytesIO(packed.read(name)))
            assert "charset=utf-8" in translated.gettext("")
        assert not [name for name in packed.namelist() if name.endswith((".po", ".pot"))]


def test_the_same_source_makes_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    (front_end,) = [name for name in FRONT_ENDS if plugin_bundle.zip_name(name) == archive.name]
    script = "import os, time; os.umask(0o077); import build_zip; "
    script += f"build_zip.build(__import__('pathlib').Path({str(tmp_path)!r}), {front_end!r})"
    env = {
        **os.environ,
        "PYTHONPATH": str(CLONE / "install_scripts"),
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
    }
    subprocess.run([sys.executable, "-c", script], env=env, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / archive.name).read_bytes() == archive.read_bytes()


def test_what_it_unpacks_to_is_whole_and_damage_is_named(archive: Path, tmp_path: Path) -> None:
    folder = place.unpack(archive, tmp_path)
    assert plugin_bundle.damage(folder) == []
    assert os.access(folder / plugin_bundle.EXECUTABLE, os.X_OK)
    assert not os.access(folder / "LICENSE", os.X_OK)
    (folder / "LICENSE").write_text("mine now", encoding="ascii")
    (folder / "VERSION").unlink()
    assert plugin_bundle.damage(folder) == ["LICENSE was changed", "VERSION is missing"]


def test_the_worker_starts_from_the_zip_alone(archive: Path, tmp_path: Path) -> None:
    folder = place.unpack(archive, tmp_path)
    env = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "vendor")]),
        "PRECISION_UPSCALER_DATA": str(tmp_path / "data"),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        # -S: no site-packages, as inside GIMP
        [sys.executable, "-S", "-m", "precision_upscaler.worker"],
        input='{"command": "status"}\n',
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["event"] == "status"


def test_vendor_and_developers_use_the_same_versions() -> None:
    def versions(lock: str) -> dict[str, str]:
        text = (CLONE / lock).read_text(encoding="ascii")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))

    carried, developed = versions("requirements-vendor.lock"), versions("requirements.lock")
    assert {name: developed.get(name) for name in carried} == carried
    text = (CLONE / "requirements-vendor.lock").read_text(encoding="ascii")
    assert ";" not in text, "a marker would leave a package out on some platform"
    assert "--index" not in text
    assert "--find" not in text


def test_its_name_and_a_file_in_it_say_which_gimp_it_is_for(archive: Path) -> None:
    version = plugin_bundle.version()
    for gimp in ("3.0-or-newer", "2.10"):
        if archive.name != f"precision-upscaler-{version}-gimp-{gimp}.zip":
            continue
        name = gimp.replace("-", " ")
        with zipfile.ZipFile(archive) as packed:
            note = packed.read(f"precision-upscaler/FOR GIMP {name}.txt").decode("ascii")
        assert note.startswith(f"Precision Upscaler {version} for GIMP {name}\n")
        return
    pytest.fail(archive.name)


METAINFO = CLONE / "plugin/gimp3/org.gimp.GIMP.Plugin.PrecisionUpscaler.metainfo.xml"


def test_software_centers_are_told_what_it_extends() -> None:
    root = ET.parse(METAINFO).getroot()
    assert root.attrib == {"type": "addon"}
    assert (root.findtext("id"), root.findtext("extends")) == (METAINFO.name[:-13], "org.gimp.GIMP")
    (needed,) = root.findall("requires/id")
    assert (needed.text, needed.attrib) == ("org.gimp.GIMP", {"version": "3.0.0", "compare": "ge"})
    (release, *_) = root.findall("releases/release")
    assert release.get("version") == plugin_bundle.version()


@pytest.mark.skipif(
    shutil.which("appstreamcli") is None, reason="appstreamcli is not here (Debian: appstream)"
)
def test_the_metainfo_is_valid() -> None:
    argv = ["appstreamcli", "validate", "--no-net", "--pedantic", str(METAINFO)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_flatpak_extension_holds_the_whole_plug_in(tmp_path: Path) -> None:
    """No Flatpak runs here: the manifest's commands are carried out on the zip that it names."""
    path = CLONE / f"install_scripts/flatpak/{METAINFO.name[:-13]}.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert (manifest["id"], manifest["runtime"], manifest["branch"]) == (path.stem, "org.gimp.GIMP", "3")
    assert manifest["build-extension"] is True
    ((module,), prefix) = manifest["modules"], manifest["build-options"]["prefix"]
    assert prefix.startswith("/app/extensions/")
    ((source,), commands) = module["sources"], module["build-commands"]
    assert Path(source["path"]).name == plugin_bundle.zip_name("gimp3")
    assert (path.parent / source["path"]).resolve().parent == CLONE / "dist"
    folder = place.unpack(build_zip.build(tmp_path, "gimp3"), tmp_path / "unpacked")
    for command in commands:
        env = {"PATH": os.environ["PATH"], "FLATPAK_DEST": str(tmp_path / "app")}
        subprocess.run(["sh", "-c", command], cwd=folder, env=env, check=True)
    plugin = tmp_path / "app/lib/gimp/3.0/plug-ins/precision-upscaler"
    assert plugin_bundle.damage(plugin) == []
    assert os.access(plugin / plugin_bundle.EXECUTABLE, os.X_OK)
    assert (tmp_path / "app/share/metainfo" / METAINFO.name).exists()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Lay out an installed package with a licence; return the folder that pip would have filled."""
    folder = tmp_path / "fetched"
    metadata = {
        "METADATA": "Name: fast\nVersion: 1.0\nLicense: MIT\n",
        "licenses/LICENSE": "free",
        "RECORD": "",
    }
    for name, content in {
        "fast/__init__.py": "",
        **{f"fast-1.0.dist-info/{k}": v for k, v in metadata.items()},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="ascii")
    record = "\n".join(
        f"{path.relative_to(folder).as_posix()},," for path in folder.rglob("*") if path.is_file()
    )
    (folder / "fast-1.0.dist-info/RECORD").write_text(record, encoding="ascii")
    return folder


def test_a_package_is_copied_without_what_pip_adds_and_with_its_licence(
    package: Path, tmp_path: Path
) -> None:
    (package / "bin").mkdir()
    (package / "bin/fast").write_text("#!/this/machine", encoding="ascii")
    (package / "fast/tests").mkdir()
    packages.copy_pure_python(package, tmp_path / "vendor")
    files = {path.relative_to(tmp_path / "vendor").as_posix() for path in (tmp_path / "vendor").rglob("*.*")}
    assert files == {"LICENSES.txt", "fast/__init__.py", "fast-1.0.dist-info"}
    notice = (tmp_path / "vendor/LICENSES.txt").read_text(encoding="utf-8")
    assert notice.endswith("fast 1.0: MIT\n    fast-1.0.dist-info/licenses/LICENSE\n")


def test_compiled_code_and_a_missing_licence_are_refused(package: Path, tmp_path: Path) -> None:
    library = package / "fast/_core.cpython-311-x86_64-linux-gnu.so"
    library.write_bytes(b"\x7fELF")
    with pytest.raises(Failure, match="compiled code"):
        packages.copy_pure_python(package, tmp_path / "vendor")
    library.unlink()
    (package / "fast-1.0.dist-info/RECORD").write_text("fast/__init__.py,,\n", encoding="ascii")
    with pytest.raises(Failure, match="no licence"):
        packages.copy_pure_python(package, tmp_path / "bare")


def test_packages_are_fetched_once_with_every_hash_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []

    def pip(argv: list[Any], **_: object) -> None:
        ran.append([*map(str, argv)])
        Path(argv[argv.index("--target") + 1]).mkdir(parents=True)

    monkeypatch.setenv("PRECISION_UPSCALER_CACHE", str(tmp_path))
    monkeypatch.setattr(packages, "command", pip)
    folders = {packages.fetch("requirements-vendor.lock", *packages.PURE_PYTHON) for _ in range(2)}
    ((argv,), (folder,)) = ran, folders
    assert {"--require-hashes", "--no-deps", "--no-compile"} < set(argv)
    assert folder.is_relative_to(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "some.zip"
    archive.write_bytes(content)
    with pytest.raises(Failure, match="not a zip of Precision Upscaler"):
        place.unpack(archive, tmp_path / "out")
