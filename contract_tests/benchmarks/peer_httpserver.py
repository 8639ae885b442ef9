"""Serve the benchmark's answers with pytest-httpserver; run by the Python that has it."""

import json
import sys
import threading

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PATH = "/v1/ai/image-upscaler-precision-v2"
TASK_ID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
ANSWER = {"data": {"generated": [], "task_id": TASK_ID, "status": "CREATED"}}


def create(request: Request) -> Response:
    """Answer a POST that is JSON with an image."""
    status = 200 if "image" in request.get_json() else 400
    return Response(json.dumps(ANSWER), status, content_type="application/json")


server = HTTPServer(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
server.expect_request(PATH, method="GET").respond_with_json(ANSWER)
server.expect_request(f"{PATH}/{TASK_ID}", method="GET").respond_with_json(ANSWER)
server.expect_request(PATH, method="POST").respond_with_handler(create)
server.start()
threading.Event().wait()
