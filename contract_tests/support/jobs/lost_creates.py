"""Jobs whose create call got no answer."""

from __future__ import annotations

from typing import Any

from precision_upscaler.cancel import CancelToken
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job

from .faulty_proxy import FaultyProxy, Plan
from .job_environment import JobEnvironment


def _lost_create(env: JobEnvironment, plan: Plan, **parameters: Any) -> Job:
    """Break one create as ``plan`` says, and postpone the search for its task."""
    known = {job.job_id for job in env.journal}
    env.on_event = lambda event: env.cancel.set() if getattr(event, "charged", "") == "unknown" else None
    with FaultyProxy(env.mock.url, plan) as proxy:
        env.base_url = proxy.url
        env.attempt(lambda: env.upscale(**parameters))
    env.base_url = None
    env.cancel, env.on_event = CancelToken(), lambda _event: None
    env.clock.sleep(5)
    (job,) = [job for job in env.journal if job.job_id not in known]
    job.update(service=env.mock.url)
    assert job.state is State.COMMITTED
    return job


def lose_answer(env: JobEnvironment, **parameters: Any) -> Job:
    """Let the request reach the service, and break the connection before its answer."""
    return _lost_create(env, Plan("create", "reset"), **parameters)


def lose_request(env: JobEnvironment, **parameters: Any) -> Job:
    """Break the connection before the request has reached the service."""
    return _lost_create(env, Plan("create", "reset", reached=False), **parameters)


def tasks_by_parameters(env: JobEnvironment, **parameters: Any) -> list[str]:
    """Return the ids of the tasks the service made with these parameters."""
    creates = [item for item in env.mock.requests if item["step"] == "create" and item["task_id"]]
    return [item["task_id"] for item in creates if parameters.items() <= item["request"]["body"].items()]
