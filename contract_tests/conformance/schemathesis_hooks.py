"""Loaded by Schemathesis: puts in what no generator can know, a real picture and the id of a real task.

The schema takes any text for a picture and any UUID for a task. The service does not, and neither does
the mock; everything else about a request stays as it was generated.
"""

from __future__ import annotations

import os
from typing import Any

import schemathesis

from contract_tests.support.pictures import base64_png
from mock_server.api.validation import is_uuid


@schemathesis.hook
def before_call(_context: Any, case: Any, _arguments: Any) -> None:
    """Replace the picture and the task id of a case, in every phase."""
    if isinstance(case.body, dict) and isinstance(case.body.get("image"), str):
        case.body["image"] = base64_png()
    task_id = (case.path_parameters or {}).get("task-id")
    if isinstance(task_id, str) and is_uuid(task_id):
        case.path_parameters["task-id"] = os.environ["EXISTING_TASK"]
