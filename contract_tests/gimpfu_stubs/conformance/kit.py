"""The frame the conformance probes run in: a registry, plain answers, and undo as a test can see it.

Read by Python 2.7 inside the real GIMP 2.10 and by Python 3 with the stubs, so it is written for both.
A probe is a function without arguments that uses the public gimpfu interface and returns its answer; an
exception it lets escape is an answer too. Answers become JSON in one way everywhere, so that two runs can
be compared member by member: ``True`` is not ``1`` and ``1`` is not ``1.0``.
"""

from __future__ import absolute_import

import os
import re

PROBES = []
"""``(name, function)`` of every probe, in the order they run."""

try:
    _TEXT = (str, unicode)  # Python 2.7
    _INTEGER = (int, long)
except NameError:
    _TEXT = (str,)
    _INTEGER = (int,)


def probe(function):
    """Register ``function`` as the probe ``<module>.<name>``."""
    name = "%s.%s" % (function.__module__.rsplit(".", 1)[-1], function.__name__)
    if name in [known for known, _ in PROBES]:
        raise ValueError("two probes are called %s" % name)
    PROBES.append((name, function))
    return function


def plain(value):
    """Return ``value`` as something JSON holds without loss; GIMP's objects become short texts."""
    if value is None or isinstance(value, (bool,) + _TEXT):
        return value
    if isinstance(value, _INTEGER):
        return int(value)
    if isinstance(value, float):
        return {"float": "%.6g" % value}
    if isinstance(value, (bytes, bytearray)):
        return {"octets": list(bytearray(value))}
    if isinstance(value, dict):
        return dict((str(key), plain(value[key])) for key in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if callable(value):
        return "<method>"
    name = getattr(value, "name", None)
    if isinstance(name, _TEXT):
        return "<%s %s>" % (type(value).__name__, name)
    return "<%s>" % type(value).__name__


def octets(value):
    """Return the bytes of a pixel region's answer as list of numbers (``str`` in 2.7, ``bytes`` in 3)."""
    return list(bytearray(value))


def raw(numbers):
    """Return ``numbers`` as what a pixel region takes."""
    return bytes(bytearray(numbers))


def about(numbers, within=1):
    """Mark whole numbers that two engines compute nearly alike: each may differ by ``within``."""
    return {"about": [int(number) for number in numbers], "within": within}


def agree(one, two):
    """Whether two plain answers are equal in value and type, or near where :func:`about` allows it."""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict) and set(one) == set(two) == set(["about", "within"]):
        pairs = list(zip(one["about"], two["about"]))
        return len(one["about"]) == len(two["about"]) and all(abs(a - b) <= one["within"] for a, b in pairs)
    if isinstance(one, dict):
        return set(one) == set(two) and all(agree(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(agree(a, b) for a, b in zip(one, two))
    return one == two


def raised(function, *args, **kwargs):
    """Call ``function`` and return ``[exception type, message]``, or ``["nothing", answer]``."""
    try:
        value = function(*args, **kwargs)
    except Exception as problem:  # every kind is an answer
        return [type(problem).__name__, message(problem)]
    return ["nothing", plain(value)]


def message(problem):
    """Return an exception's text without item numbers, which depend on what ran before."""
    text = re.sub(r"ID -?\d+", "ID #", re.sub(r"0x[0-9a-f]+", "0x#", str(problem)))
    text = re.sub(r"' \(\d+\)", "' (#)", text)
    return re.sub(r"value '\d+'(?=.*type GimpItemID)", "value '#'", text)


class Undo(object):
    """Count and undo an image's steps.

    The real GIMP has no procedure for it: a preloaded library (``undo_probe.c``) answers to parasites.
    The stubs answer to the same parasites, so that one text serves both.
    """

    def __init__(self, image):
        self.image = image

    def _ask(self, verb):
        name = "undo-probe-" + verb
        self.image.attach_new_parasite(name, 0, "?")
        answer = self.image.parasite_find("undo-probe-answer")
        self.image.parasite_detach(name)
        if answer is None:
            raise AssertionError("nobody answered the undo probe: is undo_probe.so preloaded?")
        text = answer.data
        self.image.parasite_detach("undo-probe-answer")
        if not isinstance(text, str):
            text = text.decode("ascii")
        return [int(number) for number in text.strip("\0").split()]

    def depth(self):
        """Return how many times undo can be pressed."""
        return self._ask("read")[0]

    def undo(self):
        """Undo one step; returns ``[steps left to undo, steps to redo]``."""
        return self._ask("undo")

    def redo(self):
        """Redo one step; returns ``[steps to undo, steps left to redo]``."""
        return self._ask("redo")


def ask(name):
    """Run the probe ``name`` and return its answer as plain data; its images are deleted again."""
    from gimpfu import gimp, pdb

    before = set(image.ID for image in gimp.image_list())
    pdb.gimp_context_set_defaults()
    # else the first pixel region of a process is in other numbers than all later ones
    pdb.gimp_plugin_enable_precision()
    try:
        answer = {"answer": plain(dict(PROBES)[name]())}
    except Exception as problem:  # an exception is an answer
        answer = {"raised": [type(problem).__name__, message(problem)]}
    for image in gimp.image_list():
        if image.ID not in before:
            pdb.gimp_image_delete(image)
    return answer


def temporary(name):
    """Return a path for a file of this run; the folder is the runner's and goes with it."""
    return os.path.join(os.environ["PROBE_FOLDER"], name)
