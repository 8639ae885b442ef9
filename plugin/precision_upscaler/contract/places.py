"""Where things are on the web, as far as a front end leads people there."""

from __future__ import absolute_import

try:
    from urllib.parse import urlsplit
except ImportError:  # Python 2.7
    from urlparse import urlsplit  # type: ignore[no-redef,import-not-found]  # its name there

KEY_PAGE = "https://www.magnific.com/api"
"""The page on which the service gives out API keys."""


def host_of(address):
    # type: (str) -> str
    """Return what to call a service by its ``address``: the host, or all of it where there is none."""
    return urlsplit(address).hostname or address
