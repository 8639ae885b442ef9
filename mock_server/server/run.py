"""Run a mock in this process, or in several, until it is told to stop."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from mock_server.app import create_app
from mock_server.config import OptionError

from .server import Server, Shares, address_of, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from mock_server.config import Options

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_COLLECTED_AFTER = (20_000, 20, 20)


def serve(options: Options, say: Callable[[str], None]) -> None:
    """Serve a mock until SIGINT or SIGTERM; ``say`` prints the line that tells its address.

    OSError when the address cannot be had, :class:`OptionError` when the options ask for more
    processes than this system can fork.
    """
    if options.processes > 1 and not hasattr(os, "fork"):
        raise OptionError("this system cannot fork: processes must be 1")
    if options.verbose:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    with listen(options.host, options.port) as listener:
        line = f"Listening on {address_of(listener)}"
        if options.processes > 1:
            create_app(options).service.close()  # the file is taken up once, before anybody competes for it
            say(line)
            _supervise(options, listener)
        else:
            _work(options, listener, lambda: say(line))


def _work(
    options: Options,
    listener: socket.socket,
    ready: Callable[[], None],
    parent: int | None = None,
    share: tuple[Shares, int] | None = None,
) -> None:
    """Serve until a signal, or until ``parent``, a pipe's reading end, says that the parent is gone."""
    app = create_app(options, joins=parent is not None)
    server = Server(
        app.wsgi_app, listener, multiprocess=parent is not None, quick=app.answers_quickly, share=share
    )
    if threading.current_thread() is threading.main_thread():
        for number in _STOP_SIGNALS:
            signal.signal(number, lambda *_: server.stop())
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent, server), daemon=True).start()
    # what has been made so far stays until the end; what a request makes goes with it, or into the journal
    # and out of it again: neither is garbage, and looking for some took a tenth of the time
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)
    ready()
    try:
        server.serve_forever()
    finally:
        app.journal.flush()
        app.service.close()


def _outlive(parent: int, server: Server) -> None:
    """Stop the server as soon as the parent, who holds the pipe's other end, is gone."""
    os.read(parent, 1)
    server.stop()


def _supervise(options: Options, listener: socket.socket) -> None:
    """Keep the wanted number of processes alive until a signal; what ends by itself is started again."""
    reading, writing = os.pipe()  # its writing end is open here alone: it closes when this process dies
    children: dict[int, int] = {}  # the number of each by its process's id
    shares = Shares(options.processes)
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    def start(number: int) -> None:
        shares.put(number, 0)
        child = os.fork()
        if child:
            children[child] = number
            return
        status = 1
        try:
            os.close(writing)
            for stop_signal in _STOP_SIGNALS:
                signal.signal(stop_signal, signal.SIG_DFL)
            _work(options, listener, lambda: None, reading, (shares, number))
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)

    for stop_signal in _STOP_SIGNALS:
        signal.signal(stop_signal, stop)
    for number in range(options.processes):
        start(number)
    while children:
        child, _ = os.wait()
        number = children.pop(child)
        if not stopping:
            start(number)
