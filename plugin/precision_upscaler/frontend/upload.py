"""Whether layers are sent as PNG or as JPEG: the user's setting, which the layers' own worker tells ahead."""

from __future__ import absolute_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .worker_process import Worker

JPEG = "jpeg"
JPEG_QUALITY = 0.95
"""Of 1, as GIMP counts; with a colour for every pixel (4:4:4) what is lost is what the eye does not see."""

_PATIENCE_SECONDS = 20


class UploadFormat(object):
    """The setting ``upload_format``, as a worker that was prepared tells it.

    One that does not answer means PNG: what is the matter with it, the upscale itself will say.
    """

    def __init__(self, worker):
        # type: (Worker) -> None
        self._worker = worker
        self._jpeg = None  # type: bool | None

    @property
    def is_jpeg(self):
        # type: () -> bool
        """Whether layers are to be sent as JPEG; the first look may have to wait for the worker."""
        if self._jpeg is None:
            settings = self._worker.settings(_PATIENCE_SECONDS)
            self._jpeg = isinstance(settings, dict) and settings.get("upload_format") == JPEG
        return self._jpeg
