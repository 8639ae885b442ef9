# coding: utf-8
"""All texts that front ends show, English as source and ready for gettext.

Each function takes ``translate`` (a gettext function; by default none) as its last parameter. The texts of
the worker's errors arrive with their events and are only arranged here.
"""

from __future__ import absolute_import, unicode_literals

import os

from precision_upscaler.protocol import CHARGES, STAGES, Charge, Event, Stage

from . import i18n

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from precision_upscaler.contract.limits import Refusal
    from precision_upscaler.protocol import Message

    Translate = Callable[[str], str]
    Plural = Callable[[str, str, int], str]

_SECONDS_SAID_AS_SECONDS = 90


def same(text):
    # type: (str) -> str
    """Return ``text`` untranslated."""
    return text


def same_plural(one, many, number):
    # type: (str, str, int) -> str
    """Return the English form that goes with ``number``."""
    return one if number == 1 else many


# ----- while it runs


def stage(event, _=same):
    # type: (Message, Translate) -> str
    """Return the line for a ``stage`` event."""
    lines = {
        Stage.PREPARING: _("Preparing the picture"),
        Stage.SENDING: _("Sending the picture"),
        Stage.WAITING: _("Waiting for the service"),
        Stage.DOWNLOADING: _("Receiving the result"),
        Stage.CHECKING: _("Checking the result"),
    }  # type: dict[str, str]
    return lines.get(str(event["stage"])) or str(event["stage"])


def expected(seconds, _=same):
    # type: (float | None, Translate) -> str
    """Return how long the service is expected to take, or an empty text when that is not known."""
    if not seconds:
        return ""
    if seconds < _SECONDS_SAID_AS_SECONDS:
        return _("usually about {seconds} seconds").format(seconds=max(5, 5 * int(seconds / 5.0 + 0.5)))
    return _("usually about {minutes} minutes").format(minutes=int(seconds / 60.0 + 0.5))


def charge(charged, _=same):
    # type: (str, Translate) -> str
    """Return whether anything was charged, as text."""
    return {
        Charge.NO: _("Nothing was charged."),
        Charge.UNKNOWN: _("It is not certain whether this was charged."),
        Charge.YES: _("The task has been charged."),
    }[charged if charged in CHARGES else Charge.UNKNOWN]


def exporting(name, _=same):
    # type: (str, Translate) -> str
    """Return the line shown while a layer's pixels are written out."""
    return _("Preparing “{name}”").format(name=name)


def composing(name, _=same):
    # type: (str, Translate) -> str
    """Return the line shown while a result is turned into the layer's pixels."""
    return _("Fitting the result to “{name}”").format(name=name)


def placing(_=same):
    # type: (Translate) -> str
    """Return the line shown while the image is changed."""
    return _("Placing the result")


def many_stages(counts, total, _=same):
    # type: (dict[str, int], int, Translate) -> str
    """Return one line for several layers; ``counts`` maps stage names to how many are there."""
    parts = [
        "{0}: {1}".format(stage({"stage": name}, _), counts[name]) for name in STAGES if counts.get(name)
    ]
    return _("{total} layers. {stages}").format(total=total, stages=", ".join(parts))


# ----- refusals: nothing was sent, so nothing was charged


def refused(why, _=same):
    # type: (str, Translate) -> str
    """Return a refusal, followed by the text that nothing was charged."""
    return "{0} {1}".format(why, _("Nothing was sent and nothing was charged."))


def limit(refusal, _=same):
    # type: (Refusal, Translate) -> str
    """Return the text for a :class:`limits.Refusal`: what is wrong, the range, and what would fit."""
    sentences = {
        "empty": _("There is nothing to upscale: the picture has no pixels."),
        "too-small": _(
            "The picture is {width} × {height} pixels, and the service takes none with a side under "
            "{minimum_side} pixels. Choose a larger layer or selection."
        ),
        "aspect": _(
            "The picture is {width} × {height} pixels, and the service takes none whose long side is more "
            "than {maximum_aspect} times its short side. The short side would have to be at least "
            "{shortest_side} pixels. Select a part of it and choose the area “Selection”."
        ),
        "too-large": _(
            "{factor} times {width} × {height} would be {result_width} × {result_height} pixels, and the "
            "service makes at most {maximum_output_side} a side. The nearest factor that fits is {nearest}."
        ),
        "too-large-for-any": _(
            "The picture is {width} × {height} pixels, and the service makes at most {maximum_output_side} "
            "a side, so the longest side it can enlarge has {largest_input_side}. Select a part of it and "
            "choose the area “Selection”."
        ),
        "upload": _(
            "The picture to send has {bytes} bytes, and the service takes at most {maximum_bytes}. "
            "Choose a smaller layer or selection."
        ),
    }
    return sentences[refusal.code].format(**refusal.values)


def refusal(code, _=same, **values):
    # type: (str, Translate, object) -> str
    """Return the text for why a layer is refused; ``code`` names the reason.

    ``name`` is the layer's; KeyError for an unknown code.
    """
    sentences = {
        "no-image": _("There is no image to work on."),
        "no-layer": _("No layer is selected. Select the layer to upscale and start again."),
        "channel": _("“{name}” is a channel. Select a layer and start again."),
        "mask": _(
            "“{name}” is a layer mask. Select the layer itself and start again; its mask is scaled along."
        ),
        "other-image": _("“{name}” does not belong to this image."),
        "floating": _("There is a floating selection. Anchor it or make it a layer, and start again."),
        "locked-content": _("The pixels of “{name}” are locked. Unlock them and start again."),
        "locked-position": _(
            "The position and size of “{name}” are locked. Unlock them, or choose the placement "
            "“{placement}”."
        ),
        "locked-parent": _("“{name}” is in the locked group “{parent}”. Unlock the group and start again."),
        "empty-group": _("The group “{name}” holds nothing that could be upscaled."),
        "transparent": _("“{name}” is fully transparent, so there is nothing to upscale."),
        "transparent-area": _("“{name}” is fully transparent inside the selection."),
        "no-selection": _(
            "The area “Selection” was chosen, but nothing is selected. Select something, or choose the "
            "area “Layer”."
        ),
        "outside-selection": _("The selection does not touch “{name}”."),
        "nested": _(
            "“{name}” is inside the group “{parent}”, which is selected too. Select only one of them."
        ),
        "canvas": _(
            "The image would become {width} × {height} pixels, and GIMP's largest has {maximum} a side. "
            "Choose a smaller factor or another placement."
        ),
    }
    # the placement's name in the dialog, translated
    return sentences[code].format(placement=_("Keep the layer's size"), **values)


def out_of_range(title, value, minimum, maximum, _=same):
    # type: (str, object, int, int, Translate) -> str
    """Return the text for a number outside its range."""
    return _("{title} is {value}; it can be {minimum} to {maximum}.").format(
        title=title, value=value, minimum=minimum, maximum=maximum
    )


def no_such_choice(title, value, choices, _=same):
    # type: (str, object, list[str], Translate) -> str
    """Return the text for a choice that does not exist."""
    return _("{title} is “{value}”; it can be {choices}.").format(
        title=title, value=value, choices=", ".join(choices)
    )


# ----- notes: it worked, and there is something to know


def note(code, _=same, **values):
    # type: (str, Translate, object) -> str
    """Return the text of a note to the user; KeyError for an unknown ``code``."""
    sentences = {
        "eight-bit": _(
            "The service works in 8 bits a channel; this image has more. Choose “{original}” under "
            "“{colors_from}” to keep its full depth."
        ),
        "eight-bit-original": _(
            "The service works in 8 bits a channel, so the finest detail has no more; the colors are your "
            "own, in full depth."
        ),
        "gamut": _(
            "The service works in sRGB, and the image's profile holds more colors: those of “{name}” that "
            "sRGB lacks became duller. Choose “{original}” under “{colors_from}” to keep them."
        ),
        "indexed": _("The result was reduced to the image's palette of {colors} colors."),
        "grey": _("The result was turned back into shades of gray."),
        "text": _("The text layer “{name}” was turned into pixels."),
        "vector": _("The vector layer “{name}” was turned into pixels."),
        "link": _("The link layer “{name}” was turned into pixels and is linked no more."),
        "rendered": _("The result shows “{name}” as pixels; the layer itself was kept."),
        "effects": _("The effects of “{name}” are now part of its pixels."),
        "effects-rendered": _("The effects of “{name}” are part of the result; the layer itself was kept."),
        "effects-hidden": _("The effects of “{name}” that were switched off were removed."),
        "effects-unscaled": _(
            "GIMP scales other layers without their effects: check the sizes and areas of those of {layers}."
        ),
        "outlines-unscaled": _("GIMP does not scale the line width of vector layers: check {layers}."),
        "text-unscaled": _(
            "GIMP scales the pixels of text layers and not their font size: editing the text of {layers} "
            "brings the old size back."
        ),
        "miscolored": _(
            "GIMP may draw link layers in wrong colors when it scales an image of this precision and color "
            "profile: check {layers}."
        ),
        "mask-not-enlarged": _(
            "The mask of the group “{group}” was not enlarged: it hides what of “{name}” reaches beyond it."
        ),
        "pass-through": _(
            "The group “{name}” passes through: what its layers do to those below it is not in the result."
        ),
        "group": _("The group “{name}” was upscaled as one picture; the group itself was kept, hidden."),
        "wrong-size": _(
            "“{name}” came back at {width} × {height} pixels instead of {asked_width} × {asked_height}. "
            "It was placed at the size it came in."
        ),
        "distorted": _(
            "“{name}” came back at {width} × {height} pixels instead of {asked_width} × {asked_height}, in "
            "other proportions. It was stretched to the right ones."
        ),
        "stretched": _(
            "“{name}” came back at {width} × {height} pixels instead of {asked_width} × {asked_height} and "
            "was stretched to match the other layers."
        ),
        "image-gone": _("The image was closed meanwhile; the result of “{name}” is a new image."),
        "window-gone": _(
            "An image was closed meanwhile, perhaps this one; the result of “{name}” is a new image."
        ),
        "layer-gone": _("“{name}” was deleted meanwhile; its result is a new image."),
        "layer-changed": _(
            "“{name}” was changed meanwhile; its result is a new image and the layer was left alone."
        ),
        "layer-locked": _("“{name}” was locked meanwhile; its result is a new image."),
        "floating": _(
            "There is a floating selection in the image now; the result of “{name}” is a new image."
        ),
        "selection-unknown": _(
            "What was selected of “{name}” is no longer known; all of what was sent is now a new image."
        ),
        "command-line": _("“{name}” was upscaled from the command line; its result is a new image."),
        "other-gimp": _("“{name}” was upscaled in another version of GIMP; its result is a new image."),
        "origin-invalid": _(
            "The record of where “{name}” belongs cannot be read ({problem}); its result is a new image."
        ),
        "bare": _(
            "The new image shows “{name}” as it came from the service: without the layer's transparency and "
            "mask, and in the service's colors."
        ),
        "reused-one": _(
            "“{name}” had been upscaled with the same settings before: nothing was charged for it."
        ),
        "reused": _("The same picture had been upscaled with the same settings before: nothing was charged."),
    }
    # the names in the dialog, translated
    return sentences[code].format(original=_("Original"), colors_from=_("Colors from"), **values)


# ----- summaries and errors


def done(name, width, height, _=same):
    # type: (str, int, int, Translate) -> str
    """Return the line for a layer that was upscaled."""
    return _("“{name}” is now {width} × {height} pixels.").format(name=name, width=width, height=height)


def new_images(numbers, _=same):
    # type: (list[int], Translate) -> str
    """Return the line for a script with the IDs of the new images, which have no window."""
    return _("New images: {numbers}").format(numbers=" ".join(str(number) for number in numbers))


def summary(succeeded, failed, _=same):
    # type: (Sequence[str], Sequence[str], Translate) -> str
    """Return what happened to each of several layers: ``succeeded`` lines, then ``failed`` ones."""
    head = _("{succeeded} of {total} layers were upscaled.").format(
        succeeded=len(succeeded), total=len(succeeded) + len(failed)
    )
    return "\n".join([head] + ["• " + line for line in list(succeeded) + list(failed)])


def failure(name, event, _=same):
    # type: (str, Message, Translate) -> str
    """Return one line for a layer that failed, in a summary."""
    return "“{0}”: {1}".format(name, " ".join(answers(event, _)))


def problems(events, _=same):
    # type: (Sequence[Message], Translate) -> str
    """Return what is wrong and what to do, a line for each ``error`` event."""
    members = [[i18n.translated_member(event, name, _) for name in ("what", "advice")] for event in events]
    return "\n".join(" ".join(parts).strip() for parts in members)


def answers(event, _=same):
    # type: (Message, Translate) -> list[str]
    """Return an ``error`` or ``cancelled`` event as its answers: what, charged, advice."""
    if event["event"] == Event.CANCELLED:
        return [cancelled(event.get("charged", Charge.UNKNOWN), _)]
    parts = [
        i18n.translated_member(event, "what", _),
        # fixed sentences, which the catalogs hold as well
        _(event.get("charge") or "") or charge(event.get("charged", Charge.UNKNOWN), _),
        i18n.translated_member(event, "advice", _),
    ]
    return [part for part in parts if part]


def error(event, _=same):
    # type: (Message, Translate) -> str
    """Return an ``error`` or ``cancelled`` event as text: each answer a paragraph, and where the log is."""
    parts = answers(event, _)
    if event.get("log"):
        parts.append(log_line(event["log"], _))
    return "\n".join(parts)


def log_line(path, _=same):
    # type: (str, Translate) -> str
    """Return where the log is."""
    return _("Log: {path}").format(path=short_path(path))


def short_path(path):
    # type: (str) -> str
    """Return a path with ``~`` for the home folder, on systems that write it so."""
    home = os.path.expanduser("~")
    below_home = os.sep == "/" and len(home) > 1 and path.startswith(home + os.sep)
    return "~" + path[len(home) :] if below_home else path


def cancelled(charged, _=same):
    # type: (str, Translate) -> str
    """Return what was charged before a cancel, as text."""
    if charged == Charge.NO:
        return _("Cancelled. Nothing was charged.")
    if charged == Charge.YES:
        return _("Cancelled. The task has been charged; Resume Precision Upscales fetches its result.")
    return _("Cancelled. It is not certain whether this was charged; Resume Precision Upscales will know.")


def cancel_cost(charges, _=same, plural=same_plural):
    # type: (Sequence[str], Translate, Plural) -> str
    """Return what a cancel would mean for the money, from ``charged`` of every layer that is not finished."""
    paid = sum(charged == "yes" for charged in charges)
    if any(charged == "unknown" for charged in charges):
        return _("Cancel: it is just being decided whether this is charged. Nothing paid gets lost.")
    if paid == 0:
        return _("Cancel costs nothing now.")
    if paid == len(charges):
        return _("Already charged. After Cancel, Resume Precision Upscales brings the result at no new cost.")
    some = plural(
        "{paid} layer is charged already; after Cancel, Resume brings its result at no new cost.",
        "{paid} layers are charged already; after Cancel, Resume brings their results at no new cost.",
        paid,
    )
    return some.format(paid=paid)


def key_stored(where, _=same):
    # type: (str, Translate) -> str
    """Return where a key was stored; ``where`` as in the event ``stored``."""
    if where == "keyring":
        return _("The key was stored in the system's keyring.")
    return _("The key was stored in a file that only you can read.")


def working_on(name, _=same):
    # type: (str, Translate) -> str
    """Return the line for a job that another run is working on."""
    return "“{0}”: {1}".format(name, _("Being worked on at this moment."))


def changed_partly(_=same):
    # type: (Translate) -> str
    """Return what to do when the swap failed inside its undo step."""
    return _(
        "The image was changed only in part. Undo once (Ctrl+Z) to get it back; the result is kept and "
        "Resume Precision Upscales places it again."
    )


def words_of(problem):
    # type: (object) -> str
    """Return an exception (or anything else) as text, whatever characters it has.

    In Python 2 that can be bytes, which are UTF-8 from GIMP and anything from the system.
    """
    try:
        return "{0}".format(problem)
    except UnicodeError:
        words = str(problem)
        return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _event(code, what, charged, advice, details=None, job_id=None):
    # type: (str, str, str, str, Message | None, str | None) -> Message
    return {
        "event": Event.ERROR,
        "code": code,
        "what": what,
        "charged": charged,
        "charge": None,
        "advice": advice,
        "log": None,
        "job_id": job_id,
        "details": details or {},
    }


def no_python_error(_=same):
    # type: (Translate) -> Message
    """Return the event for a machine without a Python for the worker."""
    return _event(
        "no-python",
        _("No Python 3.11 or later was found on this computer, and the plug-in needs one."),
        Charge.NO,
        _("Install Python from python.org, or name one in the variable PRECISION_UPSCALER_PYTHON."),
    )


def worker_missing_error(problem, _=same):
    # type: (object, Translate) -> Message
    """Return the event for a worker that could not be started."""
    return _event(
        "worker-missing",
        _("The helper program of the plug-in could not be started: {problem}.").format(
            problem=words_of(problem)
        ),
        Charge.NO,
        _("Install the plug-in again; its folder must hold precision_upscaler and vendor."),
    )


def _missing_module(lines):
    # type: (list[str]) -> str | None
    """Return the line in which Python says that a part of the plug-in is not there, or None."""
    return next((line for line in reversed(lines) if "No module named" in line), None)


def worker_died_error(exit_code, charged, job_id, lines, _=same):
    # type: (int, str, str | None, list[str], Translate) -> Message
    """Return the event for a worker that ended without a last word; ``lines`` are the last it wrote."""
    missing = _missing_module(lines)
    if missing is not None and charged == Charge.NO:
        return dict(worker_missing_error(missing, _), details={"exit_code": exit_code, "output": lines})
    advice = (
        _("Try again. If it happens again, install the plug-in again.")
        if charged == Charge.NO
        else _("Filters ▸ Enhance ▸ Resume Precision Upscales… goes on with it without paying again.")
    )
    return _event(
        "worker-died",
        _("The helper program of the plug-in ended unexpectedly (exit code {code}).").format(code=exit_code),
        charged,
        advice,
        {"exit_code": exit_code, "output": lines},
        job_id,
    )


def worker_silent_error(seconds, _=same):
    # type: (int, Translate) -> Message
    """Return the event for a worker that was asked something short and does not answer."""
    return _event(
        "worker-silent",
        _("The helper program of the plug-in did not answer within {seconds} seconds.").format(
            seconds=seconds
        ),
        Charge.NO,
        _("Try again. A locked keyring that waits for its password can be the reason."),
    )


def local_error(problem, charged, _=same):
    # type: (Exception, str, Translate) -> Message
    """Return the event for a failure inside the front end itself."""
    advice = (
        _("Try again. If it happens again, please report it.")
        if charged == Charge.NO
        else _("The result is kept: Filters ▸ Enhance ▸ Resume Precision Upscales… fetches it.")
    )
    return _event(
        "front-end",
        _("The plug-in met an error it did not expect: {problem}").format(
            problem="{0}: {1}".format(type(problem).__name__, words_of(problem))
        ),
        charged,
        advice,
    )


def bad_result_error(problem, job_id, _=same):
    # type: (object, str | None, Translate) -> Message
    """Return the event for a result file GIMP cannot read."""
    return _event(
        "result-unreadable",
        _("GIMP cannot read the result: {problem}").format(problem=words_of(problem)),
        Charge.YES,
        _("The file is kept: Filters ▸ Enhance ▸ Resume Precision Upscales… fetches it again."),
        None,
        job_id,
    )
