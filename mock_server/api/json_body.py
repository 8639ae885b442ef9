"""Read a JSON body the strict way: what Python's parser lets through and RFC 8259 does not is refused.

Refused: duplicate member names, ``NaN`` and ``Infinity``, numbers too large for a double, lone
surrogates, anything but UTF-8, and nesting deep enough to exhaust whoever walks through the value.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

_DEEPEST = 128  # levels; Python's own parser stops somewhere below 1,000, which depends on its caller
_TOO_DEEP = "the body is nested too deeply"


class JSONError(ValueError):
    """The text is no JSON value; the message says why in words for the sender."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # set.add as a side effect
        raise JSONError(f"the member {twice!r} appears twice")
    return members


def _constant(name: str) -> NoReturn:
    raise JSONError(f"{name} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JSONError(f"the number {text[:40]} is out of range")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_float)


def _check_depth(raw: bytes, value: Any) -> None:
    if raw.count(b"{") + raw.count(b"[") <= _DEEPEST:
        return  # a picture's megabytes are looked through in no time
    level = [value]
    for _ in range(_DEEPEST + 1):
        holders = [one for one in level if isinstance(one, (dict, list))]
        level = [member for one in holders for member in (one.values() if isinstance(one, dict) else one)]
        if not holders:
            return
    raise JSONError(_TOO_DEEP)


def loads(raw: bytes) -> Any:
    """Return the value of a JSON text in UTF-8; :class:`JSONError` when it is not strictly one."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
        _check_depth(raw, value)
        if b"\\u" in raw:  # only an escape can smuggle a lone surrogate past the decoding above
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except JSONError:
        raise
    except UnicodeDecodeError:
        raise JSONError("the body is not UTF-8") from None
    except UnicodeEncodeError:
        raise JSONError("the body has a lone surrogate, which is no character") from None
    except RecursionError:
        raise JSONError(_TOO_DEEP) from None
    except ValueError as error:
        raise JSONError(f"the body is not JSON: {str(error)[:120]}") from None
    return value
