# coding: utf-8
"""What a job remembers of the layer it was made for: one schema, written and read by both GIMP front ends.

The worker keeps it in the job's record; the command line names a job by its ``layer`` or ``file``. Resume
reads it to find the layer again and to place the result as it was asked for.
"""

from __future__ import absolute_import, unicode_literals

import numbers
import os
from collections import namedtuple

from . import texts
from .layer_rules import Note
from .options import OWN, problem
from .placement import Box, Size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Translate = Callable[[str], str]

VERSION = 1
GIMP2, GIMP3, COMMAND_LINE = "gimp2", "gimp3", "precision-upscale"
"""The programs that start jobs."""


class Origin(
    namedtuple(
        "Origin",
        "application session image image_id file layer layer_id tattoo size box area fingerprint opaque "
        "masked resolution selection options",
    )
):
    """A layer when it was sent.

    ``session`` tells the run of GIMP from all others: only within it ``image_id`` and ``layer_id`` mean
    something. ``file`` is the image's file as the front end spells it, or None; ``tattoo`` the layer's number
    that an XCF keeps. ``size`` is the layer's own; ``box`` its box on the canvas with what its effects draw
    outside; ``area`` the part that was sent, on the same canvas. ``fingerprint`` changes when a sent pixel
    does. ``masked``: the layer has a mask. ``resolution`` is in pixels an inch, across and down, or None.
    ``selection`` is what was selected over ``area``, as the front end packs it, or None. ``options`` are the
    run's own options (``frontend.options.OWN``) by name.
    """

    __slots__ = ()


class InvalidOrigin(ValueError):
    """A record that does not describe a layer; the text says what is wrong."""


def record(origin):
    # type: (Origin) -> dict[str, Any]
    """Return the JSON object to keep with a job."""
    members = origin._asdict()
    for name in ("size", "box", "area", "resolution"):
        members[name] = None if members[name] is None else list(members[name])
    return dict(members, version=VERSION, options=dict(origin.options))


def read(job):
    # type: (Mapping[str, Any]) -> Origin
    """Return the origin in a job's summary (an item of the worker's ``jobs`` event).

    Records without a version are read as well: jobs that were paid for may have them. :class:`InvalidOrigin`
    for anything else.
    """
    found = job.get("origin")
    if not isinstance(found, dict):
        raise InvalidOrigin("origin: an object was expected, not %r" % (found,))
    version = found.get("version", 0)
    if version not in (0, VERSION):
        raise InvalidOrigin("version: this program reads %d, not %r" % (VERSION, version))
    members = dict(found) if version == VERSION else _upgraded(found)
    for name, expected, fits in _SCHEMA:
        if name not in members:
            raise InvalidOrigin("%s: missing" % name)
        if not fits(members[name]):
            raise InvalidOrigin("%s: %s was expected, not %r" % (name, expected, members[name]))
    known = Origin(**dict((name, members[name]) for name, _, _ in _SCHEMA))
    resolution = None if known.resolution is None else tuple(known.resolution)
    size, box, area = Size(*known.size), Box(*known.box), Box(*known.area)
    return known._replace(size=size, box=box, area=area, resolution=resolution)


def started_in(job):
    # type: (Mapping[str, Any]) -> str
    """Return the program that started a job, or an empty text where its record does not say it."""
    found = job.get("origin")
    return _known_text(found.get("application")) if isinstance(found, dict) else ""


def name_of(job, translate=texts.same):
    # type: (Mapping[str, Any], Translate) -> str
    """Return what a job's picture is called: the layer, else the file or the image it came from."""
    found = job.get("origin")
    members = found if isinstance(found, dict) else {}
    layer, file, image = [_known_text(members.get(name)) for name in ("layer", "file", "image")]
    return layer or os.path.basename(file or image) or translate("Picture")


def elsewhere_note(job, application):
    # type: (Mapping[str, Any], str) -> Note
    """Return the note about why ``application`` makes a job's result a new image where no layer was found."""
    started_by = started_in(job)
    if started_by == COMMAND_LINE:
        return Note("command-line", {})
    if started_by in (GIMP2, GIMP3) and started_by != application:
        return Note("other-gimp", {})
    try:
        read(job)
    except InvalidOrigin as problem:
        return Note("origin-invalid", {"problem": texts.words_of(problem)})
    return Note("image-gone", {})


def _upgraded(found):
    # type: (dict[str, Any]) -> dict[str, Any]
    """Return a record without a version in the form of version 1.

    GIMP 3 kept its options beside the rest, GIMP's process as session, ``own_size`` and ``area_box``. GIMP
    2.10 had no area: its parts of a layer were never put back.
    """
    members = dict(found)
    options = found.get("options", found)
    if isinstance(options, dict):
        options = dict((one.name, options.get(one.name, one.default)) for one in OWN)
    box = found.get("box")
    members.update(
        session=found.get("session", _as_text(found.get("process"))),
        size=found.get("own_size", box[2:] if isinstance(box, list) else None),
        area=found.get("area_box", box),
        masked=found.get("masked", False),
        options=options,
    )
    for name in ("file", "resolution", "selection"):
        members.setdefault(name, None)
    return members


def _as_text(value):
    # type: (object) -> str | None
    return None if value is None else "{0}".format(value)


def _known_text(value):
    # type: (object) -> str
    return value if isinstance(value, (str, type(""))) else ""


def _is_text(value):
    # type: (object) -> bool
    # Python 2.7 has two types of text as well
    return isinstance(value, (str, type("")))


def _is_whole(value):
    # type: (object) -> bool
    # Python 2.7 has two types of whole numbers
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_boolean(value):
    # type: (object) -> bool
    return isinstance(value, bool)


def _is_pair(value):
    # type: (object) -> bool
    return isinstance(value, list) and len(value) == 2  # noqa: PLR2004 - what a pair is


def _is_size(value):
    # type: (Any) -> bool
    return _is_pair(value) and all(_is_whole(one) and one > 0 for one in value)


def _is_box(value):
    # type: (Any) -> bool
    return isinstance(value, list) and _is_size(value[2:]) and all(_is_whole(one) for one in value[:2])


def _is_resolution(value):
    # type: (Any) -> bool
    return _is_pair(value) and all(isinstance(one, (int, float)) and 0 < one < float("inf") for one in value)


def _are_options(value):
    # type: (Any) -> bool
    return isinstance(value, dict) and all(problem(one, value.get(one.name)) is None for one in OWN)


def _or_none(fits):
    # type: (Callable[[Any], bool]) -> Callable[[Any], bool]
    return lambda value: value is None or fits(value)


_BOX = "a list of 4 whole numbers, the last 2 above 0,"
_SCHEMA = (
    ("application", "text", _is_text),
    ("session", "text", _is_text),
    ("image", "text", _is_text),
    ("image_id", "a whole number", _is_whole),
    ("file", "text or null", _or_none(_is_text)),
    ("layer", "text", _is_text),
    ("layer_id", "a whole number", _is_whole),
    ("tattoo", "a whole number", _is_whole),
    ("size", "a list of 2 whole numbers above 0", _is_size),
    ("box", _BOX, _is_box),
    ("area", _BOX, _is_box),
    ("fingerprint", "a whole number", _is_whole),
    ("opaque", "true or false", _is_boolean),
    ("masked", "true or false", _is_boolean),
    ("resolution", "a list of 2 numbers above 0, or null,", _or_none(_is_resolution)),
    ("selection", "text or null", _or_none(_is_text)),
    ("options", "an object with a known value for each of the run's own options", _are_options),
)
"""Every member of version 1, what it is, and the function that says whether a value is that."""
