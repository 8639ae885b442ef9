"""Load ``openapi.json`` once and give its facts names.

A test checks that the document is consistent in itself; it is not checked again at every import.
"""

from __future__ import absolute_import

import json
import os
from collections import OrderedDict

try:
    from urllib.parse import urlsplit
except ImportError:  # Python 2.7
    from urlparse import urlsplit  # type: ignore[no-redef,import-not-found]  # its name there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Schema = Mapping[str, Any]

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openapi.json")


with open(_PATH, "rb") as _stream:
    DOCUMENT = json.loads(_stream.read().decode("utf-8"), object_pairs_hook=OrderedDict)  # type: dict[str, Any]
"""The whole document as dictionaries in the file's order. Read it, never change it."""

CREATE_PATH = next(iter(DOCUMENT["paths"]))
"""Path of the create and list calls; the status call adds ``/<task id>``."""

SERVERS = tuple(server["url"] for server in DOCUMENT["servers"])
"""Base addresses of the real service, the default first."""

KEY_PAGE = "https://www.magnific.com/api"
"""The page on which the service gives out API keys."""

AUTH_HEADERS = tuple(scheme["name"] for scheme in DOCUMENT["components"]["securitySchemes"].values())
"""Names of the headers that may carry the key, in the order of :data:`SERVERS`."""

LIMITS = DOCUMENT["x-limits"]
"""Sizes the service takes, in pixels a side, and where the numbers come from."""

_STATUS = DOCUMENT["components"]["schemas"]["task-status"]
STATUSES = tuple(_STATUS["enum"])
"""Every status a task can have, in the order it goes through them."""
TRANSITIONS = dict((status, frozenset(_STATUS["x-transitions"][status])) for status in STATUSES)
"""For every status the statuses that may follow it."""
TERMINAL_STATUSES = frozenset(status for status in STATUSES if not TRANSITIONS[status])
"""The statuses that nothing follows."""


def resolve(node):
    # type: (Schema) -> Schema
    """Return ``node`` of the document, or what its ``$ref`` names; KeyError when that does not exist."""
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def host_of(address):
    # type: (str) -> str
    """Return the host of a service's ``address``; the whole address when it has no host."""
    return urlsplit(address).hostname or address
