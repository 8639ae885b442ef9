"""Run a mock in this process until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from mock_server.app import create_app

from .cheroot_server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_server.config import Options


def serve(options: Options, say: Callable[[str], None]) -> None:
    """Serve a mock until SIGINT or SIGTERM; ``say`` prints the line with its address.

    OSError when the address cannot be had, :class:`sqlite3.Error` when the state file cannot be used.
    """
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(message)s")
    app = create_app(options)
    server = Server(app, options.host, options.port)
    try:
        server.prepare()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: server.request_stop())
        say(f"Listening on {server.url}")
        server.serve()
    finally:
        server.stop()
        app.close()
