"""A service that costs nothing: takes any picture, is done at once, hands out one prepared file.

::

    python -m contract_tests.benchmarks.instant_service PORT RESULT_FILE

What is measured against it is the client alone, and copies over loopback. It speaks just enough of the
contract for that, and checks nothing.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path

from precision_upscaler.contract import CREATE_PATH

TASK_ID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
RESULT_PATH = f"/results/upscaler_result_{TASK_ID}.png"
_BLOCK = 1 << 20


def serve(listener: socket.socket, result: Path) -> None:
    """Serve for ever, a thread for each connection."""
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_talk, args=(sock, result), daemon=True).start()


def _talk(sock: socket.socket, result: Path) -> None:
    with sock, sock.makefile("rb") as reader:
        while line := reader.readline():
            method, target, _ = line.decode("latin-1").split()
            length = 0
            while (header := reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode("latin-1").partition(":")
                length = int(value) if name.lower() == "content-length" else length
            while length > 0:
                length -= len(reader.read(min(length, _BLOCK)))
            if target.startswith(RESULT_PATH):
                _send_file(sock, result)
            else:
                _send_json(sock, _answer(method, target, sock.getsockname()[1]))


def _answer(method: str, target: str, port: int) -> dict[str, object]:
    if method == "GET" and target == CREATE_PATH:
        return {"data": []}
    done = method == "GET"
    link = f"http://127.0.0.1:{port}{RESULT_PATH}?token=none"
    status = "COMPLETED" if done else "CREATED"
    return {"data": {"task_id": TASK_ID, "status": status, "generated": [link] if done else []}}


def _send_json(sock: socket.socket, value: object) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode() + body)


def _send_file(sock: socket.socket, path: Path) -> None:
    with path.open("rb") as stream:
        size = path.stat().st_size
        sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {size}\r\n\r\n".encode())
        sock.sendfile(stream)


if __name__ == "__main__":
    serve(socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64), Path(sys.argv[2]))
