"""Procedures about the context: colours and interpolation, pushed and popped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Failure
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session

Color = tuple[float, float, float, float]


@procedure("gimp-context-push")
def push(session: Session) -> None:
    session.contexts.append(session.context.copy())


@procedure("gimp-context-pop")
def pop(session: Session) -> None:
    if len(session.contexts) < 2:
        raise Failure("Procedure 'gimp-context-pop' cannot pop an empty stack")
    session.contexts.pop()


@procedure("gimp-context-set-defaults")
def set_defaults(session: Session) -> None:
    session.context.reset()


@procedure("gimp-context-set-default-colors")
def set_default_colors(session: Session) -> None:
    session.context.foreground, session.context.background = (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)


@procedure("gimp-context-get-foreground")
def foreground(session: Session) -> Color:
    return session.context.foreground


@procedure("gimp-context-set-foreground")
def set_foreground(session: Session, color: Color) -> None:
    session.context.foreground = (*color[:3], 1.0)


@procedure("gimp-context-get-background")
def background(session: Session) -> Color:
    return session.context.background


@procedure("gimp-context-set-background")
def set_background(session: Session, color: Color) -> None:
    session.context.background = (*color[:3], 1.0)


@procedure("gimp-context-get-interpolation")
def interpolation(session: Session) -> int:
    return session.context.interpolation


@procedure("gimp-context-set-interpolation")
def set_interpolation(session: Session, kind: int) -> None:
    session.context.interpolation = kind
