"""Results made when they are first asked for, and kept in memory while there is room.

Making one is a pure function of the source, the parameters and the seed, so nothing is lost when one
is dropped, every process makes the same bytes, and what was made is known by what it was made of: another
task under an old id, after a reset or a restore, in whichever process, has another picture.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from mock_server.scenarios.catalogue import parse

if TYPE_CHECKING:
    from mock_server.imaging.upscale import Recipe
    from mock_server.state.task_model import Task
    from mock_server.state.task_store import TaskStore


class Results:
    """The finished files. Thread-safe; two clients that ask for one picture wait for one rendering."""

    def __init__(self, tasks: TaskStore, most_bytes: int) -> None:
        self._tasks = tasks
        self._most = most_bytes
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[str, Recipe], bytes] = OrderedDict()
        self._size = 0
        self._making: dict[tuple[str, Recipe], threading.Lock] = {}

    def file_of(self, task: Task, seed: int | None, file_format: str) -> bytes | None:
        """Return the file of a task's result, or None when its source was forgotten.

        ``file_format`` is one of the option ``result_format``'s.
        """
        from mock_server.imaging.upscale import Recipe, grain_seed  # noqa: PLC0415 - Pillow is slow to import

        recipe = Recipe.of(
            task.parameters,
            seed=grain_seed(seed, task.picture),
            trick=parse(task.scenario).trick if task.scenario else "",
            file_format=file_format,
        )
        made_of = (task.picture, recipe)
        with self._lock:
            making = self._making.setdefault(made_of, threading.Lock())
        try:
            with making:
                with self._lock:
                    data = self._files.get(made_of)
                    if data is not None:
                        self._files.move_to_end(made_of)
                        return data
                return self._make(made_of)
        finally:
            with self._lock:
                self._making.pop(made_of, None)

    def _make(self, made_of: tuple[str, Recipe]) -> bytes | None:
        from mock_server.imaging.upscale import render  # noqa: PLC0415 - as above

        picture, recipe = made_of
        source = self._tasks.picture(picture)
        if source is None:
            return None
        data = render(source[0], recipe)
        with self._lock:
            self._size += len(data) - len(self._files.get(made_of, b""))
            self._files[made_of] = data
            while self._size > self._most and self._files:
                self._size -= len(self._files.popitem(last=False)[1])
        return data

    def clear(self) -> None:
        """Forget every file."""
        with self._lock:
            self._files.clear()
            self._size = 0
