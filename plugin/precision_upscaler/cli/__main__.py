"""The command ``precision-upscale``, also as ``python -m precision_upscaler.cli``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; say what to install when its packages are missing."""
    try:
        from .main import main as command_line  # noqa: PLC0415 - its packages may be missing, and it takes time

        command_line()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "precision_upscaler":
            raise
        sys.exit(f"precision-upscale needs the package {error.name}: pip install 'precision-upscaler[cli]'")
    except KeyboardInterrupt:  # before the command line itself listens to it
        sys.stderr.write("Interrupted. Nothing was sent and nothing was charged.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
