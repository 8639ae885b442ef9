"""Where the API key lives: the environment, the system's keyring, or a file only its owner can read."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from precision_upscaler.contract import AUTH_HEADERS
from precision_upscaler.errors import KeyFileDamaged, KeyNotStored, MalformedKey, NoKey
from precision_upscaler.messages import translatable
from precision_upscaler.urls import account, auth_header

from .files import read_json, rename, write_json

Where = Literal["environment", "keyring", "file", "given"]
VARIABLES = ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY")
_KEYRING_SERVICE = "precision-upscaler"
_FILE = "credentials.json"
_ACCOUNTS = "accounts.json"
_REFUSED = "refused-by-keyring"
"""In the key file: the accounts whose key the keyring did not take, so that what it holds is older."""
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Characters without width: what copying from a page or a mail adds to a key."""
_MAC = "keyring.backends.macOS.api"


@dataclass(frozen=True)
class Key:
    """An API key and where it came from; its value never shows in a repr."""

    value: str = field(repr=False)
    where: Where


class Keyring(Protocol):
    """The two calls used of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is stored."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store it."""


def system_keyring() -> Keyring | None:
    """Return the system's keyring, None where there is none that protects anything."""
    try:
        if sys.platform == "win32":
            # the library asks for the system's version, and Python would start cmd.exe to find it
            platform._syscmd_ver = lambda *_: ("", "", "")  # type: ignore[attr-defined]  # noqa: SLF001
        import keyring  # noqa: PLC0415 - slow, and needed only when the environment holds no key

        if sys.platform != "darwin":
            # it tries every system's keyring, and the Mac's looks for Apple's libraries with a compiler
            sys.modules.setdefault(_MAC, None)  # type: ignore[arg-type]  # Python's word for: not to be had
        backend = keyring.get_keyring()
        # fail and null backends have priority 0 and below; keyrings.alt stores plain text
        if backend.priority < 1 or type(backend).__module__.startswith("keyrings.alt"):
            return None
    except Exception:  # noqa: BLE001 - whatever a desktop's keyring does, the key file is there
        return None
    return backend


def clean_key(value: Any) -> str | None:
    """Return ``value`` without what cannot be meant if it can be a key at all, else None."""
    key = _trimmed(value)
    # a header takes visible ASCII only
    return key if key.isascii() and key.isprintable() and " " not in key and key else None


def _trimmed(value: Any) -> str:
    """Return ``value`` without invisible characters, and without white space and line ends around it."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter not in _INVISIBLE).strip()


def _environment_key(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first key that is set; MalformedKey if it cannot be one: no other key may pay instead."""
    for name in names:
        if not _trimmed(environ.get(name)):
            continue
        key = clean_key(environ[name])
        if key is None:
            raise MalformedKey(
                translatable(
                    "The variable {variable} does not hold an API key: there are spaces or unusual "
                    "characters in it.",
                    variable=name,
                ),
                variable=name,
            )
        return key
    return None


def find_key(
    folder: Path,
    base_url: str,
    environ: Mapping[str, str] = os.environ,
    keyring: Keyring | None = None,
) -> Key | None:
    """Return the key for ``base_url``, None if there is none; MalformedKey for a wrong variable or key file.

    Order: the environment (the variable of the address' own name first), ``keyring`` (the system's
    when not given), the key file in ``folder``; but a key that the keyring did not take comes before
    the older one that it may hold.
    """
    names = VARIABLES if auth_header(base_url) == AUTH_HEADERS[0] else VARIABLES[::-1]
    if value := _environment_key(environ, names):
        return Key(value, "environment")
    name = account(base_url)
    kept = _read_file(folder)
    store = None if name in _refused(kept) else keyring or system_keyring()
    if store is not None:
        # a locked or broken keyring must not hide the key file
        with contextlib.suppress(Exception):
            if value := clean_key(store.get_password(_KEYRING_SERVICE, name)):
                return Key(value, "keyring")
    if value := clean_key(kept.get(name)):
        return Key(value, "file")
    return None


def require_key(
    folder: Path, base_url: str, environ: Mapping[str, str] = os.environ, keyring: Keyring | None = None
) -> Key:
    """Return :func:`find_key`'s key; NoKey when there is none."""
    key = find_key(folder, base_url, environ, keyring)
    if key is None:
        raise NoKey(translatable("There is no API key for {host}.", host=urlsplit(base_url).hostname))
    return key


def store_key(folder: Path, base_url: str, value: str, keyring: Keyring | None = None) -> Where:
    """Store the key for ``base_url`` in the keyring, else in the key file; say where it went."""
    cleaned = clean_key(value)
    if cleaned is None:
        raise KeyNotStored(
            "That is no API key: it is empty, or holds spaces or unusual characters.",
            advice="Copy the key again from your account at the service.",
        )
    name = account(base_url)
    store = keyring or system_keyring()
    try:
        kept = _read_file(folder)
    except KeyFileDamaged:
        kept = {}
        with contextlib.suppress(OSError):
            rename(folder / _FILE, folder / "credentials-damaged.json")
    if store is not None:
        with contextlib.suppress(Exception):
            store.set_password(_KEYRING_SERVICE, name, cleaned)
            if store.get_password(_KEYRING_SERVICE, name) == cleaned:
                _forget_in_file(folder, kept, name)
                _note_account(folder, name)
                return "keyring"
    kept = {**kept, name: cleaned}
    if store is not None:
        kept[_REFUSED] = sorted({*_refused(kept), name})
    try:
        write_json(folder / _FILE, kept)
    except OSError as error:
        raise KeyNotStored(
            translatable("The key could not be stored: {problem}.", problem=error.strerror)
        ) from error
    return "file"


def _note_account(folder: Path, name: str) -> None:
    """Note that the keyring holds a key for ``name``: it cannot be asked, and the uninstaller must know."""
    # without the note the key is stored all the same
    with contextlib.suppress(OSError, ValueError):
        noted = read_json(folder / _ACCOUNTS) or []
        if name not in noted:
            write_json(folder / _ACCOUNTS, [*noted, name])


def _read_file(folder: Path) -> dict[str, Any]:
    """Return the content of the key file, empty when there is none; KeyFileDamaged when it cannot be used."""
    path = folder / _FILE
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        stored = read_json(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KeyFileDamaged(
            translatable("The key file {path} cannot be read: {problem}.", path=path, problem=error.strerror)
        ) from error
    except ValueError:
        stored = ""
    if stored is not None and not isinstance(stored, dict):
        raise KeyFileDamaged(translatable("The key file {path} is damaged.", path=path))
    return stored or {}


def _forget_in_file(folder: Path, stored: dict[str, Any], name: str) -> None:
    if name in stored:
        del stored[name]
        stored[_REFUSED] = [item for item in _refused(stored) if item != name]
        with contextlib.suppress(OSError):
            write_json(folder / _FILE, stored)


def _refused(stored: Mapping[str, Any]) -> list[str]:
    names = stored.get(_REFUSED)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
