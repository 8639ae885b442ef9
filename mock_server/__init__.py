"""A mock of the Precision V2 upscaler service, as faithful as its document and its recorded behaviour allow.

``python -m mock_server`` or ``precision-mock`` serves it, :func:`create_app` is the WSGI application,
:class:`PrecisionMock` a context manager for tests, and the ``precision_mock`` fixture comes with the
pytest plug-in. What the mock had to guess is listed in ``DIFFERENCES.md`` beside this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .config import Options
    from .testing import PrecisionMock

__all__ = ["Options", "PrecisionMock", "create_app"]

_HOMES = {"Options": "config", "PrecisionMock": "testing", "create_app": "app"}


def __getattr__(name: str) -> Any:
    # imported on first use: pytest loads this package in every run, and Flask is not free
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - part of the lazy import

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
