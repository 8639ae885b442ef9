"""Serve the mock's application with another WSGI server: ``peer_wsgi.py NAME PORT PACKAGES``.

Run by the Python that has the mock; ``PACKAGES`` is the folder with the servers' packages, which come last,
so that the application is the same to every server. Each gets one process, because the state is in its
memory, and as many threads as connections are measured.
"""

from __future__ import annotations

import site
import sys
from collections.abc import Callable

THREADS = 16
HOST = "127.0.0.1"
APPLICATION = "mock_server.wsgi:app"


def waitress(port: int) -> None:
    """Serve with waitress."""
    from waitress import serve  # noqa: PLC0415 - each server where it is needed, and only there

    from mock_server.wsgi import app  # noqa: PLC0415 - as above

    serve(app, host=HOST, port=port, threads=THREADS)


def gunicorn(port: int) -> None:
    """Serve with gunicorn's threads."""
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 - as above

    options = [
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        str(THREADS),
        "--log-level",
        "error",
    ]
    sys.argv = ["gunicorn", *options, "--bind", f"{HOST}:{port}", APPLICATION]
    run()


def granian(port: int) -> None:
    """Serve with granian."""
    from granian import Granian  # noqa: PLC0415 - as above
    from granian.constants import Interfaces  # noqa: PLC0415 - as above

    Granian(
        APPLICATION,
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_enabled=False,
    ).serve()


SERVERS: dict[str, Callable[[int], None]] = {"waitress": waitress, "gunicorn": gunicorn, "granian": granian}

if __name__ == "__main__":
    site.addsitedir(sys.argv[3])
    SERVERS[sys.argv[1]](int(sys.argv[2]))
