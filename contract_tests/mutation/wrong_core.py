"""Wrong cores: the request, the task, the client, its decisions, and the runner of a job."""

from __future__ import annotations

from .wrong_subject import WrongSubject, wrong_subjects

_CORE = "plugin/precision_upscaler/"
_PROPERTIES = "contract_tests/property/"
_CLIENT = (_PROPERTIES + "test_client_requests.py", _PROPERTIES + "test_client_answers.py")
_CASES = (_PROPERTIES + "test_cases.py", *_CLIENT)
_JOB = ("contract_tests/property/test_job_states.py",)
_OF_CORE = "contract_tests/unit/core/"
_DECISIONS = (_PROPERTIES + "test_client_decisions.py",)

_TOLD_ONCE = """problem = wrong_scale(job.record.expected, picture)
        told = self._context.journal.folder / "told"
        if problem and not told.exists() and told.touch() is None:"""

CORE: tuple[WrongSubject, ...] = (
    *wrong_subjects(
        _CORE + "api/models.py",
        _CASES,
        ("nothing is checked", "if refusal is None:", "if refusal or not refusal:"),
        ("a string may be any number", "and value in map(str, range(", "and value not in map(str, range("),
        ("an unknown parameter is dropped", "        for name in parameters:\n", "        for name in ():\n"),
        ("what was asked for is not sent", "parameters.get(known.name, known.default)", "known.default"),
        ("filter_nsfw is never sent", " and value is False", ""),
    ),
    *wrong_subjects(
        _CORE + "contract/limits.py",
        _CASES,
        ("a whole number may be true", "isinstance(value, bool) or not", "not"),
        ("the upper bound is not checked", "<= value <= known.maximum", "<= value"),
        ("the lower bound is off by one", "known.minimum <= value", "known.minimum - 1 <= value"),
        ("a choice is not checked", "None if value in choices else", "None if choices else"),
    ),
    *wrong_subjects(
        _CORE + "api/models.py",
        (*_CLIENT, *_JOB),
        ("an unknown status is FAILED", "return cls.UNKNOWN", "return cls.FAILED"),
        ("links are read from the wrong member", 'data.get("generated")', 'data.get("urls")'),
        ("an unwrapped body is not read", 'body.get("data", body)', 'body.get("data")'),
        ("task_status is not read", 'data.get("status", data.get("task_status"))', 'data.get("status")'),
        (
            "the second link is taken",
            'links = data.get("generated")\n',
            'links = data.get("generated")\n        links = (links or [])[::-1]\n',
        ),
    ),
    *wrong_subjects(
        _CORE + "api/models.py",
        _JOB,
        ("a job takes an unknown status for FAILED", "return cls.UNKNOWN", "return cls.FAILED"),
    ),
    *wrong_subjects(
        _CORE + "api/client.py",
        (*_CLIENT, *_JOB),
        ("the body has no Content-Length", '"Content-Length": str(total),', ""),
        (
            "the body is announced as text",
            '"Content-Type": "application/json"',
            '"Content-Type": "text/plain"',
        ),
        ("the picture is cut into padded pieces", "_BLOCK = 3 << 16", "_BLOCK = 4 << 16"),
        (
            "the key follows the link",
            "headers=fetch.headers()) as response",
            "headers={**fetch.headers(), **self._headers}) as response",
        ),
        (
            "the key goes into a query",
            "self.base_url + path, timeout, headers=self._headers",
            'self.base_url + path + "?key=" + [*self._headers.values()][0], wire, headers=self._headers',
        ),
        (
            "a redirect leads anywhere",
            "if problem := link_problem(url, self.base_url, self._result_hosts):",
            "if problem := link_problem(url, url, (urlsplit(url).hostname or '',)):",
        ),
        (
            "a lost create counts as not sent",
            "Failure(call, None, reached and not before,",
            "Failure(call, None, False,",
        ),
        ("an answer has no largest size", "if len(content) > _ANSWER_CAP:", "if not content:"),
        (
            "the commit comes after the last byte",
            "            commit()\n            committed = True\n",
            "            committed = True\n",
        ),
        (
            "a refusal's words are lost",
            "message, reasons = read_error_body(body)",
            'message, reasons = "", []',
        ),
    ),
    *wrong_subjects(
        _CORE + "urls.py",
        _CLIENT,
        ("the key is in the other header", "AUTH_HEADERS[1 if", "AUTH_HEADERS[0 if"),
    ),
    *wrong_subjects(
        _CORE + "api/responses.py",
        _CLIENT,
        ("field is not read for name", 'item.get("name", item.get("field", "?"))', 'item.get("name", "?")'),
        (
            "a wrapped problem is not read",
            'isinstance(body.get("problem"), dict)',
            'isinstance(body.get("trouble"), dict)',
        ),
        ("402 is taken for a wrong key", "402: NoCredits", "402: InvalidKey"),
    ),
    *wrong_subjects(
        _CORE + "api/retry.py",
        (*_DECISIONS, _PROPERTIES + "test_client_codes.py", *_CLIENT, *_JOB),
        (
            "a lost create is sent again",
            "return RetryDecision.RESOLVE if failure.reached else RetryDecision.RETRY",
            "return RetryDecision.RETRY",
        ),
        (
            "a create is sent again after a 500",
            "return RetryDecision.GIVE_UP if refused else RetryDecision.RESOLVE",
            "return RetryDecision.GIVE_UP if refused else RetryDecision.RETRY",
        ),
        (
            "a refusal may have been charged",
            "return RetryDecision.GIVE_UP if refused else RetryDecision.RESOLVE",
            "return RetryDecision.RESOLVE",
        ),
        ("an expired link is the end", "return RetryDecision.RENEW", "return RetryDecision.GIVE_UP"),
        (
            "Retry-After is ignored",
            "if retry_after is not None:",
            "if retry_after is not None and retry_after < 0:",
        ),
        (
            "Retry-After has no bound",
            "min(max(retry_after, 0.0), self.longest_retry_after if longest is None else longest)",
            "max(retry_after, 0.0)",
        ),
        (
            "a create knocks early",
            "return RetryDecision.GIVE_UP if self.asks_too_long(failure) else RetryDecision.RETRY",
            "return RetryDecision.RETRY",
        ),
        ("polls come ever quicker", "self.growth ** min(attempt, 50)", "self.growth ** -min(attempt, 50)"),
        (
            "a failed poll fails the job",
            "if failure.status is None or failure.status in _TRANSIENT:",
            "if failure.status in _TRANSIENT:",
        ),
    ),
    *wrong_subjects(
        _CORE + "jobs/runner.py",
        _JOB,
        (
            "FAILED is waited for",
            "if ended.task.status in (TaskStatus.FAILED, TaskStatus.CANCELLED):",
            "if ended.task.status is TaskStatus.CREATED:",
        ),
        (
            "every finished task is called failed",
            "if ended.task.status in (TaskStatus.FAILED, TaskStatus.CANCELLED):",
            "if ended.task.status.terminal:",
        ),
        (
            "the task's id is not written down",
            "job.update(State.CREATED, task_id=task.task_id, paid=",
            "job.update(State.CREATED, paid=",
        ),
        (
            "COMMITTED is not written down",
            "        self._context.cancel.hold(True)\n        self._job.update(State.COMMITTED)\n",
            "        self._context.cancel.hold(True)\n",
        ),
        (
            "a picture is not checked",
            "        return check.result()",
            '        return ImageFile(self._job.part, "png", 1, 1)',
        ),
        (
            "another size is not told",
            "if problem := wrong_scale(job.record.expected, picture):",
            "if problem := None:",
        ),
        (
            "a wish is granted for nothing",
            "Charge.NO if self._reused else Charge.YES",
            "Charge.YES if self._reused else Charge.NO",
        ),
    ),
    *wrong_subjects(
        _CORE + "jobs/runner.py",
        (_JOB[0] + "::test_every_fate", _JOB[0] + "::test_every_result_of_another_size_is_told"),
        (
            "another size is told once and never again",
            "if problem := wrong_scale(job.record.expected, picture):",
            _TOLD_ONCE,
        ),
    ),
    *wrong_subjects(
        _CORE + "jobs/service.py",
        _JOB,
        ("a job under way is not joined", "elif job.state.undelivered or", "elif"),
        (
            "a stored result is paid again",
            "if intact_result(job) is not None:",
            "if intact_result(job) is None:",
        ),
    ),
    *wrong_subjects(
        _CORE + "api/rate_limiter.py",
        (_OF_CORE + "jobs/test_polling.py", *_JOB),
        (
            "51 requests a minute",
            "self._per_minute(state), first=first)",
            "self._per_minute(state) + 1, first=first)",
        ),
    ),
    *wrong_subjects(
        _CORE + "jobs/recovery.py",
        (_OF_CORE + "jobs/test_recovery.py", *_JOB),
        (
            "a stranger's task is adopted",
            "if not similar(self._source(), match.likeness):",
            "if not match.likeness:",
        ),
        ("a lost create is never looked for", "for pause in _PAUSES:", "for pause in ():"),
        ("tasks known before are candidates", "new = listed - (self._before - ", "new = listed - (set() - "),
        ("the shape of a result says nothing", "if not same_shape(self._job, picture):", "if not picture:"),
    ),
    *wrong_subjects(
        _CORE + "api/download.py",
        (_OF_CORE + "api/test_download.py", *_JOB),
        (
            "half a file is a whole one",
            "if self._total is not None and done != self._total:",
            "if self._total == 0:",
        ),
        ("the token is kept", 'self._source = link.partition("?")[0]', "self._source = link"),
    ),
    *wrong_subjects(
        _CORE + "imaging/streaming.py",
        (_OF_CORE + "imaging/test_streaming.py",),
        (
            "what arrives is whole",
            "if self._whole else verify(self._path)",
            "if self._size else verify(self._path)",
        ),
        (
            "a byte is read before it is there",
            "[: self._left(self._at)]",
            "[: self._left(self._at) and None]",
        ),
        ("every picture is read twice", "            self._whole = True", "            self._whole = False"),
    ),
    *wrong_subjects(
        _CORE + "imaging/png.py",
        (_OF_CORE + "imaging/test_metadata.py",),
        ("a PNG's EXIF is sent", "_SENT = frozenset({", '_SENT = frozenset({b"eXIf", '),
        (
            "a profile for gray of a PNG lands in RGB",
            "found = [chunk for chunk in found if chunk[0] not in COLOR]",
            "pass",
        ),
        ("a shape of pixels is a resolution", "or data[8] != 1:", "or data[8] > 1:"),
    ),
    *wrong_subjects(
        _CORE + "imaging/jpeg.py",
        (_OF_CORE + "imaging/test_metadata.py",),
        ("a JPEG's EXIF is sent", "not (_APP0 <= marker <= _APP15", "not (_APP2 <= marker <= _APP15"),
        (
            "a profile for gray of a JPEG lands in RGB",
            "[png.profile_chunk(profile)] if is_rgb(profile)",
            "[png.profile_chunk(profile)] if profile",
        ),
        (
            "centimeters are inches",
            "factor = 2.54 if jfif[2] == _PER_CENTIMETER",
            "factor = 2.54 if jfif[2] > 2",
        ),
    ),
    *wrong_subjects(
        _CORE + "imaging/webp.py",
        (_OF_CORE + "imaging/test_metadata.py",),
        ("a WebP's EXIF is sent", "_SENT = frozenset({", '_SENT = frozenset({b"EXIF", '),
        ("a WebP loses its transparency", "return _ALPHA_FLAG if", "return 0 if"),
    ),
    *wrong_subjects(
        _CORE + "imaging/exif.py",
        (_OF_CORE + "imaging/test_metadata.py",),
        ("EXIF keeps the old size", "entry.kind in (_SHORT, _LONG):", "entry.kind < _SHORT:"),
    ),
    *wrong_subjects(
        _CORE + "imaging/xmp.py",
        (_OF_CORE + "imaging/test_metadata.py",),
        ("an old source type stays", '_OLD_MARK.sub("", text[start:])', "text[start:]"),
    ),
    *wrong_subjects(
        _CORE + "cli/outputs.py",
        (_OF_CORE + "cli/test_main.py",),
        ("two results go to one file", "if bare(target) in self.taken:", "if target.suffix in self.taken:"),
        ("a batch pays again", "return None if self._overwrite else found", "return None"),
        ("a full folder is found out after paying", "check_place(place)\n    planner", "planner"),
    ),
    *wrong_subjects(
        _CORE + "jobs/delivery.py",
        (_OF_CORE + "cli/test_main.py",),
        ("what exists is written over", "if not overwrite and (present", "if overwrite and (present"),
    ),
    *wrong_subjects(
        _CORE + "cli/main.py",
        (_PROPERTIES + "test_cases.py",),
        ("the command line takes Arabic digits", "type=_WholeNumber()", "type=int"),
    ),
    *wrong_subjects(
        _CORE + "frontend/options.py",
        (_PROPERTIES + "test_cases.py",),
        ("GIMP's arguments are not checked", "if refusal is None or", "if refusal or not refusal or"),
        (
            "GIMP's choices are free",
            'refusal.code == "not-boolean"',
            'refusal.code in ("not-boolean", "not-a-choice")',
        ),
        (
            "GIMP's refusal names another option",
            "title = translate(option.title)",
            "title = translate(ALL[-1].title)",
        ),
    ),
)
