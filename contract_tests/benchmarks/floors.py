"""What the mock's server and Flask reach with nothing of the mock in them: ``floors.py wsgi|flask PORT``."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask, Response

from mock_server.server import Server, listen

BODY = b'{"data":{"generated":[],"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"CREATED"}}'


def empty(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer always the same."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def _view(path: str) -> Response:
    del path
    return Response(BODY, content_type="application/json")


def flask_app() -> Any:
    """Return a Flask application with one view that answers always the same."""
    app = Flask("floor")
    app.add_url_rule("/<path:path>", "view", _view)
    return app.wsgi_app


if __name__ == "__main__":
    application = empty if sys.argv[1] == "wsgi" else flask_app()
    # on the same path as the mock's own quick requests: in the thread that accepts
    Server(application, listen("127.0.0.1", int(sys.argv[2])), quick=lambda *_: True).serve_forever()
