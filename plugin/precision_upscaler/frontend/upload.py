"""Whether layers are sent as PNG or as JPEG: the user's setting, asked for while they are being exported."""

from __future__ import absolute_import

from .pipe import FINAL_EVENTS, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .texts import Translate

JPEG = "jpeg"
JPEG_QUALITY = 0.95
"""Of 1, as GIMP counts; with a colour for every pixel (4:4:4) what is lost is what the eye does not see."""

_PATIENCE_SECONDS = 20


class UploadFormat(object):
    """The setting ``upload_format``. Asking begins at once; whoever wants the answer may have to wait a bit.

    A worker that does not answer means PNG: what is the matter with it, the upscale itself will say.
    """

    def __init__(self, translate=None, interpreter=None):
        # type: (Translate | None, Sequence[str] | None) -> None
        """Start asking. ``interpreter`` is the words that start a Python 3.11 or later (default: found)."""
        self._worker = Worker({"command": "status"}, translate=translate).start(interpreter)
        self._jpeg = None  # type: bool | None

    @property
    def is_jpeg(self):
        # type: () -> bool
        """Whether layers are to be sent as JPEG."""
        if self._jpeg is None:
            event = self._worker.next_event(_PATIENCE_SECONDS)
            while event is not None and event["event"] not in FINAL_EVENTS:
                event = self._worker.next_event(_PATIENCE_SECONDS)
            self._worker.close()
            settings = event.get("settings") if event is not None else None
            self._jpeg = isinstance(settings, dict) and settings.get("upload_format") == JPEG
        return self._jpeg
