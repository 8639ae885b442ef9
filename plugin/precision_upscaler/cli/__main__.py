"""The command ``precision-upscale``, also as ``python -m precision_upscaler.cli``."""

from __future__ import annotations

import os
import signal
import sys


def _leave(*_signal: object) -> None:
    """End at once. An exception would not do: Python prints and drops one raised in its own callbacks."""
    os.write(2, b"Interrupted. Nothing was sent and nothing was charged.\n")
    os._exit(130)


def main() -> None:
    """Run the command line; say what to install when its packages are missing.

    Ctrl+C ends the imports at once. Before this function only Python itself starts, which takes most of the
    time until then, and three small files are imported; Ctrl+C there shows Python's traceback.
    """
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # a shell may have it ignored
        signal.signal(signal.SIGINT, _leave)
    try:
        from .main import main as command_line  # noqa: PLC0415 - its packages may be missing, and it takes time

        signal.signal(signal.SIGINT, usual)
        command_line()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "precision_upscaler":
            raise
        sys.exit(f"precision-upscale needs the package {error.name}: pip install 'precision-upscaler[cli]'")
    except KeyboardInterrupt:  # before the command line itself listens to it
        _leave()


if __name__ == "__main__":
    main()
