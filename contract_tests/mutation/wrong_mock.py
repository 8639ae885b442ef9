"""Wrong mocks: validation, states of tasks, links, keys, charges."""

from __future__ import annotations

from .wrong_subject import WrongSubject, wrong_subjects

_PROPERTIES = "contract_tests/property/"
_BODIES = (_PROPERTIES + "test_mock_bodies.py", _PROPERTIES + "test_cases.py")
_STATES = ("contract_tests/property/test_mock_states.py", _PROPERTIES + "test_mock_bodies.py")

MOCK: tuple[WrongSubject, ...] = (
    *wrong_subjects(
        "mock_server/api/validation.py",
        _BODIES,
        ("2.0 is an integer", "jsonschema_rs.Draft4Validator(", "jsonschema_rs.Draft7Validator("),
        ("formats are not checked", "validate_formats=True", "validate_formats=False"),
        (
            "what is refused is taken",
            "    if _request().is_valid(body):\n        return []\n",
            "    return []\n",
        ),
    ),
    *wrong_subjects(
        "mock_server/api/json_body.py",
        _BODIES,
        ("a name may come twice", "if len(members) != len(pairs):", "if len(members) > len(pairs):"),
        ("NaN is a number", 'raise JSONError(f"{name} is not a JSON number")', "return 7"),
        ("a lone surrogate passes", 'if b"\\\\u" in raw:', "if not raw:"),
    ),
    *wrong_subjects(
        "mock_server/service/upscaler_service.py",
        _STATES,
        (
            "every key is accepted",
            "raise InvalidKeyError",
            "return key",
        ),
        (
            "no key is needed",
            "raise MissingKeyError",
            "return GOOD_KEY",
        ),
        ("a key sees another key's task", "if task is None or task.owner != owner:", "if task is None:"),
        (
            "a default is another one",
            "body.get(item.name, item.default)",
            "body.get(item.name, item.default if item.name != 'ultra_detail' else 31)",
        ),
        (
            "the result is larger than asked for",
            'factor = int(parameters["scale_factor"])\n',
            'factor = int(parameters["scale_factor"])\n        parameters["scale_factor"] = factor + 1\n',
        ),
        (
            "tasks end too early",
            "return Schedule(starts_at, now + seconds, outcome)",
            "return Schedule(starts_at, now + seconds * 0.9, outcome)",
        ),
        ("CREATED is skipped", 'starts_at = now + min(pace.get("queue", queue), seconds)', "starts_at = now"),
        (
            "a failed task completes",
            'outcome = (scenario.outcome if scenario else "") or COMPLETED',
            "outcome = COMPLETED",
        ),
    ),
    *wrong_subjects(
        "mock_server/state/task_model.py",
        _STATES,
        (
            "a finished task is left",
            "if self.ends_at is not None and now >= self.ends_at:",
            "if self.ends_at is not None and self.ends_at <= now < self.ends_at + 2000:",
        ),
        (
            "IN_PROGRESS is skipped",
            "            return IN_PROGRESS\n        if self.polls_to_end is not None and polls > 0:",
            "            return CREATED\n        if self.polls_to_end is not None and polls > 0:",
        ),
        ("a task ends one poll late", "polls >= self.polls_to_end", "polls > self.polls_to_end"),
    ),
    *wrong_subjects(
        "mock_server/service/task_payload.py",
        _STATES,
        (
            "links come before the end",
            "links_of(settings, task, base) if status == COMPLETED else []",
            "links_of(settings, task, base)",
        ),
        (
            "a finished task has no link",
            "links_of(settings, task, base) if status == COMPLETED else []",
            "[]",
        ),
        (
            "a response key is renamed",
            '"task_id": task.task_id, "status": status}',
            '"id": task.task_id, "status": status}',
        ),
        ("status is lower case", '"status": status}', '"status": status.lower()}'),
        (
            "a link lives for a day",
            "settings.now + settings.seconds)",
            "settings.now + settings.seconds * 24)",
        ),
    ),
    *wrong_subjects(
        "mock_server/service/signed_urls.py",
        _STATES,
        ("a link never expires", " and now < expires", ""),
        (
            "a signature is not checked",
            "hmac.compare_digest(match[2], _signature(path, expires, secret)) and",
            "bool(match[2]) and",
        ),
    ),
    *wrong_subjects(
        "mock_server/api/routes.py",
        _STATES,
        (
            "the list is everybody's",
            "self.service.tasks.states(key)",
            "self.service.tasks.states('mock-key')",
        ),
        ("the list tells another story", "schedule.status(now, polls)", "schedule.status(now - 10, polls)"),
        ("the list repeats a task", '{"data": listed}', '{"data": listed + listed[:1]}'),
        ("an odd id is looked up", "if not is_uuid(task_id):", "if not task_id:"),
        (
            "one header is not read",
            "if environ.get(name)), None)",
            "if environ.get(name) and 'MAGNIFIC' not in name), None)",
        ),
    ),
    *wrong_subjects(
        "mock_server/state/task_store.py",
        _STATES,
        ("a create is charged twice", "COUNT(*) AS count", "2 * COUNT(*) AS count"),
        ("a task is charged once for a key", "COUNT(*) AS count", "COUNT(DISTINCT owner) AS count"),
    ),
    *wrong_subjects(
        "mock_server/answers.py",
        _STATES,
        ("the 401 has other words", '"Invalid API key"', '"Wrong API key"'),
        (
            "a 400 names no field",
            'params = [{"field": name, "reason": reason} for name, reason in faults]',
            "params = []",
        ),
    ),
)
