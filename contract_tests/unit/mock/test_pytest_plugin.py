from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
ALONE = ("-p", "no:cacheprovider", "-p", "mock_server.pytest_plugin")


@pytest.fixture(autouse=True)
def without_autoload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*ALONE, *arguments)


def test_the_plug_in_loads_without_autoload_and_brings_its_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(precision_mock, webhook_receiver, precision_mock_factory):
            assert precision_mock.url.startswith("http://127.0.0.1:")
            assert precision_mock_factory().url != precision_mock.url
            assert webhook_receiver.url.startswith("http://127.0.0.1:")
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=1)


def test_a_marker_sets_the_mock_up_and_the_nearest_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.precision_mock(scenario="failed", speed=60)

        def test_of_the_module(precision_mock):
            assert (precision_mock.options.scenario, precision_mock.options.speed) == ("failed", 60)

        @pytest.mark.precision_mock(scenario="two_results")
        def test_of_the_test(precision_mock):
            assert (precision_mock.options.scenario, precision_mock.options.speed) == ("two_results", 60)
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('"failed"', "takes its options by name"),
        ('scenari="failed"', "scenari"),
        ('scenario="nope"', "There is no scenario"),
        ('speed="fast"', "speed must be"),
    ],
)
def test_a_marker_that_means_nothing_is_an_error(pytester: pytest.Pytester, marker: str, said: str) -> None:
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.precision_mock({marker})\ndef test_it(precision_mock): ..."
    )
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{said}*"])


def test_ini_options_hold_for_every_mock(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        precision_mock_scenario = failed
        precision_mock_speed = 60
        precision_mock_strict = true
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def seen(mock):
            return mock.options.scenario, mock.options.speed, mock.options.strict

        def test_the_fixture(precision_mock):
            assert seen(precision_mock) == ("failed", 60.0, True)

        def test_the_factory(precision_mock_factory):
            assert seen(precision_mock_factory(scenario="")) == ("", 60.0, True)

        @pytest.mark.precision_mock(strict=False)
        def test_a_marker_comes_first(precision_mock):
            assert seen(precision_mock) == ("failed", 60.0, False)
        """
    )
    run(pytester).assert_outcomes(passed=3)


def test_an_ini_option_that_is_no_number_is_named(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nprecision_mock_speed = fast")
    pytester.makepyfile("def test_it(precision_mock): ...")
    run(pytester).stdout.fnmatch_lines(["*precision_mock_speed must be a number*"])


def test_a_factorys_mock_lives_for_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def service(precision_mock_factory):
            return precision_mock_factory(seed=1)

        urls = []

        def test_one(service): urls.append(service.url)
        def test_two(service): assert urls == [service.url]
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_workers_of_xdist_do_not_meet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(precision_mock, precision_mock_factory, number):
            assert precision_mock.requests == precision_mock_factory().requests == []
        """
    )
    run(pytester, "-p", "xdist", "-n", "2").assert_outcomes(passed=8)


def test_flask_is_imported_by_the_fixtures_alone() -> None:
    code = (
        "import sys, mock_server.pytest_plugin; print(sorted({'flask', 'cheroot', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_fixtures_are_described(pytester: pytest.Pytester) -> None:
    output = run(pytester, "--fixtures").stdout.str()
    for name in ("precision_mock", "precision_mock_factory [session scope]", "webhook_receiver"):
        assert f"\n{name}" in output
    assert "stands still until" in output
    assert "precision_mock(**options)" in run(pytester, "--markers").stdout.str()
