"""Import first: ends the script with a sentence when the Python is older than the project needs.

Valid in Python 2.7 and every 3, because an old Python is exactly who has to read it.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # this check is what the module is for
    sys.exit(
        # no f-string: an old Python must be able to read this far
        "Precision Upscaler needs Python 3.11 or newer; this is %s (%s).\n"  # noqa: UP031 - see above
        "What to do: install a newer Python, then run the same command with it, for example\n"
        "    python3.11 %s" % (sys.version.split()[0], sys.executable, " ".join(sys.argv))
    )
