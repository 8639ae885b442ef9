"""The command ``precision-mock``, also as ``python -m mock_server``."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command; say what to install when its packages are missing.

    Until the server listens to it, Ctrl+C ends the program without a word.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from .cli import main as command  # noqa: PLC0415 - its packages may be missing

        command(prog_name="precision-mock")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("mock_server", "precision_upscaler"):
            raise
        sys.exit(f"precision-mock needs the package {error.name}: pip install 'precision-upscaler[mock]'")


if __name__ == "__main__":
    main()
