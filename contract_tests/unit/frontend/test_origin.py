"""What a job remembers of its layer: written and read alike, and what is wrong with a record is named."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.frontend import origin, texts
from precision_upscaler.frontend.options import OWN
from precision_upscaler.frontend.placement import Box, Size

TEXT = st.text(max_size=12)
NUMBERS = st.integers(0, 2**32 - 1)
SIDES = st.integers(1, 524_288)
BOXES = st.builds(Box, st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), SIDES, SIDES)
OPTIONS = st.fixed_dictionaries(
    {one.name: st.sampled_from([choice.value for choice in one.choices]) for one in OWN}
)
ORIGINS = st.builds(
    origin.Origin,
    application=st.sampled_from((origin.GIMP2, origin.GIMP3)),
    session=TEXT,
    image=TEXT,
    image_id=NUMBERS,
    file=st.none() | TEXT,
    layer=TEXT,
    layer_id=NUMBERS,
    tattoo=NUMBERS,
    size=st.builds(Size, SIDES, SIDES),
    box=BOXES,
    area=BOXES,
    fingerprint=NUMBERS,
    opaque=st.booleans(),
    masked=st.booleans(),
    resolution=st.none() | st.tuples(st.floats(0.1, 1e4), st.floats(0.1, 1e4)),
    selection=st.none() | TEXT,
    options=OPTIONS,
)
SKY = origin.Origin(
    application=origin.GIMP2,
    session="a",
    image="bild.xcf",
    image_id=3,
    file="/tmp/bild.xcf",
    layer="Sky",
    layer_id=5,
    tattoo=7,
    size=Size(200, 180),
    box=Box(-4, 9, 200, 180),
    area=Box(-4, 9, 200, 180),
    fingerprint=99,
    opaque=False,
    masked=True,
    resolution=None,
    selection=None,
    options={"placement": "fit-layer", "area": "layer", "colors": "original"},
)
OLD_GIMP2 = {
    "application": "gimp2",
    "session": "a",
    "image": "bild.xcf",
    "image_id": 3,
    "file": "/tmp/bild.xcf",
    "layer": "Sky",
    "layer_id": 5,
    "tattoo": 7,
    "box": [-4, 9, 200, 180],
    "opaque": False,
    "fingerprint": 99,
    "options": {"placement": "fit-layer", "area": "layer", "colors": "original"},
}
OLD_GIMP3 = {
    "application": "gimp3",
    "image": "bild.xcf",
    "image_id": 3,
    "file": None,
    "process": 4711,
    "layer": "Sky",
    "layer_id": 5,
    "tattoo": 7,
    "own_size": [200, 180],
    "box": [-8, 5, 208, 188],
    "area_box": [0, 9, 160, 170],
    "fingerprint": 99,
    "opaque": False,
    "masked": True,
    "resolution": [300.0, 150.0],
    "selection": "eJwDAAAAAAE=",
    "placement": "fit-layer",
    "area": "selection",
    "colors": "original",
}


def job(record: Any) -> dict[str, Any]:
    return {"job_id": "j", "origin": json.loads(json.dumps(record))}


@given(ORIGINS)
def test_what_is_written_is_read(one: origin.Origin) -> None:
    assert origin.read(job(origin.record(one))) == one


def test_a_record_of_gimp_2_without_a_version_keeps_its_options() -> None:
    found = origin.read(job(OLD_GIMP2))
    assert found == SKY._replace(masked=False)


def test_a_record_of_gimp_3_without_a_version_keeps_its_options_part_and_session() -> None:
    found = origin.read(job(OLD_GIMP3))
    assert found.options == {"placement": "fit-layer", "area": "selection", "colors": "original"}
    assert (found.session, found.size, found.area) == ("4711", Size(200, 180), Box(0, 9, 160, 170))
    assert (found.resolution, found.selection, found.masked) == ((300.0, 150.0), "eJwDAAAAAAE=", True)


@pytest.mark.parametrize("member", SKY._fields)
def test_a_missing_member_is_named(member: str) -> None:
    record = origin.record(SKY)
    del record[member]
    with pytest.raises(origin.InvalidOrigin, match=f"^{member}: missing$"):
        origin.read(job(record))


@pytest.mark.parametrize("member", SKY._fields)
@pytest.mark.parametrize("value", [True, -1.5, float("nan"), [], [1, 2, 3], [0, 0], {"placement": "x"}, ""])
def test_a_wrong_member_is_named_with_its_value(member: str, value: Any) -> None:
    record = origin.record(SKY) | {member: value}
    is_text = isinstance(value, str) and member in (
        "application",
        "session",
        "image",
        "file",
        "layer",
        "selection",
    )
    if is_text or (value is True and member in ("opaque", "masked")):
        assert origin.read(job(record))
        return
    with pytest.raises(origin.InvalidOrigin, match=f"^{member}: .* expected, not "):
        origin.read(job(record))


@pytest.mark.parametrize("record", [None, [], "gimp3", 5, {}, {"version": 2}, {"version": "1"}])
def test_what_is_no_record_is_said_to_be_none(record: Any) -> None:
    with pytest.raises(origin.InvalidOrigin):
        origin.read(job(record))
    with pytest.raises(origin.InvalidOrigin):
        origin.read({})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.sampled_from([*SKY._fields, "version"]), each),
    )
)
def test_no_record_ends_in_another_error(record: Any) -> None:
    with contextlib.suppress(origin.InvalidOrigin):
        origin.read({"origin": record})
    assert isinstance(origin.name_of({"origin": record}), str)
    assert texts.note(origin.elsewhere_note({"origin": record}, origin.GIMP2).code, name="", problem="")


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"layer": "Sky/Water", "file": "/tmp/a.png"}, "Sky/Water"),
        ({"layer": "", "file": "/tmp/a.png", "image": "b"}, "a.png"),
        ({"image": "b.xcf"}, "b.xcf"),
        ({"layer": 5}, "Picture"),
        (None, "Picture"),
    ],
)
def test_a_job_is_called_after_its_layer_else_its_file(record: Any, name: str) -> None:
    assert origin.name_of(job(record)) == name


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"application": "precision-upscale", "file": "/tmp/a.png"}, "command-line"),
        (OLD_GIMP3, "other-gimp"),
        (origin.record(SKY), "image-gone"),
        (origin.record(SKY) | {"box": "nowhere"}, "origin-invalid"),
        ({}, "origin-invalid"),
    ],
)
def test_why_a_result_becomes_a_new_image_is_said(record: Any, code: str) -> None:
    note = origin.elsewhere_note(job(record), origin.GIMP2)
    assert note.code == code
    assert "“Sky”" in texts.note(note.code, name="Sky", **note.values)
