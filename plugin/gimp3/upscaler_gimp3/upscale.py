"""One run from the procedure's call to the changed image: refuse, export, wait, deliver, sum up."""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.contract import limits
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.i18n import warning_messages
from precision_upscaler.frontend.worker_process import UploadFormat

from upscaler_gimp3.image.export import Exported, export
from upscaler_gimp3.image.inputs import chosen
from upscaler_gimp3.image.jpeg import jpeg_of
from upscaler_gimp3.image.rendering import rendered
from upscaler_gimp3.image.selection import packed
from upscaler_gimp3.result.delivery import LOCAL_ERRORS, deliver
from upscaler_gimp3.result.models import Delivery, Finished, finished
from upscaler_gimp3.worker.pool import NOTHING_SENT, Crew

from .errors import Cancelled, ChangedPartly, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from upscaler_gimp3.image.inputs import Subject

    from .arguments import Options
    from .progress import Progress

    Event = dict[str, Any]


@dataclass
class Outcome:
    """What a run gave: the delivery, and the failed layers' lines.

    ``message`` is what to tell the user; a run with failures is no success, though what worked is in
    the image.
    """

    delivery: Delivery
    failures: list[str]
    translate: Callable[[str], str]

    @property
    def message(self) -> str:
        """The summary, when several layers took part or something failed, and the notes."""
        lines = []
        if self.failures or len(self.delivery.lines) > 1:
            lines.append(texts.summary(self.delivery.lines, self.failures, self.translate))
        return "\n".join(lines + self.delivery.notes)

    @property
    def message_for_scripts(self) -> str:
        """The message, and which new images there are: nobody sees them, and not all can be returned."""
        return for_scripts(self.message, self.delivery, self.translate)


def for_scripts(message: str, delivery: Delivery, translate: Callable[[str], str]) -> str:
    """Return ``message`` with a last line that names the new images by their numbers, if there are any."""
    numbers = [image.get_id() for image in delivery.images]
    lines = [message, texts.new_images(numbers, translate) if numbers else ""]
    return "\n".join(line for line in lines if line)


def upscale(
    image: Any,
    drawables: Sequence[Any],
    options: Options,
    progress: Progress,
    translate: Callable[[str], str] = texts.same,
    shown_on: Sequence[Any] = (),
) -> Outcome:
    """Upscale ``drawables`` of ``image`` and return what became of them.

    ``shown_on`` are displays of which one is gone when the image is closed, where GIMP does not tell.

    :class:`Refused` before anything is sent, :class:`Failed` and :class:`Cancelled` when no layer
    came through; in all three cases the image is as it was and no undo step is left.
    """
    with nothing_sent_yet(translate):
        subjects = chosen(image, drawables, options, translate, shown_on)
        crew = Crew(len(subjects), progress.event, translate)
        progress.start([subject.name for subject in subjects], crew.cancel)
    exports: list[tuple[Path, Exported]] = []
    try:
        with nothing_sent_yet(translate):
            upload = UploadFormat(crew.workers[0])
            for subject in subjects:
                crew.prepare()
                # showing this lets the window take in a click
                progress.say(texts.exporting(subject.name, translate))
                if crew.cancelled:
                    raise Cancelled(NOTHING_SENT)
                exports.append(_exported(subject, upload, translate))
            commands = [
                command(image, subject, options, path, exported)
                for subject, (path, exported) in zip(subjects, exports, strict=True)
            ]
        endings = crew.run(commands)
        return _delivered(image, subjects, exports, endings, crew, options, progress, translate)
    finally:
        crew.close()
        progress.finish()
        for path, exported in exports:
            # the worker took them, unless it never came so far
            for file in (path, exported.smaller):
                if file is not None:
                    file.unlink(missing_ok=True)


@contextmanager
def nothing_sent_yet(translate: Callable[[str], str]) -> Iterator[None]:
    """Turn whatever unexpected goes wrong inside into a :class:`Failed` that cost nothing."""
    try:
        yield
    except (Refused, Cancelled, Failed):
        raise
    except Exception as problem:
        if not isinstance(problem, OSError):  # a full disk is no mistake of ours to be looked for
            traceback.print_exc()
        raise Failed(texts.local_error(problem, "no", translate)) from problem


def command(image: Any, subject: Subject, options: Options, path: Path, exported: Exported) -> Event:
    """Return the worker's command for one subject; ``origin`` is all Resume needs to place the result."""
    file = image.get_file()
    smaller = {} if exported.smaller is None else {"upload": str(exported.smaller)}
    return {
        "command": "upscale",
        "source": str(path),
        **smaller,
        "take_source": True,
        "reuse": True,
        "parameters": options.parameters,
        "origin": {
            "application": "gimp3",
            "image": image.get_name(),
            "image_id": image.get_id(),
            "file": file.get_uri() if file is not None else None,
            "process": os.getppid(),
            "layer": subject.name,
            "layer_id": subject.layer.get_id(),
            "tattoo": subject.layer.get_tattoo(),
            "own_size": list(subject.own_size),
            "box": list(subject.box),
            "area_box": list(subject.area),
            "fingerprint": exported.fingerprint,
            "opaque": exported.opaque,
            "masked": subject.masked,
            "resolution": subject.resolution,
            "selection": None
            if subject.selection is None
            else packed(subject.selection, subject.area_in_layer),
            "placement": options.placement,
            "area": options.area,
            "colors": options.colors,
        },
    }


def _exported(
    subject: Subject, upload: UploadFormat, translate: Callable[[str], str]
) -> tuple[Path, Exported]:
    """Write one subject to a file of its own, and a smaller copy where the setting or a limit wants one.

    :class:`Refused` when it cannot be sent, OSError when it cannot be written; no file is left then.
    """
    path = Path(Gimp.temp_file("png").get_path())
    try:
        with rendered(subject.layer) as (drawable, _):
            exported = export(drawable, subject.area_in_layer, str(path))
        _refuse_invisible(subject, exported, translate)
        if upload.is_jpeg or limits.upload_refusal(exported.bytes) is not None:
            exported.smaller = jpeg_of(path)
            exported.bytes = exported.smaller.stat().st_size
        _refuse_too_large(subject, exported, translate)
    except BaseException:
        path.unlink(missing_ok=True)
        path.with_suffix(".jpg").unlink(missing_ok=True)
        raise
    return path, exported


def _refuse_invisible(subject: Subject, exported: Exported, translate: Callable[[str], str]) -> None:
    """Raise :class:`Refused` when only the pixels show that there is nothing to send."""
    if not exported.visible:
        code = "transparent" if subject.whole else "transparent-area"
        raise Refused(texts.refusal(code, translate, name=subject.name))


def _refuse_too_large(subject: Subject, exported: Exported, translate: Callable[[str], str]) -> None:
    """Raise :class:`Refused` when the file to send is larger than the service takes."""
    limit = limits.upload_refusal(exported.bytes)
    if limit is not None:
        raise Refused(f"“{subject.name}”: {texts.limit(limit, translate)}")


def _delivered(
    image: Any,
    subjects: list[Subject],
    exports: list[tuple[Path, Exported]],
    endings: list[Event],
    crew: Crew,
    options: Options,
    progress: Progress,
    translate: Callable[[str], str],
) -> Outcome:
    """Deliver what came back; raise when nothing did."""
    came, failures, workers = [], [], []
    for subject, (_, exported), ending, worker in zip(subjects, exports, endings, crew.workers, strict=True):
        if ending["event"] == "result":
            came.append(finished(subject, exported, ending["path"], options))
            workers.append(worker)
        else:
            failures.append(texts.failure(subject.name, ending, translate))
    if not came:
        _raise(endings)
    delivery = deliver_or_fail(image, came, options, progress.say, translate)
    for one, worker in zip(came, workers, strict=True):
        if one.failure is None:
            worker.delivered()
        else:
            worker.close()
            failures.append(texts.failure(one.subject.name, one.failure, translate))
    for ending in endings:
        delivery.notes += warning_messages(ending.get("warnings", ()), translate)
    free = [subject.name for subject, ending in zip(subjects, endings, strict=True) if ending.get("reused")]
    if len(free) == len(subjects):
        delivery.note(texts.note("reused", translate))
    else:
        for name in free:
            delivery.note(texts.note("reused-one", translate, name=name))
    return Outcome(delivery, failures, translate)


def deliver_or_fail(
    image: Any,
    came: list[Finished],
    options: Options,
    say: Callable[[str], None],
    translate: Callable[[str], str],
) -> Delivery:
    """Deliver, and turn whatever goes wrong in here into :class:`Failed`; the results stay for Resume."""
    try:
        delivery = deliver(image, came, options, say, translate)
    except ChangedPartly as problem:
        event = texts.local_error(problem, "yes", translate)
        raise Failed(dict(event, advice=texts.changed_partly(translate))) from problem
    except LOCAL_ERRORS as problem:
        raise Failed(texts.local_error(problem, "yes", translate)) from problem
    if not delivery.lines:
        raise Failed(next(one.failure for one in came if one.failure is not None))
    return delivery


def _raise(endings: list[Event]) -> None:
    """Raise what stopped the run: the cancel if that is all there was, else the first error."""
    errors = [ending for ending in endings if ending["event"] == "error"]
    if not errors:
        raise Cancelled(endings[0])
    raise Failed(errors[0])
