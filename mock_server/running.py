"""Run a mock in this process until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from .app import create_app
from .server import Server, listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options


def serve(options: Options, say: Callable[[str], None]) -> None:
    """Serve a mock until SIGTERM or SIGINT; ``say`` prints the line that tells its address."""
    listener = listen(options.host, options.port)
    app = create_app(options)
    server = Server(app.wsgi_app, listener)
    host = f"[{options.host}]" if ":" in options.host else options.host
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
    say(f"Listening on http://{host}:{server.port}")
    sys.stdout.flush()
    server.serve_forever()
