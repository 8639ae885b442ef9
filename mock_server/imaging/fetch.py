"""Fetch a picture from an https address, when the mock was told that it may."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any

from .input_image import InputImageError

_MOST_BYTES = 64 << 20
_TIMEOUT_SECONDS = 20.0


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https addresses only."""

    def redirect_request(self, *arguments: Any) -> urllib.request.Request | None:
        """Return the request that follows a redirect; the last argument is where to."""
        if not str(arguments[-1]).lower().startswith("https://"):
            raise urllib.error.URLError("redirected away from https")
        return super().redirect_request(*arguments)


def fetch(address: str) -> bytes:
    """Return the bytes at ``address``, whose scheme was checked, or raise :class:`InputImageError`."""
    opener = urllib.request.build_opener(_HttpsOnly)
    try:
        with opener.open(address, timeout=_TIMEOUT_SECONDS) as response:
            data: bytes = response.read(_MOST_BYTES + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputImageError(f"The image's address cannot be read: {error}") from None
    if len(data) > _MOST_BYTES:
        raise InputImageError("The image is too large")
    return data
