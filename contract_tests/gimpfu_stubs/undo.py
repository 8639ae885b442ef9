"""An image's undo steps, as pictures of its state; counted, grouped, frozen and undone as GIMP does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Image

_NOT_STATE = ("session", "id", "undo", "image", "_tattoo", "dirty")

State = list[tuple[Any, dict[str, Any]]]


class Undo:
    """The steps of one image.

    ``push()`` is called before a change. Inside a group only the first call takes a picture, and a group is a
    step even when nothing was changed in it.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.steps: list[State] = []
        self.undone: list[State] = []
        self.frozen = 0
        self.groups = 0

    @property
    def enabled(self) -> bool:
        """Whether changes leave steps."""
        return self.frozen == 0

    def push(self) -> None:
        """Remember the state before a change."""
        self.image.dirty = True
        if self.enabled and not self.groups:
            self._remember()

    def start_group(self) -> None:
        """Begin a group; groups nest and the outermost is the step."""
        if self.enabled and not self.groups:
            self._remember()
        self.groups += 1

    def end_group(self) -> bool:
        """End a group; False when none was begun."""
        if not self.groups:
            return False
        self.groups -= 1
        return True

    def freeze(self) -> None:
        """Stop remembering until thawed as often."""
        self.frozen += 1

    def thaw(self) -> None:
        """Remember again."""
        self.frozen = max(0, self.frozen - 1)

    def disable(self) -> None:
        """Forget every step and stop remembering."""
        self.steps, self.undone = [], []
        self.freeze()

    def undo(self) -> bool:
        """Undo one step; False when there is none."""
        return self._swap(self.steps, self.undone)

    def redo(self) -> bool:
        """Redo one step; False when there is none."""
        return self._swap(self.undone, self.steps)

    def _remember(self) -> None:
        self.steps.append(self._state())
        self.undone = []

    def _swap(self, source: list[State], target: list[State]) -> bool:
        if not source:
            return False
        target.append(self._state())
        state = source.pop()
        kept = {id(node) for node, _ in state}
        for node, _ in target[-1]:
            if id(node) not in kept:
                node.removed, node.attached = True, False
        for node, attributes in state:
            node.__dict__.update({name: _copied(value) for name, value in attributes.items()})
        return True

    def _state(self) -> State:
        image = self.image
        nodes: list[Any] = [image, *image.drawables(), *image.vectors]
        return [
            (node, {name: _copied(value) for name, value in vars(node).items() if name not in _NOT_STATE})
            for node in nodes
        ]


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, (list, dict)) else value
