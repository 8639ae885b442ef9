"""The front end for GIMP 2.10 in the stubs: what is sent, failures after the payment, Resume, the key."""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.errors import RecordDamaged
from precision_upscaler.frontend import i18n, options

from contract_tests.gimpfu_stubs import RUN_WITH_LAST_VALS, Session

from .front_end import FRONT_END, FrontEnd, forget_front_end

NAME = "python-fu-precision-upscale"
UNTOUCHED = (90, 120, 150)


def test_arguments_are_the_contracts_and_ours(front_end: FrontEnd) -> None:
    names = [name for _, name, _ in front_end.session.pdb[NAME].params]
    wanted = [option.name.replace("_", "-") for option in (*PARAMETERS, *options.OWN)]
    assert names == ["run-mode", "image", "drawable", *wanted]
    assert not [name for name in names if "key" in name]


def test_three_procedures_with_their_places(front_end: FrontEnd) -> None:
    names = list(front_end.session.pdb.query("precision-upscale"))
    assert names == [NAME, f"{NAME}-resume", f"{NAME}-key"]


def test_what_people_read_of_the_procedures_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "Catalog", lambda _: str.upper)
    forget_front_end()
    with Session() as session:
        session.load_plugin(FRONT_END / "precision-upscaler.py")
        facts = session.database.installed[NAME]
    forget_front_end()
    assert facts.blurb == "ENLARGE LAYERS 2 TO 16 TIMES WITH A CLOUD SERVICE"
    titles = [argument.description for argument in facts.arguments[3:]]
    assert titles == [option.title.upper() for option in options.ALL]


def test_what_is_sent(front_end: FrontEnd) -> None:
    image, layer = front_end.image(name="Šaty 层 🙂")
    image.filename = "/tmp/Été/bild.xcf"
    front_end.upscale(image, layer, scale_factor=3, flavor="sublime", sharpen=1.6)
    (command,) = front_end.script.commands
    assert command["parameters"] == {
        "scale_factor": 3, "flavor": "sublime", "sharpen": 2, "smart_grain": 7, "ultra_detail": 30,
        "filter_nsfw": False,
    }  # fmt: skip
    assert command["origin"]["layer"] == "Šaty 层 🙂"
    assert command["origin"]["file"] == "/tmp/Été/bild.xcf"
    assert command["origin"]["options"] == {"placement": "scale-image", "area": "layer", "colors": "service"}
    (source,) = front_end.script.sources
    assert source.shape == (180, 200, 3)
    assert (source == UNTOUCHED).all()
    assert not Path(command["source"]).exists(), "the temporary picture was left behind"


def test_the_setting_for_slow_lines_hands_over_a_jpeg_too(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.script.settings = {"upload_format": "jpeg"}
    front_end.upscale(image, layer)
    (command,) = front_end.script.commands
    (upload,) = front_end.script.uploads
    with Image.open(io.BytesIO(upload)) as copy:
        assert (copy.format, copy.size, copy.mode) == ("JPEG", (200, 180), "RGB")
        assert np.abs(np.asarray(copy).astype(int) - UNTOUCHED).max() <= 2
    (source,) = front_end.script.sources
    assert (source == UNTOUCHED).all(), "what is compared and kept stays as it is"
    assert not Path(command["upload"]).exists(), "the temporary picture was left behind"


def test_a_worker_that_tells_no_settings_gets_a_png_alone(front_end: FrontEnd) -> None:
    front_end.script.settings = None
    front_end.upscale(*front_end.image())
    (command,) = front_end.script.commands
    assert "upload" not in command
    assert front_end.script.delivered == 1


def test_the_worker_is_there_while_the_layer_is_exported_and_a_refusal_lets_it_go(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    from upscaler_gimp2 import export

    original, there = export.export, []

    def exporting(*given: Any) -> Any:
        there.append(front_end.script.open)
        return original(*given)

    monkeypatch.setattr(export, "export", exporting)
    image, layer = front_end.image(alpha=True)
    front_end.session.pdb.gimp_drawable_edit_clear(layer)
    assert "nothing" in front_end.refusal(image, layer)
    assert (there, front_end.script.open, front_end.script.commands) == ([1], 0, [])


def test_a_group_that_passes_through_is_said_to_lose_its_effect(front_end: FrontEnd) -> None:
    image, layer = front_end.image(name="Below")
    pdb = front_end.session.pdb
    group = pdb.gimp_layer_group_new(image)
    group.name = "Light"
    pdb.gimp_image_insert_layer(image, group, None, 0)
    copy = pdb.gimp_layer_copy(layer, False)
    pdb.gimp_image_insert_layer(image, copy, group, 0)
    group.mode = 61  # it passes through
    front_end.upscale(image, group)
    (message,) = front_end.session.messages
    assert "The group “Light” passes through" in message


def test_colours_are_bled_under_transparency(front_end: FrontEnd) -> None:
    image, layer = front_end.image(alpha=True)
    pdb = front_end.session.pdb
    pdb.gimp_image_select_rectangle(image, 2, 0, 0, 100, 180)
    pdb.gimp_drawable_edit_clear(layer)
    pdb.gimp_selection_none(image)
    core = front_end.session.core(layer)
    core.pixels[:, :100, :3] = 0
    front_end.upscale(image, layer)
    (source,) = front_end.script.sources
    assert np.abs(source.astype(int) - UNTOUCHED).max() <= 1


def test_a_script_gets_the_image_the_layer_and_the_message(front_end: FrontEnd) -> None:
    image, layer = front_end.image(precision=250)
    found = front_end.upscale(image, layer)
    assert found == (image, layer, front_end.session.messages[0])
    assert "The service works in 8 bits" in found[2]


def test_a_script_gets_the_new_image(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    found, new, message = front_end.upscale(image, layer, placement="new-image")
    assert found in set(front_end.session.gimp.image_list()) - {image}
    assert (new, new.width, message) == (found.layers[0], 400, "")


def test_progress_tells_the_stages_and_the_charge(front_end: FrontEnd) -> None:
    front_end.upscale(*front_end.image())
    lines = [text for text, _ in front_end.session.progress]
    assert "Preparing “Sky”" in lines
    assert "Waiting for the service (usually about 60 seconds). The task has been charged." in lines
    fractions = [fraction for text, fraction in front_end.session.progress if text.startswith("Waiting")]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("scenario", ["failed", "died"])
def test_a_failure_leaves_the_image_alone(front_end: FrontEnd, scenario: str) -> None:
    image, layer = front_end.image()
    depth = front_end.session.undo_depth(image)
    front_end.script.scenario = scenario
    with pytest.raises(RuntimeError, match="execution error"):
        front_end.upscale(image, layer)
    (message,) = front_end.session.messages
    assert "It was charged.\nTry another picture." in message
    assert front_end.session.undo_depth(image) == depth
    assert layer.width == 200
    assert len(front_end.session.gimp.image_list()) == 1
    assert front_end.script.delivered == 0


def test_an_unreadable_result_is_kept_for_resume(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.script.scenario = "unreadable"
    with pytest.raises(RuntimeError, match="execution error"):
        front_end.upscale(image, layer)
    assert "GIMP cannot read the result" in front_end.session.messages[0]
    assert layer.width == 200
    assert front_end.script.delivered == 0


_ODD = RuntimeError("Ungültig")


def test_an_error_before_sending_cost_nothing(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    from upscaler_gimp2 import export

    def broken(*_: Any) -> None:
        raise _ODD

    monkeypatch.setattr(export, "write_png", broken)
    image, layer = front_end.image()
    message = front_end.refusal(image, layer)
    assert "The plug-in met an error it did not expect: RuntimeError: Ungültig" in message
    assert "Nothing was charged." in message
    assert front_end.session.gimp.image_list() == [image], "a private image was left behind"


@pytest.mark.parametrize(
    ("at", "words"),
    [("sending", "It is not certain whether this was charged."), ("waiting", "The task has been charged.")],
)
def test_an_error_while_the_worker_works_does_not_deny_the_charge(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch, at: str, words: str
) -> None:
    from upscaler_gimp2 import worker

    original = worker.WorkerRun._show

    def show(self: Any, event: dict[str, Any]) -> None:
        original(self, event)
        if event.get("stage") == at:
            raise _ODD

    monkeypatch.setattr(worker.WorkerRun, "_show", show)
    with pytest.raises(RuntimeError, match="execution error"):
        front_end.upscale(*front_end.image())
    (message,) = front_end.session.messages
    assert words in message
    assert "Resume Precision Upscales" in message


def _close(end: FrontEnd, image: Any, layer: Any) -> None:
    end.session.pdb.gimp_image_delete(image)


def _delete(end: FrontEnd, image: Any, layer: Any) -> None:
    image.remove_layer(layer)


def _enlarge(end: FrontEnd, image: Any, layer: Any) -> None:
    layer.scale(300, 270, False)


def _lock(end: FrontEnd, image: Any, layer: Any) -> None:
    end.session.pdb.gimp_item_set_lock_content(layer, True)


def _paint(end: FrontEnd, image: Any, layer: Any) -> None:
    end.session.core(layer).pixels[100, 100] += 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_close, "The image was closed meanwhile"),
        (_delete, "was deleted meanwhile"),
        (_enlarge, "was changed meanwhile"),
        (_lock, "was locked meanwhile"),
        (_paint, "was changed meanwhile"),
    ],
)
def test_what_the_user_did_meanwhile(front_end: FrontEnd, change: Any, words: str) -> None:
    image, layer = front_end.image()
    front_end.script.before_result = lambda: change(front_end, image, layer)
    front_end.upscale(image, layer)
    assert words in front_end.session.messages[0]
    newest = front_end.session.gimp.image_list()[0]
    assert (newest.width, newest.height) == (400, 360)
    assert front_end.script.delivered == 1


def test_a_stroke_during_the_wait_is_kept(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.script.before_result = lambda: _paint(front_end, image, layer)
    before = front_end.session.core(layer).pixels.copy()
    front_end.upscale(image, layer)
    after = front_end.session.core(layer).pixels
    assert layer.width == 200
    assert (after != before).sum() == 3


def test_a_moved_layer_is_still_the_one_that_was_sent(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.script.before_result = lambda: layer.set_offsets(30, -7)
    front_end.upscale(image, layer)
    assert front_end.session.messages == []
    assert (layer.width, tuple(layer.offsets)) == (400, (60, -14))


def test_what_changed_beside_the_selection_is_composed_as_it_is_now(front_end: FrontEnd) -> None:
    image, layer = front_end.image(600, 300, alpha=True)
    front_end.session.pdb.gimp_image_select_rectangle(image, 2, 0, 0, 200, 200)

    def erase() -> None:
        front_end.session.core(layer).pixels[250:, 500:, 3] = 0

    front_end.script.before_result = erase
    front_end.upscale(image, layer, area="selection")
    assert front_end.session.messages == []
    alpha = front_end.session.core(layer).pixels[..., 3]
    assert alpha[580, 1180] == 0
    assert alpha[100, 100] == front_end.session.core(layer).pixels[..., 3].max() > 0


def test_private_images_are_all_deleted(front_end: FrontEnd) -> None:
    image, layer = front_end.image(alpha=True)
    front_end.session.pdb.gimp_image_select_rectangle(image, 2, 10, 10, 165, 165)
    front_end.upscale(image, layer, area="selection", colors="original")
    assert front_end.session.gimp.image_list() == [image]


def test_the_context_is_the_users_again(front_end: FrontEnd) -> None:
    image, layer = front_end.image(alpha=True)
    gimp, pdb = front_end.session.gimp, front_end.session.pdb
    gimp.set_background(1, 2, 3)
    pdb.gimp_context_set_interpolation(1)
    front_end.upscale(image, layer)
    assert list(gimp.get_background())[:3] == [1, 2, 3]
    assert pdb.gimp_context_get_interpolation() == 1
    assert len(front_end.session.contexts) == 1


def test_sixteen_bits_say_that_the_service_has_eight(front_end: FrontEnd) -> None:
    front_end.upscale(*front_end.image(precision=250))
    assert "The service works in 8 bits" in front_end.session.messages[0]


def _text(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    layer.attach_new_parasite("gimp-text-layer", 1, "(text)")
    return image, layer


def _group(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    group = end.session.pdb.gimp_layer_group_new(image)
    end.session.pdb.gimp_image_insert_layer(image, group, None, 0)
    end.session.pdb.gimp_image_reorder_item(image, layer, group, 0)
    layer.name, group.name = "Inside", "Sky"
    return image, group


_BESIDE = "The result shows “Sky” as pixels; the layer itself was kept."


@pytest.mark.parametrize(
    ("make", "placement", "words"),
    [
        (_text, "scale-image", "The text layer “Sky” was turned into pixels."),
        (_text, "new-layer", _BESIDE),
        (_text, "new-image", _BESIDE),
        (_group, "scale-image", "upscaled as one picture; the group itself was kept, hidden."),
        (_group, "new-image", _BESIDE),
    ],
)
def test_what_is_said_of_a_rendered_layer_is_true(
    front_end: FrontEnd, make: Any, placement: str, words: str
) -> None:
    image, layer = make(front_end)
    front_end.upscale(image, layer, placement=placement)
    (message,) = front_end.session.messages
    assert message.endswith(words)


def test_the_dialog_never_gets_an_exception(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.script.scenario = "failed"
    front_end.session.menu(NAME, image, layer)
    assert len(front_end.session.messages) == 1
    assert layer.width == 200


def test_the_dialogs_values_arrive_and_become_the_last_ones(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.session.dialog = {"scale-factor": 4.0, "placement": "grow-canvas"}
    front_end.session.menu(NAME, image, layer)
    assert front_end.script.commands[-1]["parameters"]["scale_factor"] == 4
    assert layer.width == 800
    front_end.session.menu(NAME, *front_end.image(), run_mode=RUN_WITH_LAST_VALS)
    assert front_end.script.commands[-1]["parameters"]["scale_factor"] == 4


def test_cancelling_the_dialog_does_nothing(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.session.dialog = None
    assert front_end.session.menu(NAME, image, layer) == (None, None, "")
    assert layer.width == 200
    assert [one["command"] for one in front_end.script.commands] == ["status"]


def test_last_values_work_before_any_dialog_was_confirmed(front_end: FrontEnd) -> None:
    image, layer = front_end.image()
    front_end.session.menu(NAME, image, layer, run_mode=RUN_WITH_LAST_VALS)
    assert layer.width == 400


# ----- Resume


def _job(end: FrontEnd, tmp_path: Path, file: str | None = None) -> dict[str, Any]:
    """Return a job as the worker lists it, after a run whose delivery failed; ``file`` is the image's."""
    image, layer = end.image()
    if file:
        image.filename = file
    end.script.scenario = "unreadable"
    with pytest.raises(RuntimeError):
        end.upscale(image, layer)
    end.session.messages.clear()
    command = end.script.commands[-1]
    from contract_tests.gimpfu_stubs import pngfile

    source = tmp_path / "kept.png"
    pngfile.write(str(source), pngfile.Picture(end.script.sources[-1]), 1)
    end.script.scenario = "nearest"
    job = {
        "job_id": "job",
        "origin": command["origin"],
        "parameters": command["parameters"],
        "source": str(source),
        "charged": "yes",
        "running": False,
    }
    end.script.jobs = [job]
    return job


def test_resume_puts_a_result_back_into_its_image(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)
    (image,) = front_end.session.gimp.image_list()
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert front_end.session.gimp.image_list() == [image]
    assert image.layers[0].width == 400
    assert front_end.session.undo_depth(image) >= 1
    assert "“Sky” is now 400 × 360 pixels." in front_end.session.messages[0]
    assert front_end.script.delivered == 1


def test_resume_opens_an_image_when_the_layer_is_gone(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)
    (image,) = front_end.session.gimp.image_list()
    front_end.session.pdb.gimp_image_delete(image)
    front_end.session.pdb.python_fu_precision_upscale_resume()
    (new,) = front_end.session.gimp.image_list()
    assert (new.width, new.layers[0].name) == (400, "Sky")


def _twin(end: FrontEnd, image: Any, *, painted: bool) -> Any:
    """Put a copy of ``image`` in its place, as closing and opening its file does: equal but for the IDs."""
    twin = end.session.pdb.gimp_image_duplicate(image)
    twin.filename = image.filename
    end.session.pdb.gimp_image_delete(image)
    if painted:
        _paint(end, twin, twin.layers[0])
    return twin


@pytest.mark.parametrize("painted", [False, True])
def test_resume_after_a_restart_knows_the_layer_by_file_tattoo_and_pixels(
    front_end: FrontEnd, tmp_path: Path, painted: bool
) -> None:
    _job(front_end, tmp_path, file="/tmp/Été/bild.xcf")
    (image,) = front_end.session.gimp.image_list()
    front_end.session.data.clear()
    twin = _twin(front_end, image, painted=painted)
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert twin.layers[0].width == (200 if painted else 400)
    assert len(front_end.session.gimp.image_list()) == (2 if painted else 1)


def test_resume_does_not_touch_another_picture_with_the_same_numbers(
    front_end: FrontEnd, tmp_path: Path
) -> None:
    # where the system names no parent process, as on Windows, IDs of one GIMP were taken for another's
    job = _job(front_end, tmp_path, file="/tmp/sent.xcf")
    (image,) = front_end.session.gimp.image_list()
    front_end.session.data.clear()
    image.filename = "/tmp/other.xcf"
    _paint(front_end, image, image.layers[0])
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert job["origin"]["image_id"] == image.ID
    assert image.layers[0].width == 200
    assert front_end.session.gimp.image_list()[0].layers[0].width == 400
    assert "is a new image" in front_end.session.messages[0]


def test_resume_does_not_overwrite_what_was_painted_since(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)
    (image,) = front_end.session.gimp.image_list()
    _paint(front_end, image, image.layers[0])
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert image.layers[0].width == 200
    assert "“Sky” was changed meanwhile" in front_end.session.messages[0]


def test_a_run_of_gimp_keeps_one_name_and_another_has_its_own(front_end: FrontEnd) -> None:
    from upscaler_gimp2 import upscale

    first = upscale.session()
    assert upscale.session() == first
    front_end.session.data.clear()
    assert upscale.session() != first


def test_resume_tells_why_a_result_became_a_new_image(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)
    (image,) = front_end.session.gimp.image_list()
    _lock(front_end, image, image.layers[0])
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert "“Sky” was locked meanwhile; its result is a new image." in front_end.session.messages[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"box": "nowhere"}, "cannot be read (box: a list of 4 whole numbers"),
        ({"version": 99}, "cannot be read (version: this program reads 1, not 99)"),
        (
            {"application": "gimp3"},
            "“Sky” was upscaled in another version of GIMP; its result is a new image.",
        ),
        (
            {"options": {"placement": "scale-image", "area": "selection", "colors": "service"}},
            "is no longer known",
        ),
    ],
)
def test_resume_opens_a_new_image_and_says_why(
    front_end: FrontEnd, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    job = _job(front_end, tmp_path)
    (image,) = front_end.session.gimp.image_list()
    job["origin"].update(changes)
    front_end.session.pdb.python_fu_precision_upscale_resume()
    (message,) = front_end.session.messages
    assert words in message
    assert image.layers[0].width == 200
    assert front_end.session.gimp.image_list()[0].layers[0].width == 400
    assert front_end.script.delivered == 1


def test_resume_says_that_a_job_is_the_command_lines(front_end: FrontEnd, tmp_path: Path) -> None:
    job = _job(front_end, tmp_path)
    job["origin"] = {"application": "precision-upscale", "file": "/tmp/photo.png"}
    front_end.session.pdb.python_fu_precision_upscale_resume()
    (message,) = front_end.session.messages
    assert message.endswith("“photo.png” was upscaled from the command line; its result is a new image.")


def test_resume_says_what_a_bare_result_lacks(front_end: FrontEnd, tmp_path: Path) -> None:
    job = _job(front_end, tmp_path)
    job["origin"].update(application="gimp3", masked=True)
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert "as it came from the service" in front_end.session.messages[0]


def test_a_layer_locked_meanwhile_is_composed_as_a_new_image(front_end: FrontEnd) -> None:
    image, layer = front_end.image(alpha=True)
    front_end.session.core(layer).pixels[:90, :, 3] = 0
    front_end.script.before_result = lambda: _lock(front_end, image, layer)
    front_end.upscale(image, layer)
    (message,) = front_end.session.messages
    assert message == "“Sky” was locked meanwhile; its result is a new image."
    new = front_end.session.gimp.image_list()[0].layers[0]
    alpha = front_end.session.core(new).pixels[..., 3]
    assert (new.width, layer.width) == (400, 200)
    assert not alpha[:170].any()
    assert alpha[190:].all()


def test_an_image_with_colors_outside_srgb_is_said_to_lose_them(front_end: FrontEnd) -> None:
    from contract_tests.integration.gimp2.inside import PROFILES

    image, layer = front_end.image()
    profile = PROFILES["prophoto"]()
    front_end.session.pdb.gimp_image_set_color_profile(image, len(profile), profile)
    front_end.upscale(image, layer)
    assert "those of “Sky” that sRGB lacks became duller" in front_end.session.messages[0]
    image, layer = front_end.image()
    front_end.session.messages.clear()
    front_end.session.pdb.gimp_image_set_color_profile(image, len(profile), profile)
    front_end.upscale(image, layer, colors="original")
    assert front_end.session.messages == []


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("placement", ["grow-canvas", "new-layer", "scale-image"])
def test_the_masks_of_the_groups_around_a_layer_are_kept(
    front_end: FrontEnd, placement: str, depth: int
) -> None:
    image, layer = front_end.image(canvas=(300, 300))
    pdb, parent = front_end.session.pdb, None
    groups = []
    for _ in range(depth):
        group = pdb.gimp_layer_group_new(image)
        pdb.gimp_image_insert_layer(image, group, parent, 0)
        groups.append(group)
        parent = group
    pdb.gimp_image_reorder_item(image, layer, parent, 0)
    layer.set_offsets(40, 30)
    for group in groups:
        group.add_mask(group.create_mask(0))
        front_end.session.core(group.mask).pixels[:] = 77
    front_end.upscale(image, layer, placement=placement)
    for group in groups:
        mask = front_end.session.core(group.mask).pixels[..., 0]
        shown = mask if placement == "scale-image" else mask[:180, :200]
        assert mask.shape == (360, 400)
        assert (shown == 77).all()
    assert image.active_layer.width == 400


@pytest.mark.parametrize("placement", ["scale-image", "grow-canvas", "new-layer"])
def test_a_linked_layer_moves_no_other_linked_layer(front_end: FrontEnd, placement: str) -> None:
    image, layer = front_end.image(canvas=(300, 300))
    other = front_end.session.gimp.Layer(image, "Other", 20, 20, 0, 100.0, 28)
    image.add_layer(other, 1)
    other.set_offsets(70, 60)
    layer.set_offsets(40, 30)
    layer.linked = other.linked = True
    front_end.upscale(image, layer, placement=placement)
    assert tuple(other.offsets) == ((140, 120) if placement == "scale-image" else (70, 60))
    assert image.active_layer.linked


# ----- numbers that no blur can take


@pytest.mark.parametrize(("colors", "alpha"), [("original", False), ("original", True), ("service", True)])
@pytest.mark.parametrize(
    ("precision", "value"),
    [(650, np.nan), (650, -np.inf), (650, 1e30), (700, np.inf), (550, np.nan)],
    ids=["float-nan", "float-inf", "float-huge", "double-linear-inf", "half-nan"],
)
def test_one_bad_number_changes_no_more_than_the_pixels_around_it(
    front_end: FrontEnd, colors: str, alpha: bool, value: float, precision: int
) -> None:
    image, layer = front_end.image(alpha=alpha, precision=precision)
    pixels = front_end.session.core(layer).pixels
    if alpha:
        pixels[:40, :, 3] = 0
    with np.errstate(over="ignore"):
        pixels[20, 30, 0], pixels[100, 120, 0] = value, value
    front_end.upscale(image, layer, colors=colors)
    (source,) = front_end.script.sources
    after = front_end.session.core(layer).pixels[..., 0].astype(float)
    far = np.ones(after.shape, bool)
    for row, column in ((20, 30), (100, 120)):
        far[row * 2 - 60 : row * 2 + 62, column * 2 - 60 : column * 2 + 62] = False
    shown = after[far & (np.arange(after.shape[0]) >= 90)[:, None]]
    assert np.isfinite(shown).all()
    assert np.ptp(shown) < 0.02
    assert np.isfinite(after).mean() > 0.99
    assert np.abs(source[60:, :, 0].astype(int) - UNTOUCHED[0])[far[120::2, ::2]].max() <= 2
    assert np.abs(source[:15, 100:, 0].astype(int) - UNTOUCHED[0]).max() <= 2


def test_resume_leaves_what_another_run_works_on(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)["running"] = True
    front_end.script.commands.clear()
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert [one["command"] for one in front_end.script.commands] == ["jobs"]
    assert front_end.session.messages == ["“Sky”: Being worked on at this moment."]


def test_resume_names_what_is_damaged_beside_what_arrives(front_end: FrontEnd, tmp_path: Path) -> None:
    _job(front_end, tmp_path)
    error = RecordDamaged("The record of the job j-1 is damaged: it is empty.")
    front_end.script.damaged = [error.to_event()]
    front_end.session.pdb.python_fu_precision_upscale_resume()
    (message,) = front_end.session.messages
    assert "“Sky” is now 400 × 360 pixels." in message
    assert message.endswith(f"{error.what} {error.advice}")
    front_end.script.jobs = []
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert front_end.session.messages[1] == f"{error.what} {error.advice}"


def test_one_bad_job_does_not_keep_the_others_from_arriving(front_end: FrontEnd, tmp_path: Path) -> None:
    job = _job(front_end, tmp_path)
    source = str(tmp_path / "nowhere.png")
    bad = {**job, "job_id": "bad", "source": source, "origin": {**job["origin"], "layer": "Böse"}}
    front_end.script.jobs = [bad, job]
    front_end.session.pdb.python_fu_precision_upscale_resume()
    (message,) = front_end.session.messages
    assert "1 of 2 layers were upscaled." in message
    assert "“Böse”: The plug-in met an error it did not expect" in message
    (image,) = front_end.session.gimp.image_list()
    assert image.layers[0].width == 400


def test_nothing_to_resume(front_end: FrontEnd) -> None:
    front_end.session.pdb.python_fu_precision_upscale_resume()
    assert "nothing to resume" in front_end.session.messages[0]


# ----- the interpreter


def test_the_installers_note_is_used(loaded_session: Any, tmp_path: Path) -> None:
    from upscaler_gimp2 import worker

    (tmp_path / worker.INTERPRETER_FILE).write_text("/opt/pythón/bin/python3\n", encoding="utf-8")
    assert worker.find_interpreter(str(tmp_path), runs=lambda _: True, environ={}) == [
        "/opt/pythón/bin/python3"
    ]


def test_a_stale_note_is_passed_over(loaded_session: Any, tmp_path: Path) -> None:
    from upscaler_gimp2 import worker

    (tmp_path / worker.INTERPRETER_FILE).write_text("/nowhere/python3\n", encoding="utf-8")
    found = worker.find_interpreter(str(tmp_path), runs=lambda words: words == [sys.executable], environ={})
    assert found == [sys.executable]


def test_no_python_is_said_plainly(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    from upscaler_gimp2 import worker

    monkeypatch.setattr(worker, "find_interpreter", lambda: None)
    image, layer = front_end.image()
    with pytest.raises(RuntimeError, match="execution error"):
        front_end.upscale(image, layer)
    (message,) = front_end.session.messages
    assert "No Python 3.11 or later was found" in message
    assert "Nothing was charged." in message
    assert layer.width == 200


def test_every_file_is_valid_python_three() -> None:
    files = [*FRONT_END.rglob("*.py")]
    assert len(files) > 10
    for path in files:
        ast.parse(path.read_text(encoding="utf-8"), str(path))


def test_the_installer_writes_the_note_that_is_read(loaded_session: Any, tmp_path: Path) -> None:
    import install
    from upscaler_gimp2 import worker

    assert install.NOTE == worker.INTERPRETER_FILE
    install.note_python(tmp_path)
    assert worker.find_interpreter(str(tmp_path), runs=lambda _: True, environ={}) == [sys.executable]
