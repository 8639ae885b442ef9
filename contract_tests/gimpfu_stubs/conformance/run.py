"""Run the conformance probes and write the answers as JSON, inside a real GIMP or with its stubs.

``write_isolated`` is for a real GIMP: a few probes share a Python-Fu process, because pygimp's objects can
corrupt their process's memory (a tile that outlives its drawable, a region that outlives a scaling).
"""

from __future__ import absolute_import

import json
import os

from . import colour, images, kit, layers, pixels, plugins, procedures, undo  # noqa: F401  # importing registers


def write(path, only=""):
    """Run the probes whose name contains ``only`` in this process; see :func:`_save` for the file."""
    names = [name for name, _ in kit.PROBES if only in name]
    return _save(path, dict((name, kit.ask(name)) for name in names))


def write_isolated(path, only="", probes_per_process=12):
    """Run the same probes in plug-in processes of their own, at most ``probes_per_process`` in each.

    If a process crashes, its probes are run again in two halves; a probe that crashes alone is recorded
    as crashed.
    """
    names = [name for name, _ in kit.PROBES if only in name]
    answers = {}
    for start in range(0, len(names), probes_per_process):
        answers.update(_run_in_new_process(path + ".part", names[start : start + probes_per_process]))
    return _save(path, answers)


def _run_in_new_process(path, names):
    from gimpfu import pdb

    root = os.path.abspath(__file__)  # becomes the folder above the top package
    for _ in __name__.split("."):
        root = os.path.dirname(root)
    code = "import sys, importlib; sys.path.insert(0, %r); importlib.import_module(%r).write_part(%r, %r)"
    try:
        pdb.python_fu_eval(code % (root, __name__, path, names))
        with open(path, "rb") as stream:
            answers = json.loads(stream.read().decode("utf-8"))
        os.remove(path)
        return answers
    except (RuntimeError, EnvironmentError):
        if len(names) == 1:
            return {names[0]: {"crashed": True}}
        half = len(names) // 2
        return dict(_run_in_new_process(path, names[:half]), **_run_in_new_process(path, names[half:]))


def write_part(path, names):
    """Write the answers of the probes ``names`` to ``path``."""
    with open(path, "wb") as stream:
        stream.write(json.dumps(dict((name, kit.ask(name)) for name in names)).encode("utf-8"))


def _save(path, answers):
    """Write ``{"gimp": version, "answers": {probe: answer}}`` to ``path`` and return it."""
    from gimpfu import pdb

    record = {"gimp": pdb.gimp_version(), "answers": answers}
    text = json.dumps(record, indent=1, sort_keys=True, separators=(",", ": "))
    with open(path, "wb") as stream:
        stream.write((text + "\n").encode("utf-8"))
    return record
