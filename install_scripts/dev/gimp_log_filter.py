"""Separate warnings about the plug-in from GIMP's own warnings, for the demo and the tests in real GIMPs."""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split

_OURS = ("precision-upscaler", "precision_upscaler", "upscaler_gimp3", "upscaler_gimp2", "traceback")
# on a busy machine GIMP 3.0 closes the pipe before a plug-in has ended, and 3.2 counts the plug-in as a
# zombie too early; both happen to GIMP's own python-fu-eval as well
_GIMPS_OWN = ("gimp_flush(): error: Broken pipe", "never exited.")
# the last line of an error's text begins so; GIMP 3.0 prints errors that it also returns
_ERROR_TEXT = "Log: "


def plugin_warnings(output: str, words: tuple[str, ...] = _OURS) -> list[str]:
    """Return the lines of ``output`` that are warnings or traces of ours: those with one of the ``words``."""
    found = [line for line in output.splitlines() if any(word in line.lower() for word in words)]
    return [
        line for line in found if not line.rstrip().endswith(_GIMPS_OWN) and not line.startswith(_ERROR_TEXT)
    ]
