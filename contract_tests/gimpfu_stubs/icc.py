"""Colour profiles: GIMP's sRGB, reading matrix and grey profiles, and converting colours between them.

Matrix profiles with curves are understood (sRGB, Adobe RGB, ProPhoto and the like), tables are not; intents
and black point compensation make no difference between such profiles.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .formats import Pixels

_HEADER = 128
_SRGB_COLORANTS = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))


class BadProfile(ValueError):
    """The bytes are no ICC profile that this module understands."""


@dataclass(frozen=True)
class Profile:
    """A profile: its colour space ("RGB " or "GRAY"), linear RGB to XYZ, and the curve of each channel."""

    space: str
    matrix: Any
    curves: tuple[Any, ...]


def built_in(space: str, *, linear: bool = False) -> bytes:
    """Return GIMP's own sRGB or grey profile, or the linear one."""
    curve = ("gamma", 1.0) if linear else ("srgb",)
    return made(space, curve, f"{'linear ' if linear else ''}{space.strip()}")


@cache
def made(space: str, curve: tuple[Any, ...], description: str, colorants: Any = _SRGB_COLORANTS) -> bytes:
    """Return a minimal matrix profile; ``curve`` is ``("srgb",)`` or ``("gamma", number)``."""
    white = _xyz((0.9642, 1.0, 0.8249))
    tags = [(b"desc", _desc(description)), (b"wtpt", white)]
    curve_data = _curve(curve)
    if space == "GRAY":
        tags.append((b"kTRC", curve_data))
    else:
        for name, one in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True):
            tags.append((name, _xyz(one)))
        tags += [(name, curve_data) for name in (b"rTRC", b"gTRC", b"bTRC")]
    offset = _HEADER + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"stub", 0x04300000, b"mntr", space.encode(), b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">III", 0x0000F6D6, 0x00010000, 0x0000D32D)
    return header.ljust(_HEADER, b"\0") + table + body


def _xyz(values: Any) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _desc(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _curve(curve: tuple[Any, ...]) -> bytes:
    if curve[0] == "gamma":
        return b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(curve[1] * 65536))
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0\0\3\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in numbers)


@cache
def parsed(data: bytes) -> Profile:
    """Read a profile; :class:`BadProfile` when it is none or has no matrix or grey curve."""
    if len(data) < _HEADER + 4 or data[36:40] != b"acsp":
        raise BadProfile("Data does not appear to be an ICC color profile")
    (count,) = struct.unpack_from(">I", data, _HEADER)
    tags = {}
    for number in range(count):
        name, offset, size = struct.unpack_from(">4sII", data, _HEADER + 4 + 12 * number)
        tags[name] = data[offset : offset + size]
    space = data[16:20].decode("ascii")
    try:
        if space == "GRAY":
            return Profile(space, None, (_read_curve(tags[b"kTRC"]),))
        columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = tuple(_read_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    except (KeyError, struct.error) as problem:
        raise BadProfile("the profile has no matrix") from problem
    return Profile(space, np.array(columns).T / 65536.0, curves)


def _read_curve(data: bytes) -> tuple[Any, ...]:
    if data[:4] == b"para":
        kind = struct.unpack_from(">H", data, 8)[0]
        count = (1, 3, 4, 5, 7)[kind]
        return ("para", kind, tuple(value / 65536.0 for value in struct.unpack_from(f">{count}i", data, 12)))
    (count,) = struct.unpack_from(">I", data, 8)
    if count == 0:
        return ("para", 0, (1.0,))
    if count == 1:
        return ("para", 0, (struct.unpack_from(">H", data, 12)[0] / 256.0,))
    return ("table", tuple(value / 65535.0 for value in struct.unpack_from(f">{count}H", data, 12)))


def _decode(curve: tuple[Any, ...], values: Pixels) -> Pixels:
    if curve[0] == "table":
        return np.interp(values, np.linspace(0, 1, len(curve[1])), curve[1])
    kind, numbers = curve[1], curve[2]
    size = np.abs(values)
    if kind == 0:
        return np.sign(values) * size ** numbers[0]
    gamma, a, b, c, d = numbers[:5]
    return np.sign(values) * np.where(size >= d, np.maximum(a * size + b, 0) ** gamma, c * size)


def _encode(curve: tuple[Any, ...], light: Pixels) -> Pixels:
    if curve[0] == "table":
        return np.interp(light, curve[1], np.linspace(0, 1, len(curve[1])))
    kind, numbers = curve[1], curve[2]
    size = np.abs(light)
    if kind == 0:
        return np.sign(light) * size ** (1 / numbers[0])
    gamma, a, b, c, d = numbers[:5]
    edge = c * d
    return np.sign(light) * np.where(size >= edge, (size ** (1 / gamma) - b) / a, size / c if c else size)


def between(values: Pixels, source: bytes, target: bytes, *, linear: bool) -> Pixels:
    """Return RGB or grey values in another profile; empty bytes mean GIMP's own, linear if ``linear``."""
    space = "GRAY" if values.shape[2] == 1 else "RGB "
    one, two = (parsed(data or built_in(space, linear=linear)) for data in (source, target))
    light = np.stack(
        [_decode(curve, values[:, :, number]) for number, curve in enumerate(one.curves)], axis=2
    )
    if one.matrix is not None and two.matrix is not None:
        light = light @ (np.linalg.inv(two.matrix) @ one.matrix).T
    return np.stack([_encode(curve, light[:, :, number]) for number, curve in enumerate(two.curves)], axis=2)


def in_light(data: bytes, *, linear: bool) -> bytes:
    """Return the profile an image keeps when its precision becomes linear, or gamma again."""
    profile = parsed(data)
    colorants = _SRGB_COLORANTS if profile.matrix is None else tuple(map(tuple, profile.matrix.T))
    return made(profile.space, ("gamma", 1.0) if linear else ("srgb",), "converted", colorants)
