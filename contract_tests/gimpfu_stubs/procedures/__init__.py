"""The procedures the stubs implement, by subject. Importing this package registers all of them."""

from __future__ import annotations

from . import color, context, drawables, files, images, items, layers, misc, selections, stacks

__all__ = [
    "color",
    "context",
    "drawables",
    "files",
    "images",
    "items",
    "layers",
    "misc",
    "selections",
    "stacks",
]
