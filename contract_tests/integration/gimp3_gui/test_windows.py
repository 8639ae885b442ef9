"""The windows of GIMP 3 as a person uses them, from the first start to the last result.

The tests of one GIMP share its session, to save its start. Each finds the image as it was opened; after a
failure the next test gets a new session, so that one cause gives one failed test.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from .gui_session import DIALOG, EVIDENCE, KEY, RESUME, SETTINGS
from .harness import IMAGE_WINDOW

if TYPE_CHECKING:
    from .gui_session import GuiSession

WRONG_KEY = "wrong-key-4711"


def test_the_harness_drives_a_filter_of_gimps_own(gui: GuiSession) -> None:
    gui.desktop.menu("Colors", "Invert")
    gui.desktop.wait(lambda: gui.desktop.titles()[0].startswith("*"), "the image is changed")
    gui.desktop.keys("ctrl+z", window="GIMP$")
    gui.desktop.wait(lambda: not gui.desktop.titles()[0].startswith("*"), "the image is as it was")


def test_the_first_run_asks_for_the_key(gui: GuiSession) -> None:
    gui.desktop.menu("Filters", "Enhance", "Precision Upscale…")
    gui.desktop.look("API key:", role="password text", window=KEY)
    assert not gui.desktop.look("Test and Store", window=KEY)["sensitive"]
    gui.picture("first-run-key", KEY)
    gui.close(KEY)
    assert not gui.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    gui.desktop.look("The service needs the API key of your account.", window=DIALOG)
    # what it would cost is shown before there is a key
    gui.desktop.look(r"/^about \d+ credits \(0\.10 EUR\), with prices of \d{4}-/", window=DIALOG)
    gui.close(DIALOG)


def test_a_wrong_key_is_refused_and_not_stored(practising: GuiSession) -> None:
    gui = practising
    gui.open_dialog()
    gui.desktop.press("API Key…", window=DIALOG)
    gui.desktop.write(WRONG_KEY, "API key:", role="password text", window=KEY)
    gui.desktop.wait(lambda: gui.desktop.look("Test and Store", window=KEY)["sensitive"], "Test and Store")
    gui.desktop.press("Test and Store", window=KEY)
    gui.desktop.look("The service does not accept this key.", window=KEY)
    gui.desktop.look("/^Practice: this key is for the offline mock/", window=KEY)
    gui.close(KEY)
    assert gui.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    gui.close(DIALOG)
    found = [path for path in gui.desktop.home.rglob("*") if path.is_file() and _holds(path, WRONG_KEY)]
    assert found == []


def _holds(path: object, text: str) -> bool:
    return text.encode() in path.read_bytes()  # type: ignore[attr-defined]  # a Path


def test_a_right_key_is_stored_for_its_owner_alone(practising: GuiSession) -> None:
    gui = practising
    gui.store_key()
    (stored,) = gui.desktop.home.rglob("credentials.json")
    assert stored.stat().st_mode & 0o777 == 0o600
    assert json.loads(stored.read_text()) == {f"http://127.0.0.1:{gui.port}": "mock-key"}


def test_the_live_lines_follow_the_sliders(practising: GuiSession) -> None:
    gui = practising
    width, height = gui.before
    gui.open_dialog()
    gui.desktop.look(f"/^{width * 2} × {height * 2} pixels/", window=DIALOG)
    gui.desktop.look("/^nothing, this is practice; the real service: about 0.10 EUR$/", window=DIALOG)
    gui.desktop.ask("move_window", title=f"^{DIALOG}$", x=8, y=150)
    gui.picture("dialog", DIALOG)
    gui.picture("dialog-in-gimp")
    gui.desktop.turn(4, "Scale factor", role="spin button", window=DIALOG)
    gui.desktop.look(f"/^{width * 4} × {height * 4} pixels/", window=DIALOG)
    gui.desktop.look(f"becomes {width * 4} × {height * 4} pixels", window=DIALOG)
    gui.desktop.choose("Keep the layer's size", "Placement", role="combo box", window=DIALOG)
    gui.desktop.look(f"stays {width} × {height} pixels", window=DIALOG)
    gui.desktop.look("The result is scaled back: more detail, nothing moves", window=DIALOG)
    gui.close(DIALOG)


def test_a_run_that_passes_the_budget_needs_a_tick(practising: GuiSession) -> None:
    gui = practising
    gui.store_key()
    set_budget(gui, 0.05)
    gui.open_dialog()
    gui.desktop.look("/0.00 EUR of 0.05 EUR spent this month/", window=DIALOG)
    gui.desktop.look("This run would pass your monthly budget.", window=DIALOG)
    button: dict[str, Any] = {"name": "Upscale", "role": "button", "window": DIALOG}
    assert not gui.desktop.look(**button)["sensitive"]
    gui.desktop.screenshot(EVIDENCE / "over-budget.png", DIALOG)
    gui.desktop.press("Pass the budget this once", window=DIALOG)
    gui.desktop.wait(lambda: gui.desktop.look(**button)["sensitive"], "the run is allowed")
    gui.close(DIALOG)
    set_budget(gui, 0)


def set_budget(gui: GuiSession, amount: float) -> None:
    gui.desktop.menu("Filters", "Enhance", "Precision Upscale Settings…")
    gui.desktop.turn(amount, "Monthly budget (0: none):", role="spin button", window=SETTINGS)
    gui.desktop.screenshot(EVIDENCE / "settings-budget.png", SETTINGS)
    gui.close(SETTINGS, "Save")


def test_settings_are_kept_brought_back_and_reset(practising: GuiSession) -> None:
    gui = practising
    factor: dict[str, Any] = {"name": "Scale factor", "role": "spin button", "window": DIALOG}

    def wait_for(value: int) -> None:
        gui.desktop.wait(lambda: gui.desktop.look(**factor)["value"] == value, f"the factor is {value}")

    gui.open_dialog()
    gui.desktop.turn(3, **factor)
    gui.desktop.press("Save Settings", window=DIALOG)
    gui.desktop.turn(5, **factor)
    gui.desktop.press("Load Saved Settings", window=DIALOG)
    wait_for(3)
    gui.desktop.press("Reset", role="button", window=DIALOG)
    gui.desktop.press("/Factory Defaults/")
    wait_for(2)
    gui.close(DIALOG)


def test_a_refusal_is_shown_in_place_and_forbids_the_run(practising: GuiSession) -> None:
    gui = practising
    gui.open_dialog()
    gui.desktop.press("More options", window=DIALOG)
    gui.desktop.choose("Selection", "Area", role="combo box", window=DIALOG)
    gui.desktop.look("/nothing is selected/", window=DIALOG)
    assert not gui.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]
    gui.desktop.choose("Layer", "Area", role="combo box", window=DIALOG)
    gui.desktop.wait(
        lambda: gui.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"], "Upscale again"
    )
    gui.close(DIALOG)


def test_help_opens_our_page_and_leaves_the_dialog(practising: GuiSession) -> None:
    gui = practising
    gui.open_dialog()
    gui.desktop.press("Help", role="button", window=DIALOG)
    gui.desktop.wait(
        lambda: "upscaler_gimp3/help/index.html#dialog" in gui.desktop.log.read_text(), "the page is opened"
    )
    gui.close(DIALOG)


def test_several_layers_have_a_row_each(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    gui.store_key()
    set_budget(gui, 100)
    gui.desktop.keys("ctrl+shift+d", window="GIMP$")
    copy = gui.desktop.look("portrait.png copy", role="table cell", window=IMAGE_WINDOW)
    # or the second would be the same upscale as the first, and free
    gui.desktop.menu("Colors", "Invert")
    original = gui.desktop.look("portrait.png", role="table cell", window=IMAGE_WINDOW)
    assert copy["box"] != original["box"]
    x, y, _, height = original["box"]
    # at its begin: the list may be narrower than the name
    gui.desktop.ask("click", x=x + 8, y=y + height // 2, holding="ctrl")
    gui.desktop.ask("point", x=1779, y=1009)
    gui.open_dialog()
    gui.desktop.look("2 layers, one charge for each.", window=DIALOG)
    gui.desktop.turn(2, "Ultra detail", role="spin button", window=DIALOG)
    gui.desktop.turn(2, "Scale factor", role="spin button", window=DIALOG)
    gui.upscale()
    for name in ("portrait.png", "portrait.png copy"):
        gui.desktop.look(name, role="progress bar", window=DIALOG)
    gui.desktop.look("/^Already charged/", window=DIALOG)  # both of them
    gui.desktop.wait(
        lambda: len(gui.desktop.listing("/ of usually about /", window=DIALOG)) == 2, "both have a time"
    )
    gui.picture("progress-two-layers", DIALOG)
    mock.advance(1000)
    gui.wait_for_factor(2)
    gui.hear("/^2 of 2 layers were upscaled./")
    gui.undo()
    gui.desktop.keys("ctrl+z", "ctrl+z", window="GIMP$")  # the inversion, and the copy
    gui.desktop.gone("portrait.png copy", role="table cell", window=IMAGE_WINDOW)
    (ledger,) = gui.desktop.home.rglob("spending/*.jsonl")
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert sum(entry["job_id"].startswith("run-") for entry in entries) == 2
    assert len({entry["entry_id"] for entry in entries if entry["state"] == "charged"}) >= 2
    set_budget(gui, 0)


def test_from_the_menu_to_the_layer_and_back_with_one_undo(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    charges = mock.charges
    gui.open_dialog()
    gui.desktop.turn(30, "Ultra detail", role="spin button", window=DIALOG)
    gui.upscale()
    gui.desktop.look("Waiting for the service", window=DIALOG)
    gui.desktop.look("/^Already charged/", window=DIALOG)
    gui.desktop.look("/ of usually about /", window=DIALOG)
    # GIMP's own windows stay usable while the service works
    for shown in (False, True):
        gui.desktop.menu("View", "Show Rulers")
        gui.desktop.wait(lambda shown=shown: _rulers(gui) == shown, f"rulers are shown: {shown}")
    mock.advance(1000)
    gui.wait_for_factor(2)
    gui.desktop.gone(window=DIALOG)
    assert mock.charges == charges + 1
    gui.desktop.look("portrait.png", role="table cell", window=IMAGE_WINDOW)
    gui.undo()
    assert not gui.desktop.titles()[0].startswith("*"), "one undo takes everything back"


def test_the_animation_of_the_readme(practising: GuiSession) -> None:
    """The image, the menu, the dialog, the progress, the result, and one undo."""
    gui = practising
    mock = gui.start_mock()
    gui.frame()
    gui.desktop.press("Filters", role="menu", window=IMAGE_WINDOW)
    gui.desktop.press("Enhance", role="menu", window=IMAGE_WINDOW)
    gui.desktop.look("Precision Upscale…", role="/menu item/", window=IMAGE_WINDOW)
    gui.frame()
    gui.desktop.press("Precision Upscale…", role="/menu item/", window=IMAGE_WINDOW)
    gui.desktop.look("/^Practice: /", window=DIALOG)
    gui.desktop.ask("move_window", title=f"^{DIALOG}$", x=8, y=150)
    gui.desktop.turn(2, "Scale factor", role="spin button", window=DIALOG)
    gui.desktop.turn(20, "Sharpen", role="spin button", window=DIALOG)
    gui.frame()
    gui.upscale()
    gui.desktop.look("/ of usually about /", window=DIALOG)
    gui.desktop.ask("move_window", title=f"^{DIALOG}$", x=8, y=150)
    gui.frame()
    mock.advance(1000)
    gui.wait_for_factor(2)
    gui.desktop.gone(window=DIALOG)
    gui.frame()
    gui.undo()
    gui.frame()
    gui.animation("upscale")


def test_what_is_damaged_is_named_in_every_window(practising: GuiSession) -> None:
    gui = practising
    gui.store_key()
    (key_file,) = gui.desktop.home.rglob("credentials.json")
    kept, record = key_file.read_bytes(), key_file.parent / "jobs/20260101-000000-00000000/job.json"
    record.parent.mkdir(parents=True)
    record.write_text("{")
    key_file.write_text("{")
    gui.desktop.menu("Filters", "Enhance", "Resume Precision Upscales…")
    gui.desktop.look(f"/^The record of the job {record.parent.name} is damaged/", window=RESUME)
    gui.close(RESUME, "Close")
    gui.open_dialog()
    gui.desktop.look(r"/^The key file .*credentials\.json is damaged/", window=DIALOG)
    gui.desktop.press("Settings…", role="button", window=DIALOG)
    gui.desktop.look(r"/^The key file .*credentials\.json is damaged/", window=SETTINGS)
    gui.close(SETTINGS)
    gui.close(DIALOG)
    shutil.rmtree(record.parent)
    key_file.write_bytes(kept)


def _rulers(gui: GuiSession) -> bool:
    item = gui.desktop.look("Show Rulers", role="check menu item", window=IMAGE_WINDOW, hidden=True)
    return bool(item["checked"])


def test_a_cancel_after_the_charge_leads_to_resume(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    gui.open_dialog()
    gui.desktop.turn(3, "Scale factor", role="spin button", window=DIALOG)
    gui.upscale()
    gui.desktop.look("/^Already charged/", window=DIALOG)
    charges = mock.charges
    gui.close(DIALOG)
    gui.wait_for_factor(1)
    gui.desktop.menu("Filters", "Enhance", "Resume Precision Upscales…")
    gui.desktop.look("/^“portrait.png” of /", role="list item", window=RESUME)
    gui.desktop.look("Its image is open: the result goes back into the layer.", window=RESUME)
    # its thumbnail; before it is read there is an icon without a name
    gui.desktop.look("/^“portrait.png” of /", role="icon", window=RESUME)
    gui.picture("resume", RESUME)
    mock.advance(1000)
    gui.desktop.press("Bring Back", window=RESUME)
    gui.wait_for_factor(3)
    nothing = "Nothing is waiting: every upscale has reached its image."
    gui.desktop.wait(
        lambda: gui.desktop.look("Unfinished upscales", window=RESUME)["description"] == nothing,
        "the list is empty",
    )
    gui.close(RESUME, "Close")
    assert mock.charges == charges
    gui.undo()


def test_the_same_upscale_again_costs_nothing(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    charges = mock.charges
    for paid in (False, True):
        gui.open_dialog()
        gui.desktop.turn(2, "Scale factor", role="spin button", window=DIALOG)
        gui.desktop.turn(41, "Smart grain", role="spin button", window=DIALOG)
        gui.upscale()
        if not paid:
            gui.desktop.look("/^Already charged/", window=DIALOG)
            mock.advance(1000)
        gui.wait_for_factor(2)
        assert mock.charges == charges + 1
        gui.undo()


def test_a_cancel_before_the_charge_costs_nothing(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    mock.play("http_429@list*100")
    charges = mock.charges
    gui.open_dialog()
    gui.desktop.turn(5, "Scale factor", role="spin button", window=DIALOG)
    gui.upscale()
    gui.desktop.look("Cancel costs nothing now.", window=DIALOG)
    gui.close(DIALOG)
    assert mock.charges == charges
    assert gui.size() == "x".join(map(str, gui.before))


@pytest.mark.parametrize("scenario", ["failed"])
def test_a_failure_is_told_with_its_three_answers(practising: GuiSession, scenario: str) -> None:
    gui = practising
    mock = gui.start_mock()
    mock.play(scenario)
    gui.open_dialog()
    gui.desktop.turn(6, "Scale factor", role="spin button", window=DIALOG)
    gui.upscale()
    gui.desktop.look("/^Already charged/", window=DIALOG)
    mock.advance(1000)
    told = gui.hear("/could not upscale the picture/", "failure")
    assert "The service does not say whether a failed task is charged" in told
    assert "Try again" in told
    assert gui.size() == "x".join(map(str, gui.before))


def test_the_settings_are_shown_tested_and_saved(practising: GuiSession) -> None:
    gui = practising
    gui.store_key()
    gui.desktop.menu("Filters", "Enhance", "Precision Upscale Settings…")
    gui.desktop.look("The API key is in a file that only you can read.", window=SETTINGS)
    gui.desktop.press("Test the Key", window=SETTINGS)
    gui.desktop.look("The key works.", window=SETTINGS)
    gui.picture("settings", SETTINGS)
    gui.desktop.turn(90, "Wait for a result (minutes):", role="spin button", window=SETTINGS)
    gui.desktop.choose("JPEG, smaller", "Send layers as:", role="combo box", window=SETTINGS)
    gui.close(SETTINGS, "Save")
    (settings,) = gui.desktop.home.rglob("precision-upscaler/settings.json")
    stored = json.loads(settings.read_text())
    assert (stored["deadline_minutes"], stored["upload_format"]) == (90, "jpeg")


def test_a_setting_that_is_not_allowed_is_refused_in_place(practising: GuiSession) -> None:
    gui = practising
    gui.desktop.menu("Filters", "Enhance", "Precision Upscale Settings…")
    address = gui.desktop.look("Service address:", role="text", window=SETTINGS)
    assert address["text"] == f"http://127.0.0.1:{gui.port}"
    gui.desktop.write("http://example.com", "Service address:", role="text", window=SETTINGS)
    gui.desktop.press("Save", window=SETTINGS)
    gui.desktop.look("/example.com is not secure/", window=SETTINGS)
    gui.close(SETTINGS)


def test_practice_ends_where_it_began(practising: GuiSession) -> None:
    gui = practising
    gui.open_dialog()
    gui.desktop.press("Use the Real Service", window=DIALOG)
    gui.desktop.look("No API key is stored.", window=DIALOG)
    gui.close(DIALOG)
    gui.practises = False
    (settings,) = gui.desktop.home.rglob("precision-upscaler/settings.json")
    assert json.loads(settings.read_text())["base_url"] == "https://api.freepik.com"


def test_whatever_else_is_on_this_computer_is_no_practice(gui: GuiSession) -> None:
    """Through a proxy, for one, the real service is reached, and charges."""
    gui.open_dialog()
    gui.desktop.press("Settings…", window=DIALOG)
    gui.desktop.write("http://127.0.0.1:1", "Service address:", role="text", window=SETTINGS)
    gui.close(SETTINGS, "Save")
    # the settings were asked for again when the button comes back
    gui.desktop.wait(
        lambda: gui.desktop.look("Settings…", role="button", window=DIALOG)["sensitive"], "the new address"
    )
    gui.desktop.look(r"/^about \d+ credits \(.* EUR\), with prices of /", window=DIALOG)
    assert not gui.desktop.sees("/^Practice: /", window=DIALOG)
    gui.close(DIALOG)


def test_an_image_that_is_closed_meanwhile_gets_its_result_as_a_new_one(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    gui.desktop.menu("Image", "Duplicate")
    _shows(gui, "[Untitled]")
    gui.open_dialog()
    gui.desktop.turn(4, "Scale factor", role="spin button", window=DIALOG)
    gui.upscale()
    gui.desktop.look("/^Already charged/", window=DIALOG)
    charges = mock.charges
    _close_image(gui)
    mock.advance(1000)
    _shows(gui, "[Untitled]")
    gui.wait_for_factor(4)
    gui.hear("/^The image was closed meanwhile; the result of “portrait.png” is a new image./")
    assert mock.charges == charges
    _close_image(gui)


def _close_image(gui: GuiSession) -> None:
    gui.desktop.keys("ctrl+w", window="GIMP$")
    gui.desktop.press("Discard Changes", role="button")
    _shows(gui, "[portrait]")


def _shows(gui: GuiSession, name: str) -> None:
    gui.desktop.wait(lambda: any(name in title for title in gui.desktop.titles()), f"{name} is shown")


def test_gimp_and_python_had_nothing_to_complain_about(gui: GuiSession) -> None:
    said = gui.desktop.complaints()
    # the browser of these tests says what it was asked to open
    assert [line for line in said if not line.startswith("browser-opens")] == []
