"""Run every check of the project: lint, types, and all tests, those in real GIMPs included.

    python3 install_scripts/test.py              everything
    python3 install_scripts/test.py --quick      without the real GIMPs
    python3 install_scripts/test.py --planted    plant wrong subjects, change operators; the tests must notice
    python3 install_scripts/test.py -k journal   anything else is handed on to pytest

Sets up what it needs by itself, and is quick the second time: the clone's virtual environment with the
locked dependencies, and, as root on Linux, private GIMPs 3.0, 3.2 and 2.10, a Windows Python run by Wine, and
a Chromium for the mock's page. Where those cannot be had their tests are skipped, with the reason.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dev import debian, parallel
from dev.bootstrap import CLONE, Environment
from dev.console import Failure, exit_on_failure, in_background, say
from gimp_sandbox import windows
from gimp_sandbox.gimp import GimpUnavailable, find_native, find_or_build
from gimp_sandbox.recipes import RECIPES

PLANTED = ("contract_tests.mutation", "contract_tests.mutation.mutate")
PROGRAMS = (
    ("chromium", ("chromium", "chromium-browser", "google-chrome"), "the tests of the mock's page"),
    ("appstream", ("appstreamcli",), "the tests of the AppStream metainfo"),
)
"""Debian's packages, the programs that make them needless, and the tests that need them."""
COVERED = 95
"""Percent of the core's and the mock's lines and branches that a whole run must reach, also without GIMP."""


def checks(environment: Environment) -> bool:
    """Run the linter and the type checker; return whether all was well."""
    every: tuple[tuple[str, list[str]], ...] = (
        ("lint", ["ruff", "check", "--output-format=concise", "."]),
        ("format", ["ruff", "format", "--check", "."]),
        ("types", ["mypy"]),
        ("types of the scripts", ["mypy", "--config-file=pyproject.toml", *_scripts()]),
    )
    well = True
    for title, (tool, *arguments) in every:
        say(f"==> {title}: {tool} {' '.join(arguments[:2])}")
        done = subprocess.run([str(environment.tool(tool)), *arguments], cwd=CLONE, check=False)
        if done.returncode:
            say(f"    FAILED: {title}")
            well = False
    return well


def _scripts() -> list[str]:
    return sorted(str(path.relative_to(CLONE)) for path in (CLONE / "install_scripts").rglob("*.py"))


def absent_gimps() -> list[str]:
    """Build the private GIMPs that are missing; return the versions that tests must do without."""
    absent = []
    for version in RECIPES:
        try:
            gimp = find_or_build(version)
        except GimpUnavailable as unavailable:
            native = find_native()
            if native is not None and native.version == version:
                say(f"==> GIMP {version}: this machine's own, {native.console}")
                continue
            say(f"==> GIMP {version}: its tests are skipped: {unavailable}")
            absent.append(version)
        except Failure as failure:
            # Python 2.7 leaves Debian's mirrors one day: 2.10 then stays with those who have it cached
            if version != "2.10":
                raise
            say(f"==> GIMP {version}: its tests are skipped, it cannot be built: {failure}")
            absent.append(version)
        else:
            say(f"==> GIMP {version}: {gimp.folder}")
    return absent


def prepared() -> list[str]:
    """Get what the slower tests need beside Python; return what they must do without."""
    absent = absent_gimps()
    try:
        say(f"==> Windows Python: {windows.find_or_build().folder}")
    except windows.WindowsUnavailable as unavailable:
        say(f"==> Windows Python: its tests are skipped: {unavailable}")
        absent.append("windows")
    for package, programs, tests in PROGRAMS:
        if not any(map(shutil.which, programs)):
            try:
                debian.install(package)
            except Failure as failure:
                say(f"==> {package}: {tests} are skipped: {failure}")
    return absent


def planted(environment: Environment, arguments: list[str]) -> int:
    """Run the tests on every deliberately wrong subject; 0 only when all were caught.

    Then also change the modules that decide one operator or number at a time, unless ``arguments`` choose
    some of the wrong subjects.
    """
    code = 0
    for module in ("contract_tests.mutation",) if arguments else PLANTED:
        say(f"==> planted: python -m {module}")
        argv = [str(environment.python), "-m", module, *arguments]
        code = subprocess.run(argv, cwd=CLONE, check=False).returncode or code
    return code


def explained(environment: Environment, report: Path) -> bool:
    """Return whether the lines that did not run are on the list of those that need not."""
    say("==> lines that no test runs")
    argv = [str(environment.python), "-m", "contract_tests.support.uncovered", str(report)]
    return subprocess.run(argv, cwd=CLONE, check=False).returncode == 0


def main() -> int:
    """Set up, check, test; 0 only when everything passed."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        say((__doc__ or "").strip())
        return 0
    environment = Environment()
    if "--planted" in arguments:
        environment.ensure()
        return planted(environment, [one for one in arguments if one != "--planted"])
    quick = "--quick" in arguments
    with in_background(lambda: ["all"] if quick else prepared()) as built:
        environment.ensure()
        well = checks(environment)
        absent = built.result()
    argv = [str(environment.tool("pytest")), "--cov", "--cov-report=term"]
    if "live" not in " ".join(arguments).replace("=", " ").split():
        # one purse for one account: a run against the real service stays in one process
        argv += parallel.spread(real_gimps=not quick)
    argv += [argument for argument in arguments if argument != "--quick"]
    say("==> tests: pytest")
    with (
        parallel.environment(real_gimps=not quick) as env,
        tempfile.TemporaryDirectory(prefix="precision-test-") as folder,
    ):
        env["PRECISION_UPSCALER_WITHOUT_GIMP"] = ",".join(absent)
        report = Path(folder) / "coverage.json"
        whole = set(arguments) <= {"--quick"}
        if whole:
            argv += [f"--cov-report=json:{report}", f"--cov-fail-under={COVERED}"]
        code = subprocess.run(argv, cwd=CLONE, env=env, check=False).returncode
        # part of the tests cannot run every line, and a run that broke off did not
        if whole and code == 0 and not explained(environment, report):
            well = False
    return code or int(not well)


if __name__ == "__main__":
    with exit_on_failure():
        sys.exit(main())
