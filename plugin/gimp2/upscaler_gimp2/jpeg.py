"""A smaller copy of an exported layer for those who send over a slow line: JPEG of high quality."""

from __future__ import absolute_import

import os

from gimpfu import pdb
from precision_upscaler.frontend.worker_process import JPEG_QUALITY

from . import private_images

WHOLE_COLOURS = 2
"""The subsampling that keeps a colour for every pixel (4:4:4)."""


def jpeg_of(png):
    """Write the picture in ``png`` as JPEG beside it and return its path; RuntimeError when that fails."""
    path = os.path.splitext(png)[0] + ".jpg"
    image = pdb.gimp_file_load(png, png)
    with private_images.deleted_after(image):
        drawable = image.active_drawable
        # no smoothing, optimized, not progressive, no comment, baseline, no restarts, integer arithmetic
        pdb.file_jpeg_save(image, drawable, path, path, JPEG_QUALITY, 0, 1, 0, "", WHOLE_COLOURS, 1, 0, 0)
    return path
