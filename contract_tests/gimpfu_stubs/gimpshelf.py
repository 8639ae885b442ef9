"""``gimpshelf``: values that plug-ins keep between runs, as long as GIMP runs."""

from __future__ import annotations

import copyreg
import pickle
from typing import Any

from . import gimp, objects


def _by_id(thing: Any) -> Any:
    return _ID_READERS[type(thing)], (thing.ID,)


_ID_READERS: dict[type[Any], Any] = {
    objects.Image: gimp._id2image,
    objects.Layer: gimp._id2drawable,
    objects.GroupLayer: gimp._id2drawable,
    objects.Channel: gimp._id2drawable,
    objects.Display: gimp._id2display,
    objects.Vectors: gimp._id2vectors,
}
for _kind in _ID_READERS:
    copyreg.pickle(_kind, _by_id)


class Gimpshelf:
    """A dictionary of pickled values in GIMP's memory; images and items are kept by their ID."""

    def has_key(self, key: str) -> bool:
        """Whether there is something under ``key``."""
        try:
            gimp.get_data(key)
        except gimp.error:
            return False
        return True

    def __getitem__(self, key: str) -> Any:
        try:
            data = gimp.get_data(key)
        except gimp.error:
            raise KeyError(key) from None
        return pickle.loads(data)

    def __setitem__(self, key: str, value: Any) -> None:
        gimp.set_data(key, pickle.dumps(value))

    def __delitem__(self, key: str) -> None:
        # the real one fails here: GIMP refuses to keep nothing
        gimp.set_data(key, b"")


shelf = Gimpshelf()
