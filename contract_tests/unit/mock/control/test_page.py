"""The page for people, in a real browser. ``MOCK_SCREENSHOTS=DIR`` keeps what it looks like."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.browser import PROGRAM, Browser
from contract_tests.support.mock_calls import encoded, picture
from mock_server import PrecisionMock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        PROGRAM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
    ),
]
CARDS = "document.querySelectorAll('.task').length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("chromium") / "profile") as started:
        yield started


@pytest.fixture
def mock(browser: Browser) -> Iterator[PrecisionMock]:
    browser.console.clear()
    browser.requested.clear()
    with PrecisionMock() as started:
        yield started
        browser.open("about:blank")


def create(mock: PrecisionMock, key: str = "mock-key", **body: Any) -> str:
    data = json.dumps({"image": encoded(picture(320, 240)), **body}).encode()
    headers = {"x-freepik-api-key": key, "Content-Type": "application/json", "Connection": "close"}
    with urllib.request.urlopen(urllib.request.Request(mock.url + CREATE_PATH, data, headers)) as answer:
        task_id: str = json.load(answer)["data"]["task_id"]
    return task_id


def keep(browser: Browser, name: str) -> None:
    folder = os.environ.get("MOCK_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.screenshot(Path(folder) / f"{name}.png")


def text(browser: Browser, selector: str) -> str:
    found: str = browser.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
    return found


def test_tasks_are_watched_live(browser: Browser, mock: PrecisionMock) -> None:
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for("!document.getElementById('no-tasks').hidden")
    keep(browser, "empty")
    task_id = create(mock, scale_factor=4, sharpen=80)
    browser.wait_for(f"{CARDS} === 1")
    assert text(browser, "#count") == "1 task"
    assert task_id in text(browser, ".task")
    assert "created" in text(browser, ".task")
    mock.advance(30)
    browser.wait_for("document.querySelector('.task').innerText.includes('in progress')")
    mock.advance(1000)
    browser.wait_for("document.querySelector('.task').innerText.includes('completed')")
    browser.wait_for("document.getElementById('after').naturalWidth === 1280")
    assert "1280×960" in text(browser, "#facts")
    assert text(browser, "#charges") == "1"
    keep(browser, "completed")
    assert browser.console == []


def test_before_and_after_are_compared_with_a_slider(browser: Browser, mock: PrecisionMock) -> None:
    create(mock)
    mock.advance(1000)
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for("document.getElementById('after').naturalWidth > 0")
    left = "document.getElementById('%s').getBoundingClientRect().left"
    width = f"{left % 'handle'} - {left % 'pictures'}"
    middle = browser.evaluate(width)
    browser.evaluate("compare.value = 10; compare.dispatchEvent(new Event('input'))")
    assert browser.evaluate(width) < middle / 3
    keep(browser, "slider")


def test_buttons_move_time_end_tasks_and_choose_scenarios(browser: Browser, mock: PrecisionMock) -> None:
    first = create(mock)
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for(f"{CARDS} === 1")
    browser.evaluate("document.querySelector('[data-advance=\"60\"]').click()")
    browser.wait_for("document.querySelector('.task').innerText.includes('in progress')")
    browser.evaluate("document.getElementById('fail').click()")
    browser.wait_for("document.querySelector('.task').innerText.includes('failed')")
    browser.evaluate(
        "[...document.querySelectorAll('#scenarios button')].find(b => b.innerText === 'nearest').click()"
    )
    browser.wait_for("document.querySelector('#scenarios [aria-pressed=true]').innerText === 'nearest'")
    create(mock)
    browser.wait_for(f"{CARDS} === 2 && document.querySelector('.task').innerText.includes('nearest')")
    browser.evaluate("speed.value = '60'; speed.dispatchEvent(new Event('change'))")
    browser.wait_for("document.querySelector('.task').innerText.includes('completed')")
    assert mock.requests[0]["task_id"] == first
    browser.evaluate("window.confirm = () => true; document.getElementById('reset').click()")
    browser.wait_for(f"{CARDS} === 0 && document.getElementById('charges').innerText === '0'")
    assert browser.console == []


@pytest.mark.parametrize("key", ["mock-failed", "mock-cancelled"])
def test_a_task_that_ended_without_a_picture_cannot_be_ended_again(
    browser: Browser, mock: PrecisionMock, key: str
) -> None:
    create(mock, key=key)
    mock.advance(1000)
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for(f"{CARDS} === 1")
    browser.evaluate("document.querySelector('.task').click()")
    browser.wait_for(
        "document.querySelector('#complete').disabled && document.querySelector('#fail').disabled"
    )
    fills = browser.evaluate(
        "[...document.querySelectorAll('.line rect')].map(rect => getComputedStyle(rect).fill)"
    )
    assert len(fills) == 3, "the bar has no part that is still to come"
    assert fills[2] not in ("rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"), "the end has its own color"


def test_requests_have_a_curl_line_and_notes(browser: Browser, mock: PrecisionMock) -> None:
    create(
        mock,
        webhook_url="http://192.0.2.1/<img src=x onerror=alert(1)>".replace("<", "%3C")
        .replace(">", "%3E")
        .replace(" ", ""),
    )
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as refused:
            create(mock, "mock-http_429")
        refused.value.close()
    mock.advance(1000)
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for("document.getElementById('requests').rows.length === 3")
    requests = text(browser, "#requests")
    assert "charged" in requests
    assert "ignored Retry-After" in requests
    browser.evaluate("document.querySelectorAll('#requests details').forEach(d => d.open = true)")
    assert f"curl -sS -X POST {mock.url}{CREATE_PATH}" in text(browser, "#requests")
    browser.wait_for("document.getElementById('webhooks').innerText.includes('refused')")
    keep(browser, "requests")
    assert browser.console == []


def test_nothing_comes_from_elsewhere(browser: Browser, mock: PrecisionMock) -> None:
    create(mock)
    for page, ready in (("", f"{CARDS} === 1"), ("docs", "document.querySelectorAll('article').length > 10")):
        browser.open(f"{mock.url}/__mock__/{page}")
        browser.wait_for(ready)
        keep(browser, page or "tasks")
    assert {
        url.split("/__mock__/")[0] for url in browser.requested if not url.startswith(("data:", "about:"))
    } == {mock.url}
    assert browser.console == []


def test_what_a_client_sent_is_shown_and_not_run(browser: Browser, mock: PrecisionMock) -> None:
    task_id = create(mock, other="<img src=x onerror='document.title=1'>")
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for("document.getElementById('requests').rows.length === 1")
    assert task_id[:8] in text(browser, "#requests")
    assert browser.evaluate("document.title") == "Precision mock"
    assert browser.evaluate("document.querySelectorAll('#requests img').length") == 0


def test_a_mock_that_is_gone_is_said(browser: Browser, mock: PrecisionMock) -> None:
    browser.open(f"{mock.url}/__mock__/")
    browser.wait_for("!document.getElementById('no-tasks').hidden")
    mock.stop()
    browser.wait_for("!document.getElementById('trouble').hidden")
    assert "does not answer" in text(browser, "#trouble")
