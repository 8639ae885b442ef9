"""The programs on a Windows Python, run by Wine: the worker out of the zip, command line, mock and installer.

Wine 8 is not Windows. What it does otherwise, as far as it matters here:

* A folder with an open file in it can be renamed; Windows refuses. ``test_worker.py`` refuses by hand.
* A file that is open can be deleted at once; Windows keeps its name until the last handle is closed.
* ``msvcrt.locking`` reports no error number for a held lock; ``sitecustomize.py`` corrects it.
* Standard streams must be pipes or a console: Wine passes files on wrongly.
* There is no indexer, no virus scanner, no SmartScreen; a test's own program holds the files instead.
* ``shutdown`` wakes no reader, and Windows does not document that it does: only ``close`` is relied on.
* The code page of pipes is 1252, as in western Europe. The console is UTF-16, as on Windows.
* Its console in a terminal hands neither Ctrl+C nor typed lines on; ``test_interrupts.py`` has another way.
* The GIMP-like bundle has GIMP's Python alone: ``--check`` rightly says that ``gi`` is missing.
* numpy crashes; the tests that need it run on Linux alone.
* PowerShell is missing: ``unit/scripts/test_install.py`` reads ``install.ps1`` with its grammar.
"""
