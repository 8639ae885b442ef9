"""The mock servers ours is held against: where they are installed, how each starts, what each is asked.

pytest-httpserver knows no documents and gets the same answers by hand; moto mocks another service
altogether, so it stores and returns the same JSON as an object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap import cache_folder
from precision_upscaler import contract

from contract_tests.support import pictures

from .processes import REPOSITORY, Asking, free_port, python
from .result import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = REPOSITORY / "plugin/precision_upscaler/contract/openapi.json"
TASK_ID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
PACKAGES = ("@stoplight/prism-cli@5.16.0", "node@24.21.0")
PRECISION_MOCK = str(Path(sys.executable).with_name("precision-mock"))
_KEY = {"x-freepik-api-key": "mock-key"}
_JSON = {"Content-Type": "application/json"}
_MOTO = {"Authorization": "AWS4-HMAC-SHA256 Credential=mock/20260101/us-east-1/s3/aws4_request"}

ANSWER = {"data": {"generated": [], "task_id": TASK_ID, "status": "CREATED"}}
GET = Asking("GET", f"{contract.CREATE_PATH}/{TASK_ID}", dict(_KEY))
LIST = Asking("GET", contract.CREATE_PATH, dict(_KEY))
POST = Asking(
    "POST",
    contract.CREATE_PATH,
    {**_KEY, **_JSON},
    json.dumps({"image": pictures.base64_png(), "scale_factor": 2}).encode(),
)


def no_preparation(_port: int) -> str:
    """Prepare nothing; the task's id is a given one."""
    return TASK_ID


@dataclass(frozen=True)
class Server:
    """A server to measure: how it starts on a port, and what GET and POST are for it.

    ``first`` is what a fresh one can answer: it tells that it has started. ``prepare`` is called then and
    returns the id that GET asks for. ``validates`` says whether it checks requests and answers against the
    document, ``keeps`` whether it keeps state.
    """

    name: str
    argv: Callable[[int], list[str]]
    first: Asking = LIST
    get: Asking = GET
    post: Asking = POST
    prepare: Callable[[int], str] = no_preparation
    validates: str = "no"
    keeps: str = "no"
    serves_document: bool = True
    ours: bool = False

    def asking(self, method: str, task_id: str) -> Asking:
        """Return the GET or the POST to send."""
        if method == "POST":
            return self.post
        return replace(self.get, path=self.get.path.replace(TASK_ID, task_id))


def node_folder() -> Path:
    """Return the folder with the packages of npm, installed at the first call."""
    folder = cache_folder() / "bench-node"
    stamp = folder / "installed.json"
    if not stamp.exists() or json.loads(stamp.read_text("utf-8")) != list(PACKAGES):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}\n", "utf-8")
        _install(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], folder)
        stamp.write_text(json.dumps(list(PACKAGES)), "utf-8")
    return folder / "node_modules"


def peer_python() -> Path:
    """Return the Python that has the peers written in it, and Matplotlib; installed at the first call."""
    folder = cache_folder() / "bench-python"
    lock = REPOSITORY / "requirements-bench.lock"
    stamp = folder / "installed.lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        _install(python("-m", "venv", "--clear", str(folder)), REPOSITORY)
        interpreter = folder / "bin/python"
        pip = [str(interpreter), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _install([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], REPOSITORY)
        stamp.write_bytes(lock.read_bytes())
    return folder / "bin/python"


def _install(argv: list[str], cwd: Path) -> None:
    print(f"==> {' '.join(argv[:3])} … (once)", flush=True)
    try:
        done = subprocess.run(
            argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError:
        raise Unavailable(f"{argv[0]} is not installed") from None
    if done.returncode:
        raise Unavailable(f"{' '.join(argv[:3])} failed: {done.stdout[-600:]}")


@cache
def node() -> str:
    """Return the path of the Node.js that runs the load client."""
    return str(node_folder() / "node/bin/node")


def ours(*options: str, name: str = "ours") -> Server:
    """Return our mock, with further options of its command line."""

    def create(port: int) -> str:
        status, body = POST.once(port)
        if status != 200:
            raise RuntimeError(f"the mock refuses to create a task: {status} {body!r}")
        return str(json.loads(body)["data"]["task_id"])

    return Server(
        name,
        lambda port: [PRECISION_MOCK, "--port", str(port), *options],
        prepare=create,
        validates="both ways",
        keeps="yes",
        ours=True,
    )


EMPTY = "empty cheroot and Flask"


def empty() -> Server:
    """Return what a program of cheroot and Flask needs at least: one view that answers always the same."""
    program = str(Path(__file__).with_name("peer_empty.py"))
    return Server(EMPTY, lambda port: python(program, str(port)))


def httpserver() -> Server:
    """Return pytest-httpserver with the same answers."""
    program = str(Path(__file__).with_name("peer_httpserver.py"))
    return Server("pytest-httpserver", lambda port: [str(peer_python()), program, str(port)])


def moto() -> Server:
    """Return moto_server, which stores the answer as an object and gives it back."""
    stored = Asking("PUT", f"/bench/{TASK_ID}", {**_MOTO, **_JSON}, json.dumps(ANSWER).encode())

    def prepare(port: int) -> str:
        for request in (Asking("PUT", "/bench", dict(_MOTO)), stored):
            status, body = request.once(port)
            if status != 200:
                raise RuntimeError(f"moto refuses {request.path}: {status} {body!r}")
        return TASK_ID

    program = str(peer_python().with_name("moto_server"))
    return Server(
        "moto_server",
        lambda port: [program, "-H", "127.0.0.1", "-p", str(port)],
        first=Asking("GET", "/", dict(_MOTO)),
        get=Asking("GET", f"/bench/{TASK_ID}", dict(_MOTO)),
        post=stored,
        prepare=prepare,
        keeps="yes",
        serves_document=False,
    )


def load(port: int, asking: Asking, connections: int, seconds: float) -> dict[str, float]:
    """Ask ``asking`` on ``connections`` connections for ``seconds``; return what ``load.mjs`` saw."""
    job = {
        "port": port,
        "request": asking.raw(port).decode("latin-1"),
        "connections": connections,
        "seconds": seconds,
    }
    argv = [node(), str(Path(__file__).with_name("load.mjs")), json.dumps(job)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 30, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def versions() -> dict[str, str]:
    """Return the peers' versions."""
    found = {
        "Node.js": subprocess.run(
            [node(), "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    }
    names = ("moto", "pytest-httpserver")
    asked = f"from importlib.metadata import version; print(*map(version, {names!r}))"
    done = subprocess.run([str(peer_python()), "-c", asked], capture_output=True, text=True, check=True)
    return found | dict(zip(names, done.stdout.split(), strict=True))


__all__ = [
    "DOCUMENT",
    "GET",
    "LIST",
    "POST",
    "Server",
    "free_port",
    "load",
    "moto",
    "ours",
]
