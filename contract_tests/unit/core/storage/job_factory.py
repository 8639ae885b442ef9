"""A journal in a temporary folder, and jobs in a chosen state."""

from __future__ import annotations

from pathlib import Path

from precision_upscaler.imaging.metadata import verify
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job, JobSpec, Journal

from contract_tests.support.jobs.job_environment import FakeClock
from contract_tests.support.pictures import png

DAY = 86400.0


class JobFactory:
    """Makes jobs in a chosen state, in a journal with a fake clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.journal = Journal(folder / "jobs", self.clock)
        self.source = folder / "source.png"
        self.source.write_bytes(png(160, 160))

    def job(self, state: State = State.PREPARED, digest: str = "d") -> Job:
        spec = JobSpec({"scale_factor": 2}, digest, "https://api.example", {"layer": "Sky"})
        job = self.journal.create(verify(self.source), spec, take_source=False)
        task_id = None if state in (State.PREPARED, State.SENDING, State.COMMITTED) else f"task-{job.job_id}"
        if state in (State.STORED, State.DELIVERED):
            (job.folder / "result.png").write_bytes(png(320, 320))
            size = (job.folder / "result.png").stat().st_size
            job.update(state, task_id=task_id, result="result.png", result_bytes=size)
        elif state is not State.PREPARED:
            job.update(state, task_id=task_id)
        return job
