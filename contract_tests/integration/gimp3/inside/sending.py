"""Send a layer in each format, and over a line that breaks: run in GIMP without a window."""

from __future__ import annotations

import build
import meanwhile
import perform
from case_log import case_log

RUNS = (
    ("png", "mock-nearest", "png"),
    ("jpeg", "mock-nearest", "jpeg"),
    ("lost-answer", "mock-drop_after_accept", "png"),
)


def sent(mock):
    """Return the beginning of the picture in the last create call, as it was sent: in base64."""
    journal = meanwhile.ask(mock, "requests")["requests"]
    return [one for one in journal if one["method"] == "POST"][-1]["request"]["body"]["image"][:8]


def attempt(mock, data, key, upload_format, number):
    perform.with_setting(data, mock, key, upload_format=upload_format)
    charges = meanwhile.ask(mock, "charges")["count"]
    image, layers = build.build({"layers": [{}]}, number)
    name = layers[0].get_name()
    status, message, _, _ = perform.upscale(image, layers, {"scale-factor": 3})
    layer = perform.find(image, name)
    return {
        "status": status,
        "message": message,
        "size": [layer.get_width(), layer.get_height()],
        "sent": sent(mock),
        "charges": meanwhile.ask(mock, "charges")["count"] - charges,
    }


def main(folder, mock, data):
    with case_log(folder, "sending.jsonl") as results:
        for number, (name, *how) in enumerate(RUNS):
            results.case(name, lambda number=number, how=how: attempt(mock, data, *how, 70 + number))
