"""A smaller copy of an exported layer for those who send over a slow line: JPEG of high quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gi.repository import Gimp, Gio
from precision_upscaler.frontend.worker_process import JPEG_QUALITY

if TYPE_CHECKING:
    from pathlib import Path

_OPTIONS = {
    "quality": JPEG_QUALITY,
    "sub-sampling": "sub-sampling-1x1",
    "smoothing": 0.0,
    "optimize": True,
    "progressive": False,
    "cmyk": False,
    "include-exif": False,
    "include-iptc": False,
    "include-xmp": False,
    "include-color-profile": False,
    "include-thumbnail": False,
    "include-comment": False,
}


def jpeg_of(png: Path) -> Path:
    """Write the picture in ``png`` as JPEG beside it and return its path; OSError when that fails."""
    path = png.with_suffix(".jpg")
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(png)))
    if image is None:  # in spite of what its documentation says of errors
        raise OSError(f"GIMP cannot read {png.name} again")
    try:
        procedure = Gimp.get_pdb().lookup_procedure("file-jpeg-export")
        config = procedure.create_config()
        for name, value in _OPTIONS.items():
            config.set_property(name, value)
        config.set_property("image", image)
        config.set_property("file", Gio.File.new_for_path(str(path)))
        values = procedure.run(config)
    finally:
        image.delete()
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        path.unlink(missing_ok=True)
        raise OSError(f"GIMP cannot write {path.name}: {values.index(1) if values.length() > 1 else '?'}")
    return path
