"""A TCP proxy between client and mock that damages one kind of call: request, answer or transfer."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from precision_upscaler.contract import CREATE_PATH

CALLS = ("create", "status", "list", "download")
ANSWER_FAULTS = ("reset", "empty", "garbage", "truncated", "dribble", "stalled")
"""What happens to an answer, whether or not the request has reached the service."""
TRANSFER_FAULTS = ("cut_upload", "stall_upload", "cut_download", "stall_download")
"""What happens in the middle of a long transfer."""
_BAIT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{}"


@dataclass
class Plan:
    """Damage ``call`` by ``fault``, ``times`` times (None: always).

    ``reached``: the service gets the request, and only its answer is damaged.
    """

    call: str
    fault: str
    reached: bool = True
    times: int | None = 1


class FaultyProxy:
    """A TCP relay on a free port; one request a connection, as the client makes them."""

    def __init__(self, target: str, plan: Plan | None = None) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self.plan = plan
        self.struck = 0
        self._stopped = threading.Event()
        self._hanging: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        # small, so that what is not read here has not left the other side either
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def heal(self) -> None:
        self.plan = None

    def let_go(self) -> None:
        """Close the connections on which nothing is said any more."""
        for client in self._hanging:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            head = _read_head(client)
            if not head:
                return
            plan = self._strike(_call(head))
            if plan is None:
                self._relay(client, head)
            elif plan.fault in TRANSFER_FAULTS:
                self._in_transfer(client, head, plan.fault)
            else:
                answer = self._exchange(client, head) if plan.reached else _BAIT
                if not plan.reached:
                    _read_body(client, head)
                self._damage(client, answer, plan.fault)

    def _strike(self, call: str) -> Plan | None:
        with self._lock:
            plan = self.plan
            if plan is None or plan.call != call or (plan.times is not None and self.struck >= plan.times):
                return None
            self.struck += 1
            return plan

    def _relay(self, client: socket.socket, head: bytes) -> None:
        with socket.create_connection(self._target) as server:
            server.sendall(_closing(head))
            _pump(client, server, _length(head))
            while piece := server.recv(1 << 16):
                client.sendall(piece)

    def _exchange(self, client: socket.socket, head: bytes) -> bytes:
        """Pass the request on to the service; return its whole answer."""
        with socket.create_connection(self._target) as server:
            server.sendall(_closing(head))
            _pump(client, server, _length(head))
            answer = b""
            while piece := server.recv(1 << 16):
                answer += piece
        return answer

    def _damage(self, client: socket.socket, answer: bytes, fault: str) -> None:
        if fault == "reset":
            _reset(client)
        elif fault == "garbage":
            client.sendall(b"\x00\x16\x03 this is no HTTP\r\n\r\n")
        elif fault == "truncated":
            client.sendall(answer[: -max(1, len(answer.partition(b"\r\n\r\n")[2]) // 2)])
        elif fault == "dribble":
            for index in range(len(answer)):
                client.sendall(answer[index : index + 1])
                if self._stopped.wait(0.03):
                    return
        elif fault == "stalled":
            self._hang(client)

    def _hang(self, client: socket.socket) -> None:
        """Say nothing until the other side gives up."""
        client.settimeout(5.0)
        self._hanging.append(client)
        with contextlib.suppress(OSError):
            while client.recv(1 << 16):
                pass

    def _in_transfer(self, client: socket.socket, head: bytes, fault: str) -> None:
        if fault.endswith("upload"):
            _read_exactly(client, _length(head) // 2)
        else:
            answer = self._exchange(client, head)
            client.sendall(answer[: len(answer) // 2])
        if fault.startswith("cut"):
            _reset(client)
        elif fault.endswith("upload"):
            self._stopped.wait(5.0)
        else:
            self._hang(client)


def _read_head(client: socket.socket) -> bytes:
    head = b""
    while seen := client.recv(1 << 16, socket.MSG_PEEK):
        end = (head + seen).find(b"\r\n\r\n")
        # what comes after it stays in the socket
        head += client.recv(len(seen) if end < 0 else end + 4 - len(head))
        if end >= 0:
            return head
    return b""


def _closing(head: bytes) -> bytes:
    """Ask the service to close the connection after its answer, so that its end is seen."""
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _call(head: bytes) -> str:
    method, target, _ = head.split(b" ", 2)
    if CREATE_PATH.encode() not in target:
        return "download"
    if method == b"POST":
        return "create"
    return "list" if target == CREATE_PATH.encode() else "status"


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def _read_exactly(client: socket.socket, length: int) -> bytes:
    body = b""
    while len(body) < length and (piece := client.recv(min(1 << 16, length - len(body)))):
        body += piece
    return body


def _read_body(client: socket.socket, head: bytes) -> bytes:
    return _read_exactly(client, _length(head))


def _pump(client: socket.socket, server: socket.socket, length: int) -> None:
    while length > 0:
        piece = client.recv(min(1 << 16, length))
        if not piece:
            raise OSError("the client went away in the middle of its request")
        server.sendall(piece)
        length -= len(piece)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
