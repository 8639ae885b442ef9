"""``python -m mock_server``: the same as the ``precision-mock`` command."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="python -m mock_server")
