"""One small image in every file format and variant that the core reads."""

from __future__ import annotations

import io

from PIL import Image


def picture(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    gradient = Image.linear_gradient("L").resize((width, height))
    return Image.merge(
        "RGB", (gradient, gradient.rotate(180), gradient.transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    ).convert(mode)


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    picture(mode=mode).save(stream, kind, **options)
    return stream.getvalue()


FILES = {
    "png": encoded("PNG"),
    "png-alpha": encoded("PNG", "RGBA"),
    "png-palette": encoded("PNG", "P"),
    "png-one-bit": encoded("PNG", "1"),
    "png-sixteen-bit": encoded("PNG", "I;16"),
    "jpeg": encoded("JPEG"),
    "jpeg-progressive": encoded("JPEG", progressive=True),
    "jpeg-restarts": encoded("JPEG", restart_marker_rows=1),
    "jpeg-gray": encoded("JPEG", "L"),
    "webp": encoded("WEBP"),
    "webp-lossless": encoded("WEBP", lossless=True),
    "webp-alpha": encoded("WEBP", "RGBA"),
}
