"""Tell what GIMP says of itself from what our plug-in made it say, in GIMP's outputs.

Used by the demo and by the tests in real GIMPs: both promise that nothing of ours is complained about.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split

_OURS = ("precision-upscaler", "precision_upscaler", "upscaler_gimp3", "upscaler_gimp2", "traceback")
# on a busy machine GIMP 3.0 hangs up on a plug-in before that has said goodbye, and 3.2 counts it as a
# zombie before it has been waited for; both do so to GIMP's own python-fu-eval as well
_GIMPS_OWN = ("gimp_flush(): error: Broken pipe", "never exited.")
# how the last line of an error's text begins, which GIMP 3.0 prints as well as returning it
_TOLD = "Log: "


def complaints(output: str, words: tuple[str, ...] = _OURS) -> list[str]:
    """Return the lines of ``output`` that are warnings or traces of ours: those with one of the ``words``."""
    found = [line for line in output.splitlines() if any(word in line.lower() for word in words)]
    return [line for line in found if not line.rstrip().endswith(_GIMPS_OWN) and not line.startswith(_TOLD)]
