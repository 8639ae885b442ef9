"""Results made when they are first asked for, and kept in memory while there is room.

Making one is a pure function of the source, the parameters and the seed, so nothing is lost when one
is dropped, and every process makes the same bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from .scenarios import parse

if TYPE_CHECKING:
    from .options import Options
    from .task_store import TaskStore
    from .tasks import Task


class Results:
    """The finished files. Thread-safe; two clients that ask for one picture wait for one rendering."""

    def __init__(self, tasks: TaskStore, options: Options) -> None:
        self._tasks = tasks
        self._options = options
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._making: dict[str, threading.Lock] = {}

    def file_of(self, task: Task, seed: int | None) -> bytes | None:
        """Return the file of a task's result, or None when its source was forgotten."""
        with self._lock:
            making = self._making.setdefault(task.task_id, threading.Lock())
        try:
            with making:
                with self._lock:
                    data = self._files.get(task.task_id)
                    if data is not None:
                        self._files.move_to_end(task.task_id)
                        return data
                data = self._make(task, seed)
                if data is not None:
                    self._keep(task.task_id, data)
                return data
        finally:
            with self._lock:
                self._making.pop(task.task_id, None)

    def _make(self, task: Task, seed: int | None) -> bytes | None:
        from .upscale import Recipe, grain_seed, render  # noqa: PLC0415 - Pillow is slow to import

        source = self._tasks.picture(task.picture)
        if source is None:
            return None
        recipe = Recipe.of(
            task.parameters,
            seed=grain_seed(seed, task.picture),
            trick=parse(task.scenario).trick if task.scenario else "",
            file_format=self._options.result_format,
        )
        return render(source[0], recipe)

    def _keep(self, task_id: str, data: bytes) -> None:
        with self._lock:
            self._files[task_id] = data
            self._size += len(data)
            while self._size > self._options.max_result_bytes and self._files:
                self._size -= len(self._files.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget every file."""
        with self._lock:
            self._files.clear()
            self._size = 0
