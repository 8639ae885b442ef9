"""``gimp``: the module of Python-Fu that speaks to GIMP."""

from __future__ import annotations

import os
from typing import Any

from . import model, objects
from .gimpcolor import RGB
from .objects import (
    Channel,
    Display,
    Drawable,
    GroupLayer,
    Image,
    Item,
    Layer,
    Parasite,
    Vectors,
    call,
    wrapped,
)
from .pdb import PDB, Argument, Procedure, error
from .pixel_regions import TILE, PixelFetcher, PixelRgn, Tile
from .session import current

pdb = PDB(lambda: current().database)
version = (2, 10, 34)
directory = os.path.join(os.path.expanduser("~"), ".config", "GIMP", "2.10")
data_directory = "/usr/share/gimp/2.0"
plug_in_directory = "/usr/lib/gimp/2.0"
locale_directory = "/usr/share/locale"
sysconf_directory = "/etc/gimp/2.0"


def main(init: Any, quit: Any, query: Any, run: Any) -> None:  # noqa: A002 - the real one's name
    """Begin the plug-in: the session queries it, and runs its procedures when they are called."""
    current().main_called(query, run)


def install_procedure(
    name: str, blurb: str, help: str, author: str, copyright: str, date: str, label: str, imagetypes: str,  # noqa: A002 - the real name
    type: int, params: Any, ret_vals: Any,  # noqa: A002 - the real name
) -> None:  # fmt: skip
    """Add a procedure to the database."""

    def arguments(items: Any) -> tuple[Argument, ...]:
        return tuple(Argument(int(kind), text, description) for kind, text, description in items)

    facts = Procedure(
        name, arguments(params), arguments(ret_vals), type, blurb, help, author, copyright, date
    )
    current().install(facts)


def menu_register(name: str, path: str) -> None:
    """Give a procedure a place in the menus."""


def domain_register(name: str, path: str | None = None) -> None:
    """Give a plug-in its translations."""


def message(text: str) -> None:
    """Tell the user something; ``session.messages`` keeps it."""
    if not isinstance(text, str):
        raise TypeError(f"must be string, not {type(text).__name__}")
    current().messages.append(text)


def progress_init(text: str | None = None) -> None:
    """Begin a progress bar."""
    current().progress.append((text or "", 0.0))


def progress_update(fraction: float) -> None:
    """Move the progress bar."""
    call("gimp-progress-update", fraction)


def image_list() -> list[Image]:
    """Return every image."""
    return [wrapped(image) for image in current().images()]


def displays_flush() -> None:
    """Let the windows show what changed."""


def default_display() -> None:
    """Return None: there is no window."""


def delete(thing: Any) -> None:
    """Delete an image or a loose item."""
    name = "gimp-image-delete" if isinstance(thing, Image) else "gimp-item-delete"
    if isinstance(thing, objects.Base):
        call(name, thing)


def set_data(key: str, data: Any) -> None:
    """Keep bytes between runs; GIMP refuses to keep none."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8")
    if not raw:
        raise error("error occurred while storing")
    current().data[key] = raw if isinstance(data, bytes) else data


def get_data(key: str) -> Any:
    """Return what was kept; :class:`error` when nothing was."""
    try:
        return current().data[key]
    except KeyError:
        raise error("no data for id") from None


def get_foreground() -> RGB:
    """Return the foreground colour."""
    return call("gimp-context-get-foreground")  # type: ignore[no-any-return]  # as the database has it


def get_background() -> RGB:
    """Return the background colour."""
    return call("gimp-context-get-background")  # type: ignore[no-any-return]  # as above


def set_foreground(*color: Any) -> None:
    """Set the foreground colour: three numbers or one colour."""
    call("gimp-context-set-foreground", color[0] if len(color) == 1 else tuple(color))


def set_background(*color: Any) -> None:
    """Set the background colour: three numbers or one colour."""
    call("gimp-context-set-background", color[0] if len(color) == 1 else tuple(color))


def context_push() -> None:
    """Save the context."""
    call("gimp-context-push")


def context_pop() -> None:
    """Restore the context."""
    call("gimp-context-pop")


def attach_new_parasite(name: str, flags: int, data: Any) -> None:
    """Attach a parasite to GIMP itself."""
    parasite_attach(Parasite(name, flags, data))


def parasite_attach(parasite: Parasite) -> None:
    """Attach a parasite to GIMP itself."""
    current().parasites[parasite.name] = (parasite.flags, parasite.raw)


def parasite_find(name: str) -> Parasite | None:
    """Return GIMP's parasite of that name, or None."""
    found = current().parasites.get(name)
    return None if found is None else Parasite(name, *found)


def parasite_detach(name: str) -> None:
    """Detach GIMP's parasite of that name."""
    current().parasites.pop(name, None)


def parasite_list() -> list[str]:
    """Return the names of GIMP's parasites."""
    return list(current().parasites)


def personal_rc_file(name: str) -> str:
    """Return the path of a file in the user's GIMP folder."""
    return os.path.join(directory, name)


def tile_width() -> int:
    """Return the width of a tile."""
    return TILE


def tile_height() -> int:
    """Return the height of a tile."""
    return TILE


def tile_cache_ntiles(number: int) -> None:
    """Set how many tiles a plug-in keeps; there are none to keep here."""


def gamma() -> float:
    """Return the gamma, which is 2.2 for ever."""
    return 2.2


def get_progname() -> str:
    """Return the name of the running plug-in."""
    return "python-eval.py"


def _id2image(number: int) -> Any:
    node = current().nodes.get(number)
    return wrapped(node) if isinstance(node, model.Image) else None


def _id2drawable(number: int) -> Any:
    node = current().nodes.get(number)
    return wrapped(node) if isinstance(node, model.Drawable) and not node.removed else None


def _id2vectors(number: int) -> Any:
    node = current().nodes.get(number)
    return wrapped(node) if isinstance(node, model.Vectors) else None


def _id2display(number: int) -> None:
    return None


__all__ = [
    "PDB", "Channel", "Display", "Drawable", "GroupLayer", "Image", "Item", "Layer", "Parasite",
    "PixelFetcher", "PixelRgn", "Tile", "Vectors", "error", "pdb",
]  # fmt: skip
