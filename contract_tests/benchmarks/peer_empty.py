"""Serve one Flask view with cheroot, and nothing else: ``peer_empty.py PORT``."""

import sys

from cheroot.wsgi import Server
from flask import Flask, Response

BODY = b'{"data":{"generated":[],"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"CREATED"}}'
app = Flask("empty")


@app.route("/<path:_path>", methods=["GET", "POST"])
def answer(_path: str) -> Response:
    """Answer always the same."""
    return Response(BODY, content_type="application/json")


server = Server(("127.0.0.1", int(sys.argv[1])), app)
server.keep_alive_conn_limit = None
server.start()
