"""The windows of GIMP 3 as a person uses them, from the first start to the last result.

The tests of one GIMP share its session and run in this order, as the first day with the plug-in would.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import DIALOG, KEY, RESUME, SETTINGS
from .harness import IMAGE_WINDOW

if TYPE_CHECKING:
    from .conftest import Desk

WRONG_KEY = "wrong-key-4711"


def test_the_harness_drives_a_filter_of_gimps_own(desk: Desk) -> None:
    desk.desktop.menu("Colors", "Invert")
    desk.desktop.wait(lambda: desk.desktop.titles()[0].startswith("*"), "the image is changed")
    desk.desktop.keys("ctrl+z", window="GIMP$")
    desk.desktop.wait(lambda: not desk.desktop.titles()[0].startswith("*"), "the image is as it was")


def test_the_first_run_asks_for_the_key(desk: Desk) -> None:
    desk.desktop.menu("Filters", "Enhance", "Precision Upscale…")
    desk.desktop.look("API key:", role="password text", window=KEY)
    assert not desk.desktop.look("Test and Store", window=KEY)["sensitive"]
    desk.picture("first-run-key", KEY)
    desk.close(KEY)
    assert not desk.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    desk.desktop.look("The service needs the API key of your account.", window=DIALOG)
    # what it would cost is shown before there is a key
    desk.desktop.look("/^about 0.10 EUR, an estimate/", window=DIALOG)
    desk.close(DIALOG)


def test_a_wrong_key_is_refused_and_not_stored(practising: Desk) -> None:
    desk = practising
    desk.open_dialog()
    desk.desktop.press("API Key…", window=DIALOG)
    desk.desktop.write(WRONG_KEY, "API key:", role="password text", window=KEY)
    desk.desktop.wait(lambda: desk.desktop.look("Test and Store", window=KEY)["sensitive"], "Test and Store")
    desk.desktop.press("Test and Store", window=KEY)
    desk.desktop.look("The service does not accept this key.", window=KEY)
    desk.desktop.look("/^Practice: this key is for the offline mock/", window=KEY)
    desk.close(KEY)
    assert desk.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    desk.close(DIALOG)
    found = [path for path in desk.desktop.home.rglob("*") if path.is_file() and _holds(path, WRONG_KEY)]
    assert found == []


def _holds(path: object, text: str) -> bool:
    return text.encode() in path.read_bytes()  # type: ignore[attr-defined]  # a Path


def test_a_right_key_is_stored_for_its_owner_alone(practising: Desk) -> None:
    desk = practising
    desk.open_dialog()
    desk.desktop.press("API Key…", window=DIALOG)
    desk.desktop.write("mock-key", "API key:", role="password text", window=KEY)
    desk.desktop.press("Test and Store", window=KEY)
    desk.desktop.gone(window=KEY)
    desk.close(DIALOG)
    (stored,) = desk.desktop.home.rglob("credentials.json")
    assert stored.stat().st_mode & 0o777 == 0o600
    assert json.loads(stored.read_text()) == {f"http://127.0.0.1:{desk.port}": "mock-key"}


def test_the_live_lines_follow_the_sliders(practising: Desk) -> None:
    desk = practising
    width, height = desk.before
    desk.open_dialog()
    desk.desktop.look(f"/^{width * 2} × {height * 2} pixels/", window=DIALOG)
    desk.desktop.look("/^nothing, this is practice; the real service: about 0.10 EUR$/", window=DIALOG)
    desk.desktop.ask("move_window", title=f"^{DIALOG}$", x=8, y=150)
    desk.picture("dialog", DIALOG)
    desk.picture("dialog-in-gimp")
    desk.desktop.turn(4, "Scale factor", role="spin button", window=DIALOG)
    desk.desktop.look(f"/^{width * 4} × {height * 4} pixels/", window=DIALOG)
    desk.desktop.look(f"becomes {width * 4} × {height * 4} pixels", window=DIALOG)
    desk.desktop.choose("Keep the layer's size", "Placement", role="combo box", window=DIALOG)
    desk.desktop.look(f"stays {width} × {height} pixels", window=DIALOG)
    desk.desktop.look("The result is scaled back: more detail, nothing moves", window=DIALOG)
    desk.close(DIALOG)


def test_settings_are_kept_brought_back_and_reset(practising: Desk) -> None:
    desk = practising
    factor: dict[str, Any] = {"name": "Scale factor", "role": "spin button", "window": DIALOG}

    def wait_for(value: int) -> None:
        desk.desktop.wait(lambda: desk.desktop.look(**factor)["value"] == value, f"the factor is {value}")

    desk.open_dialog()
    desk.desktop.turn(3, **factor)
    desk.desktop.press("Save Settings", window=DIALOG)
    desk.desktop.turn(5, **factor)
    desk.desktop.press("Load Saved Settings", window=DIALOG)
    wait_for(3)
    desk.desktop.press("Reset", role="button", window=DIALOG)
    desk.desktop.press("/Factory Defaults/")
    wait_for(2)
    desk.close(DIALOG)


def test_a_refusal_is_shown_in_place_and_forbids_the_run(practising: Desk) -> None:
    desk = practising
    desk.open_dialog()
    desk.desktop.press("More options", window=DIALOG)
    desk.desktop.choose("Selection", "Area", role="combo box", window=DIALOG)
    desk.desktop.look("/nothing is selected/", window=DIALOG)
    assert not desk.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    desk.desktop.choose("Layer", "Area", role="combo box", window=DIALOG)
    desk.desktop.wait(
        lambda: desk.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"], "Upscale again"
    )
    desk.close(DIALOG)


def test_help_opens_our_page_and_leaves_the_dialog(practising: Desk) -> None:
    desk = practising
    desk.open_dialog()
    desk.desktop.press("Help", role="button", window=DIALOG)
    desk.desktop.wait(
        lambda: "upscaler_gimp3/help/index.html#dialog" in desk.desktop.log.read_text(), "the page is opened"
    )
    desk.close(DIALOG)


def test_several_layers_have_a_row_each(practising: Desk) -> None:
    desk = practising
    mock = desk.start_mock()
    desk.desktop.keys("ctrl+shift+d", window="GIMP$")
    copy = desk.desktop.look("portrait.png copy", role="table cell", window=IMAGE_WINDOW)
    # or the second would be the same upscale as the first, and free
    desk.desktop.menu("Colors", "Invert")
    original = desk.desktop.look("portrait.png", role="table cell", window=IMAGE_WINDOW)
    assert copy["box"] != original["box"]
    x, y, _, height = original["box"]
    # at its begin: the list may be narrower than the name
    desk.desktop.ask("click", x=x + 8, y=y + height // 2, holding="ctrl")
    desk.desktop.ask("point", x=1779, y=1009)
    desk.open_dialog()
    desk.desktop.look("2 layers, one charge for each.", window=DIALOG)
    desk.desktop.turn(2, "Ultra detail", role="spin button", window=DIALOG)
    desk.desktop.turn(2, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    for name in ("portrait.png", "portrait.png copy"):
        desk.desktop.look(name, role="progress bar", window=DIALOG)
    desk.desktop.look("/^Already charged/", window=DIALOG)  # both of them
    desk.desktop.wait(
        lambda: len(desk.desktop.listing("/ of usually about /", window=DIALOG)) == 2, "both have a time"
    )
    desk.picture("progress-two-layers", DIALOG)
    mock.advance(1000)
    desk.wait_for_factor(2)
    desk.hear("/^2 of 2 layers were upscaled./")
    desk.undo()
    desk.desktop.keys("ctrl+z", "ctrl+z", window="GIMP$")  # the inversion, and the copy
    desk.desktop.gone("portrait.png copy", role="table cell", window=IMAGE_WINDOW)


def test_from_the_menu_to_the_layer_and_back_with_one_undo(practising: Desk) -> None:
    desk = practising
    mock = desk.start_mock()
    charges = mock.charges
    desk.open_dialog()
    desk.desktop.turn(30, "Ultra detail", role="spin button", window=DIALOG)
    desk.upscale()
    desk.desktop.look("Waiting for the service", window=DIALOG)
    desk.desktop.look("/^Already charged/", window=DIALOG)
    desk.desktop.look("/ of usually about /", window=DIALOG)
    # GIMP's own windows stay usable while the service works
    for shown in (False, True):
        desk.desktop.menu("View", "Show Rulers")
        desk.desktop.wait(lambda shown=shown: _rulers(desk) == shown, f"rulers are shown: {shown}")
    mock.advance(1000)
    desk.wait_for_factor(2)
    desk.desktop.gone(window=DIALOG)
    assert mock.charges == charges + 1
    desk.desktop.look("portrait.png", role="table cell", window=IMAGE_WINDOW)
    desk.undo()
    assert not desk.desktop.titles()[0].startswith("*"), "one undo takes everything back"


def _rulers(desk: Desk) -> bool:
    item = desk.desktop.look("Show Rulers", role="check menu item", window=IMAGE_WINDOW, hidden=True)
    return bool(item["checked"])


def test_a_cancel_after_the_charge_leads_to_resume(practising: Desk) -> None:
    desk = practising
    mock = desk.start_mock()
    desk.open_dialog()
    desk.desktop.turn(3, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    desk.desktop.look("/^Already charged/", window=DIALOG)
    charges = mock.charges
    desk.close(DIALOG)
    desk.wait_for_factor(1)
    desk.desktop.menu("Filters", "Enhance", "Resume Precision Upscales…")
    desk.desktop.look("/^“portrait.png” of /", role="list item", window=RESUME)
    desk.desktop.look("Its image is open: the result goes back into the layer.", window=RESUME)
    # its thumbnail; before it is read there is an icon without a name
    desk.desktop.look("/^“portrait.png” of /", role="icon", window=RESUME)
    desk.picture("resume", RESUME)
    mock.advance(1000)
    desk.desktop.press("Bring Back", window=RESUME)
    desk.wait_for_factor(3)
    nothing = "Nothing is waiting: every upscale has reached its image."
    desk.desktop.wait(
        lambda: desk.desktop.look("Unfinished upscales", window=RESUME)["description"] == nothing,
        "the list is empty",
    )
    desk.close(RESUME, "Close")
    assert mock.charges == charges
    desk.undo()


def test_the_same_upscale_again_costs_nothing(practising: Desk) -> None:
    desk = practising
    charges = desk.start_mock().charges
    desk.open_dialog()
    desk.desktop.turn(2, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    desk.wait_for_factor(2)
    assert desk.start_mock().charges == charges
    desk.undo()


def test_a_cancel_before_the_charge_costs_nothing(practising: Desk) -> None:
    desk = practising
    mock = desk.start_mock()
    mock.play("http_429@list*100")
    charges = mock.charges
    desk.open_dialog()
    desk.desktop.turn(5, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    desk.desktop.look("Cancel costs nothing now.", window=DIALOG)
    desk.close(DIALOG)
    assert mock.charges == charges
    assert desk.size() == "x".join(map(str, desk.before))


@pytest.mark.parametrize("scenario", ["failed"])
def test_a_failure_is_told_with_its_three_answers(practising: Desk, scenario: str) -> None:
    desk = practising
    mock = desk.start_mock()
    mock.play(scenario)
    desk.open_dialog()
    desk.desktop.turn(6, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    desk.desktop.look("/^Already charged/", window=DIALOG)
    mock.advance(1000)
    told = desk.hear("/could not upscale the picture/", "failure")
    assert "The service does not say whether a failed task is charged" in told
    assert "Try again" in told
    assert desk.size() == "x".join(map(str, desk.before))


def test_the_settings_are_shown_tested_and_saved(practising: Desk) -> None:
    desk = practising
    desk.desktop.menu("Filters", "Enhance", "Precision Upscale Settings…")
    desk.desktop.look("The API key is in a file that only you can read.", window=SETTINGS)
    desk.desktop.press("Test the Key", window=SETTINGS)
    desk.desktop.look("The key works.", window=SETTINGS)
    desk.picture("settings", SETTINGS)
    desk.desktop.turn(90, "Wait for a result (minutes):", role="spin button", window=SETTINGS)
    desk.desktop.choose("JPEG, smaller", "Send layers as:", role="combo box", window=SETTINGS)
    desk.close(SETTINGS, "Save")
    (settings,) = desk.desktop.home.rglob("precision-upscaler/settings.json")
    stored = json.loads(settings.read_text())
    assert (stored["deadline_minutes"], stored["upload_format"]) == (90, "jpeg")


def test_a_setting_that_is_not_allowed_is_refused_in_place(practising: Desk) -> None:
    desk = practising
    desk.desktop.menu("Filters", "Enhance", "Precision Upscale Settings…")
    address = desk.desktop.look("Service address:", role="text", window=SETTINGS)
    assert address["text"] == f"http://127.0.0.1:{desk.port}"
    desk.desktop.write("http://example.com", "Service address:", role="text", window=SETTINGS)
    desk.desktop.press("Save", window=SETTINGS)
    desk.desktop.look("/example.com is not secure/", window=SETTINGS)
    desk.close(SETTINGS)


def test_practice_ends_where_it_began(practising: Desk) -> None:
    desk = practising
    desk.open_dialog()
    desk.desktop.press("Use the Real Service", window=DIALOG)
    desk.desktop.look("No API key is stored.", window=DIALOG)
    desk.close(DIALOG)
    desk.practises = False
    (settings,) = desk.desktop.home.rglob("precision-upscaler/settings.json")
    assert json.loads(settings.read_text())["base_url"] == "https://api.freepik.com"


def test_whatever_else_is_on_this_computer_is_no_practice(desk: Desk) -> None:
    """Through a proxy, for one, the real service is reached, and charges."""
    desk.open_dialog()
    desk.desktop.press("Settings…", window=DIALOG)
    desk.desktop.write("http://127.0.0.1:1", "Service address:", role="text", window=SETTINGS)
    desk.close(SETTINGS, "Save")
    # the settings were asked for again when the button comes back
    desk.desktop.wait(
        lambda: desk.desktop.look("Settings…", role="button", window=DIALOG)["sensitive"], "the new address"
    )
    desk.desktop.look("/^about .* EUR, an estimate/", window=DIALOG)
    assert not desk.desktop.sees("/^Practice: /", window=DIALOG)
    desk.close(DIALOG)


def test_an_image_that_is_closed_meanwhile_gets_its_result_as_a_new_one(practising: Desk) -> None:
    desk = practising
    mock = desk.start_mock()
    desk.desktop.menu("Image", "Duplicate")
    _shows(desk, "[Untitled]")
    desk.open_dialog()
    desk.desktop.turn(4, "Scale factor", role="spin button", window=DIALOG)
    desk.upscale()
    desk.desktop.look("/^Already charged/", window=DIALOG)
    charges = mock.charges
    _close_image(desk)
    mock.advance(1000)
    _shows(desk, "[Untitled]")
    desk.wait_for_factor(4)
    desk.hear("/^The image was closed meanwhile; the result of “portrait.png” is a new image./")
    assert mock.charges == charges
    _close_image(desk)


def _close_image(desk: Desk) -> None:
    desk.desktop.keys("ctrl+w", window="GIMP$")
    desk.desktop.press("Discard Changes", role="button")
    _shows(desk, "[portrait]")


def _shows(desk: Desk, name: str) -> None:
    desk.desktop.wait(lambda: any(name in title for title in desk.desktop.titles()), f"{name} is shown")


def test_gimp_and_python_had_nothing_to_complain_about(desk: Desk) -> None:
    said = desk.desktop.complaints()
    # the browser of these tests says what it was asked to open
    assert [line for line in said if not line.startswith("browser-opens")] == []
