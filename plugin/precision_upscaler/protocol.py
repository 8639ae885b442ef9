"""What an editor front end and the worker say to each other: JSON objects, one a line, UTF-8.

The front end writes commands to the worker's standard input and reads events from its standard output.
Paths are text. A worker serves one job and ends; one whose standard input closes before it was given
any ends without an event.

Commands (first line; the rest of the members depend on ``command``)::

    {"command": "prepare"}
        May come before any other: answered with ``ready``. A front end that does not know its command yet
        sends this, so that the worker starts while the front end is still at work.
    {"command": "upscale", "source": "/tmp/layer.png", "take_source": true,
     "parameters": {"scale_factor": 2, "flavor": "photo", ...},   contract names; omitted = default
     "origin": {"application": "gimp3", "image": "wedding.xcf", "image_id": 3, "layer": "Sky", ...},
     "reuse": true, "upload": "/tmp/layer.jpg"}
        Upscale a PNG, JPEG or WebP file. ``take_source`` lets the worker move the file instead of
        copying it. ``origin`` is free-form, kept in the journal and shown by Resume. ``reuse`` lets
        an identical earlier job whose result is stored answer at no charge. Of the file only the pixels
        are sent: no metadata, no EXIF orientation, no colour profile for RGB, and so the result's
        numbers are in the source's colour space. ``upload`` (normally absent) is the same picture in a
        smaller format, to be sent in its place; the setting ``upload_format`` says who wants that.
        ``"over_budget": true`` (normally absent): the user allows this task to pass the monthly budget.
        ``run`` (normally absent) is that of a ``reserved`` event.
    {"command": "resume", "job_id": "...", "adopt": "..."}
        Go on with a job of the journal, wherever it stands; waits for another worker that has it in
        hand. ``adopt`` (normally absent) is a task id the user recognised in the account as this job's,
        after a ``create-unresolved`` error whose ``details.candidates`` offered it.
    {"command": "reserve", "tasks": [{"width": 1024, "height": 768, "scale_factor": 2, "layer": "Sky",
     "image": "wedding.xcf"}, ...], "over_budget": false}
        Reserve the price of a run of several tasks in the monthly budget, all or none, before the first is
        sent. The ``upscale`` commands that follow, each to a worker of its own, name the answer's ``run``.
        What none of them has used is given back when this worker's standard input closes.
    {"command": "jobs"}                        list undelivered jobs
    {"command": "forget", "job_id": "..."}     drop a job whose result the user does not want
    {"command": "status"}                      is a key stored, which address, which settings
    {"command": "settings", "set": {...}}      change settings; answers with all of them
    {"command": "store-key"}
        The line after it is the key itself, raw, not JSON; it is never echoed, logged or journalled.
    {"command": "test-key"}                    ask the service, with the free list call, if the key works
    {"command": "test-key", "key_follows": true}
        The same for a key that is not stored (and is not stored by this): the line after it, raw.
    {"command": "find-mock"}                   is there an offline mock of the service on this computer

``status``, ``store-key``, ``test-key`` and ``find-mock`` take another service address for this once as
``base_url``.

While a job runs::

    {"command": "cancel"}       stop if nothing has been created; otherwise leave the job to Resume
    {"command": "delivered"}    the picture is in the user's image: the journal may forget the job

When standard input closes, the front end has exited: unpaid work is cancelled; paid work is finished and its
result left in the journal for Resume.

Events (``event`` names the kind)::

    {"event": "ready", "settings": {...}}
    {"event": "stage", "stage": "preparing" | "sending" | "waiting" | "downloading" | "checking",
     "job_id": null | "...", "task_id": null | "...", "charged": "no" | "unknown" | "yes",
     "expected_seconds": 90.0 | null}
    {"event": "progress", "stage": "sending" | "waiting" | "downloading",
     "done": 65536, "total": 1048576 | null}        bytes, but seconds in stage "waiting"
    {"event": "warning", "code": "wrong-scale" | "adopted" | "no-task-list", "message": "...",
     "sentences": {"message": [...]}}
    {"event": "result", "job_id": "...", "task_id": "...", "path": "...", "format": "png" | "jpeg" | "webp",
     "width": 2048, "height": 1536, "charged": "yes", "reused": false}
        The answer to ``resume`` is a file with the metadata and color profile of the job's source, if it had
        some. ``reused`` is true, and ``charged`` "no", when an earlier or simultaneous identical job paid.
    {"event": "reserved", "run": null | "..."}
        ``run`` is null where nothing had to be reserved.
    {"event": "cancelled", "job_id": ..., "charged": "no" | "unknown" | "yes"}
    {"event": "error", "code": "invalid-key", "what": "...", "charged": "no" | "unknown" | "yes",
     "charge": "Nothing was charged.", "advice": "...", "log": "/path/to/log", "job_id": null | "...",
     "details": {...}, "sentences": {"what": [...], "advice": [...]}}
        ``sentences`` are those of the texts they are named after, for a front end that translates them:
        [{"text": "{host} could not be reached ({reason}).", "values": {"host": "...", "reason": "..."}},
        ...]; a value may be {"parts": [...]}, such sentences again.
    {"event": "jobs", "jobs": [{"job_id", "state": "committed" | "created" | "stored", "created",
                                "task_id", "charged", "origin", "parameters", "source", "result",
                                "width", "height", "running"}, ...],
     "damaged": [...]}
        ``created`` in unix seconds; ``source`` a path; ``result`` a path or null; the size is that of
        the result asked for; ``running``: somebody works on the job at this moment. ``damaged``: an ``error``
        event for each job whose record cannot be used.
    {"event": "status", "key": "environment" | "keyring" | "file" | null, "base_url": "...",
     "settings": {...}, "fields": {"<setting>": {...}, ...}, "data_folder": "...", "log": "...",
     "pace": 1.0, "unfinished": 0, "budget": null | {"limit": 10.0, "spent": 3.4, "reserved": 0.0,
     "left": 6.6, "unit": "money" | "credits", "currency": "EUR", "ends": 1796083200.0}, "problems": [...]}
        ``fields``: kind, default, minimum, maximum, choices and help, as far as there are; ``pace``:
        real durations over estimated ones, so far; ``unfinished``: how many jobs ``jobs`` lists;
        ``budget``: this month's numbers in its unit, ``ends`` in unix seconds; null without a budget;
        ``problems``: what is wrong with the settings or the key, each as an ``error`` event.
    {"event": "settings", "settings": {...}}
    {"event": "stored", "where": "keyring" | "file"}
    {"event": "key", "valid": true | false, "message": "...", "sentences": {"message": [...]}}
    {"event": "forgotten", "job_id": "..."}
    {"event": "mock", "address": null | "http://127.0.0.1:8000", "key": "...", "base_url": "...",
     "is_mock": true | false}
        ``address`` and ``key``: those of a mock on this computer; ``is_mock``: a mock answers at the service
        address ``base_url``. No other computer is asked.

Every run ends with exactly one of ``result`` (then the worker waits for ``delivered`` or the end of
standard input), ``reserved`` (then it waits for that end), ``cancelled``, ``error`` or the
answer to the command.
"""

from __future__ import absolute_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Charged = Literal["no", "unknown", "yes"]
    StageName = Literal["preparing", "sending", "waiting", "downloading", "checking"]
    Message = dict[str, Any]
else:  # Python 2.7 has no typing
    Charged = StageName = str
    Message = dict


class Command(object):
    """The values of a command's ``command``."""

    PREPARE = "prepare"
    UPSCALE = "upscale"
    RESUME = "resume"
    RESERVE = "reserve"
    JOBS = "jobs"
    FORGET = "forget"
    STATUS = "status"
    SETTINGS = "settings"
    STORE_KEY = "store-key"
    TEST_KEY = "test-key"
    FIND_MOCK = "find-mock"
    # while a job runs
    CANCEL = "cancel"
    DELIVERED = "delivered"


class Event(object):
    """The values of an event's ``event``."""

    READY = "ready"
    STAGE = "stage"
    PROGRESS = "progress"
    WARNING = "warning"
    RESULT = "result"
    RESERVED = "reserved"
    CANCELLED = "cancelled"
    ERROR = "error"
    JOBS = "jobs"
    FORGOTTEN = "forgotten"
    STATUS = "status"
    SETTINGS = "settings"
    STORED = "stored"
    KEY = "key"
    MOCK = "mock"


FINAL_EVENTS = frozenset(
    (
        Event.RESULT,
        Event.RESERVED,
        Event.CANCELLED,
        Event.ERROR,
        Event.JOBS,
        Event.FORGOTTEN,
        Event.STATUS,
        Event.SETTINGS,
        Event.STORED,
        Event.KEY,
        Event.MOCK,
    )
)
"""Events of which every run has exactly one, as its last."""


class Stage(object):
    """The stages of a job; :data:`STAGES` has them in their order."""

    PREPARING = "preparing"  # type: StageName
    SENDING = "sending"  # type: StageName
    WAITING = "waiting"  # type: StageName
    DOWNLOADING = "downloading"  # type: StageName
    CHECKING = "checking"  # type: StageName


STAGES = (Stage.PREPARING, Stage.SENDING, Stage.WAITING, Stage.DOWNLOADING, Stage.CHECKING)


class Charge(object):
    """Whether money was spent: the values of ``charged``."""

    NO = "no"  # type: Charged
    UNKNOWN = "unknown"  # type: Charged
    YES = "yes"  # type: Charged


CHARGES = (Charge.NO, Charge.UNKNOWN, Charge.YES)
