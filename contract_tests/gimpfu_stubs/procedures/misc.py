"""Procedures about GIMP itself: version, messages, progress, displays, validity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Item
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session

VERSION = (2, 10, 34)
ERROR_CONSOLE = 2


@procedure("gimp-version")
def version(session: Session) -> str:
    return ".".join(str(number) for number in VERSION)


@procedure("gimp-message")
def message(session: Session, text: str) -> None:
    session.messages.append(text)


@procedure("gimp-message-get-handler")
def message_handler(session: Session) -> int:
    return ERROR_CONSOLE


@procedure("gimp-message-set-handler")
def set_message_handler(session: Session, handler: int) -> None:
    pass


@procedure("gimp-progress-init")
def progress_init(session: Session, text: str, display: Any) -> None:
    session.progress.append((text or "", 0.0))


@procedure("gimp-progress-update")
def progress_update(session: Session, fraction: float) -> None:
    session.progress.append((session.progress[-1][0] if session.progress else "", fraction))


@procedure("gimp-progress-set-text")
def progress_text(session: Session, text: str) -> None:
    session.progress.append((text or "", session.progress[-1][1] if session.progress else 0.0))


@procedure("gimp-progress-pulse", "gimp-progress-end", "gimp-displays-flush")
def nothing(session: Session) -> None:
    pass


@procedure("gimp-image-is-valid")
def image_is_valid(session: Session, image: Any) -> bool:
    return image is not None


@procedure("gimp-item-is-valid")
def item_is_valid(session: Session, item: Any) -> bool:
    return isinstance(item, Item)


@procedure("gimp-temp-name")
def temp_name(session: Session, extension: str) -> str:
    return session.temporary(extension)


@procedure("gimp-plugin-enable-precision")
def enable_precision(session: Session) -> None:
    """Do nothing: pixels are always in the image's own format here."""


@procedure("gimp-plugin-precision-enabled")
def precision_enabled(session: Session) -> bool:
    return True
