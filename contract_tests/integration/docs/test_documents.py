"""Every command and every piece of code in the documents does what it says; every link leads somewhere."""

from __future__ import annotations

import os
import re
import shlex
import struct
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dev.bootstrap import CLONE, cache_folder
from dev.mock_process import KEY, running_mock
from installer import place
from PIL import Image

from .blocks import PAGES, Block, blocks, run_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gimp_sandbox.gimp import Gimp

BLOCKS = blocks()
WIDTH, HEIGHT = 240, 180


@pytest.fixture(scope="module")
def mock_address() -> Iterator[str]:
    """Run a mock of the service that is quick."""
    with running_mock("--progress", "polls:1", "--queue-seconds", "0", "--seconds", "0.1") as address:
        yield address


@pytest.fixture
def environ(mock_address: str, tmp_path: Path) -> dict[str, str]:
    """Give the environment the pages ask their reader to have."""
    return {
        "PRECISION_UPSCALER_BASE_URL": mock_address,
        "PRECISION_UPSCALER_DATA": str(tmp_path / "data"),
        "FREEPIK_API_KEY": KEY,
    }


def photograph(path: Path) -> None:
    # each a picture of its own: an identical request would be answered from what is stored
    path.parent.mkdir(exist_ok=True)
    tint = sum(path.name.encode()) % 255
    ramps = [
        Image.linear_gradient("L").resize((WIDTH, HEIGHT)),
        Image.radial_gradient("L").resize((WIDTH, HEIGHT)),
    ]
    Image.merge("RGB", [*ramps, Image.new("L", (WIDTH, HEIGHT), tint)]).save(path)


def size_of_xcf(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[14:22])
    return width, height


def of_shell(page: Path) -> list[Block]:
    return [block for block in BLOCKS if block.page == page and runs_in_shell(block)]


def needs_gimp(page: Path) -> bool:
    return any("private_gimp.py" in block.text for block in of_shell(page))


def shell_pages() -> list[Any]:
    return [
        pytest.param(page, id=page.name, marks=[pytest.mark.gimp3] if needs_gimp(page) else [])
        for page in PAGES
        if of_shell(page)
    ]


def runs_in_shell(block: Block) -> bool:
    return block.language == "sh" and not block.how


@pytest.mark.parametrize("page", shell_pages())
def test_the_commands_of_a_page_work_in_their_order(
    page: Path, tmp_path: Path, environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    mine = of_shell(page)
    if needs_gimp(page):
        request.getfixturevalue("gimp32")  # skips where no GIMP can be built
    reader = tmp_path / "reader"
    for folder in (".config/GIMP/3.2", ".config/GIMP/2.10"):
        (reader / folder).mkdir(parents=True)
    desk = tmp_path / "desk"
    desk.mkdir()
    for name in ("install_scripts", "docs", "plugin"):
        (desk / name).symlink_to(CLONE / name)
    for name in ("wedding.jpg", "photos/a.jpg", "photos/b.jpg"):
        photograph(desk / name)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "TMPDIR"))}
    tools = Path(sys.executable).parent
    env = {
        **kept,
        **environ,
        "HOME": str(reader),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PRECISION_UPSCALER_CACHE": str(cache_folder()),
    }
    for block in mine:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=desk,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        said = f"{block}\n{block.text}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        assert "Traceback" not in said
    if page.name == "scripting.md":
        for made in ("wedding-x2.png", "again.png", "enlarged/a-x2.png", "enlarged/b-x2.png"):
            with Image.open(desk / made) as picture:
                assert picture.size == (2 * WIDTH, 2 * HEIGHT)


def in_gimp(gimp: Gimp, plugin: Path, block: Block, tmp_path: Path, environ: dict[str, str]) -> None:
    """Run a Script-Fu or Python block in GIMP and hold the image it saves to be twice as large."""
    (saved,) = set(re.findall(r'"([^"]+\.xcf)"', block.text))
    data = Path(environ["PRECISION_UPSCALER_DATA"])
    data.mkdir()
    with gimp.fresh_home() as home:
        place.install(plugin, home / gimp.settings / "plug-ins")
        photograph(home / "wedding.jpg")
        if block.language == "python":
            script = home / "script.py"
            script.write_text(block.text, encoding="utf-8")
            code = f"exec(compile(open({str(script)!r}).read(), {script.name!r}, 'exec'))"
            done = gimp.batch(code, home=home, binds=[data], env=environ, timeout=150)
        else:
            quit_it = ["-b", "(gimp-quit 1)"] if gimp.version == "2.10" else ["--quit"]
            argv = [gimp.console, "-i", "-d", "-f", "--no-splash"]
            argv += ["--batch-interpreter", "plug-in-script-fu-eval", "-b", block.text, *quit_it]
            done = gimp.run(argv, home=home, binds=[data], env=environ, timeout=150)
        said = f"{block}\n{done.stdout}{done.stderr}"
        assert (home / saved).exists(), said
        assert size_of_xcf(home / saved) == (2 * WIDTH, 2 * HEIGHT), said


def marked(what: str) -> list[Block]:
    return [block for block in BLOCKS if (block.how, block.what) == ("run in", what)]


@pytest.mark.parametrize("block", marked("GIMP 3"), ids=str)
def test_what_is_for_gimp_3_works_there(
    block: Block, gimp3: Gimp, plugin_gimp3: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    in_gimp(gimp3, plugin_gimp3, block, tmp_path, environ)


@pytest.mark.parametrize("block", marked("GIMP 2.10"), ids=str)
def test_what_is_for_gimp_2_10_works_there(
    block: Block, gimp210: Gimp, plugin_gimp2: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    in_gimp(gimp210, plugin_gimp2, block, tmp_path, environ)


@pytest.mark.parametrize("block", marked("a terminal of GIMP 3"), ids=str)
def test_what_is_for_a_terminal_works_there(
    block: Block, gimp3: Gimp, plugin_gimp3: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    (script,) = [each for each in marked("GIMP 3") if each.language == "scheme" and each.page == block.page]
    (saved,) = set(re.findall(r'"([^"]+\.xcf)"', script.text))
    (name,) = re.findall(r"\w+\.scm", block.text)
    data = Path(environ["PRECISION_UPSCALER_DATA"])
    data.mkdir()
    with gimp3.fresh_home() as home:
        place.install(plugin_gimp3, home / gimp3.settings / "plug-ins")
        photograph(home / "wedding.jpg")
        (home / name).write_text(script.text, encoding="utf-8")
        done = gimp3.run(
            ["bash", "-c", f"cd ~ && {block.text}"], home=home, binds=[data], env=environ, timeout=150
        )
        assert size_of_xcf(home / saved) == (2 * WIDTH, 2 * HEIGHT), f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", marked("the background"), ids=str)
def test_what_serves_until_it_is_stopped_serves(block: Block) -> None:
    (port,) = re.findall(r"--port (\d+)", block.text)
    # another program may have the documented port
    words = ["0" if word == port else word for word in shlex.split(block.text)]
    argv = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as serving:
        try:
            assert serving.stdout is not None
            said = serving.stdout.readline()
            (address,) = re.findall(r"Listening on (http://127\.0\.0\.1:\d+)$", said.strip())
            browser = urllib.request.Request(address, headers={"Accept": "text/html"})
            with urllib.request.urlopen(browser, timeout=10) as page:
                assert "html" in page.headers["Content-Type"]
        finally:
            serving.terminate()


@pytest.mark.parametrize("block", marked("pytest"), ids=str)
def test_what_is_for_pytest_passes_there(block: Block, tmp_path: Path) -> None:
    photograph(tmp_path / "wedding.jpg")
    (tmp_path / "test_page.py").write_text(block.text, encoding="utf-8")
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_no_block_is_left_out_silently(block: Block) -> None:
    if block.how == "not run":
        assert len(block.what.split()) > 3, "a reason is a sentence"
    elif block.how == "run by":
        assert block.text.strip() in run_by(str(CLONE / block.what))
        assert "run_by(__file__)" in (CLONE / block.what).read_text(encoding="utf-8")
    elif block.how == "run in":
        assert block.what in {"GIMP 3", "GIMP 2.10", "pytest", "a terminal of GIMP 3", "the background"}
    else:
        assert block.language == "sh"


def test_no_fence_escapes_the_search() -> None:
    for page in PAGES:
        fences = len(re.findall(r"^```", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert fences == 2 * sum(block.page == page for block in BLOCKS), page


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, CLONE / "ARCHITECTURE.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(goal), f"{page.name} links to {target}"


def test_the_reference_is_what_the_program_says() -> None:
    argv = [sys.executable, str(CLONE / "docs/make_reference.py"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((CLONE / "README.md").read_text(encoding="utf-8").split()) < 900
