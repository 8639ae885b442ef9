"""Send a layer in each format, and over a line that breaks: run in GIMP without a window."""

from __future__ import annotations

import json
import os
import traceback

import build
import meanwhile
import perform

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
    with open(os.path.join(folder, "sending.jsonl"), "w", encoding="utf-8") as stream:
        for number, (name, key, upload_format) in enumerate(RUNS):
            try:
                result = attempt(mock, data, key, upload_format, 70 + number)
            except Exception:
                result = {"crash": traceback.format_exc()}
            stream.write(json.dumps({"id": name, **result}) + "\n")
    open(os.path.join(folder, "done"), "w", encoding="utf-8").close()
