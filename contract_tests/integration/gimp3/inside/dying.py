"""GIMP kills its plug-in while the paid task runs: what is left, and what Resume makes of it.

Afterwards everything GIMP and the worker have written is searched for the key.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import build
import meanwhile
import perform
import snapshot
from case_log import case_log
from gi.repository import Gegl, Gimp, Gio

KEY = "mock-nearest"
PATIENCE_SECONDS = 120


def processes(words, data):
    """Return the ids of the processes whose command line holds ``words``, of the GIMP whose data is ``data``.

    Other tests' GIMPs may run on the same machine.
    """
    ours = f"PRECISION_UPSCALER_DATA={data}".encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as stream:
                command = stream.read()
            with open(f"/proc/{name}/environ", "rb") as stream:
                environment = stream.read().split(b"\0")
        except OSError:
            continue
        if words.encode() in command and ours in environment:
            found.append(int(name))
    return found


def parent(pid):
    """Return the id of a process' parent."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
        return int(stream.read().rpartition(")")[2].split()[1])


def until(true):
    """Wait until ``true()`` is; return whether it came to that."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


def states(data):
    """Return the states of the journal's jobs."""
    found = []
    jobs = os.path.join(data, "jobs")
    for name in sorted(os.listdir(jobs) if os.path.isdir(jobs) else []):
        if name[0].isdigit():
            with open(os.path.join(jobs, name, "job.json"), encoding="utf-8") as stream:
                found.append(json.load(stream)["state"])
    return found


def kill_when_paid(mock, data, killed):
    """Kill the plug-in, as GIMP's Cancel does, as soon as its task is known to be paid for."""
    if until(lambda: "created" in states(data)) and meanwhile.ask(mock, "charges")["count"] == 1:
        for pid in processes("precision-upscaler.py", data):
            if parent(pid) == os.getppid():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)


def files_with(text, *folders):
    """Return the names of the files below ``folders`` that hold ``text``; links are not followed."""
    found = []
    for folder in folders:
        for place, _, names in os.walk(folder):
            for path in (os.path.join(place, name) for name in names):
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as stream:
                        if text.encode() in stream.read():
                            found.append(os.path.relpath(path, folder))
    return sorted(found)


def story(folder, mock, data):
    perform.with_setting(data, mock, KEY)
    image, layers = build.build({"layers": [{"alpha": "soft", "mask": ["edit"]}]}, 5)
    image.clean_all()
    before = snapshot.image(image)
    killed = []
    thread = threading.Thread(target=kill_when_paid, args=(mock, data, killed), daemon=True)
    thread.start()
    status, message, _, _ = perform.upscale(image, layers, {"sharpen": 37})
    thread.join(PATIENCE_SECONDS)
    result = {
        "status": status,
        "message": message,
        "killed": len(killed),
        "changed": snapshot.differences(before, snapshot.image(image)),
        "dirty": image.is_dirty(),
        "size": [image.get_width(), image.get_height()],
        "worker_lives": bool(processes("precision_upscaler.worker", data)),
        "states": states(data),
    }
    meanwhile.ask(mock, "clock", {"advance": 3600})
    until(lambda: states(data) == ["stored"])
    result["finished"] = states(data)
    result["unchanged"] = snapshot.differences(before, snapshot.image(image))
    _, result["resumed"], result["said"] = perform.resume()
    until(lambda: states(data) == ["delivered"])
    result["in_the_end"] = states(data)
    result["resumed_size"] = [image.get_width(), image.get_height()]
    result["names"] = [
        [one["name"] for one in before["layers"]],
        [one.get_name() for one in image.get_layers()],
    ]
    result["charges"] = meanwhile.ask(mock, "charges")["count"]
    result.update(search(folder, mock, data, image))
    return result


def search(folder, mock, data, image):
    """Run once more with the values used last, save the image, and look for the key in every file."""

    def finish():
        until(lambda: states(data)[-1:] == ["created"])
        meanwhile.ask(mock, "clock", {"advance": 3600})

    thread = threading.Thread(target=finish, daemon=True)
    thread.start()
    perform.upscale(image, image.get_layers()[-1:], {"sharpen": 41}, Gimp.RunMode.WITH_LAST_VALS)
    thread.join(PATIENCE_SECONDS)
    xcf = Gio.File.new_for_path(os.path.join(folder, "saved.xcf"))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, xcf, None)
    home = os.path.dirname(data)
    words = {"key_in": KEY, "told_in": "sharpen", "layer_in": "Subject"}
    return {name: files_with(text, folder, home) for name, text in words.items()}


def main(folder, mock, data):
    Gegl.init(None)
    with case_log(folder, "dying.jsonl") as results:
        results.case("killed while the task runs", lambda: story(folder, mock, data))
