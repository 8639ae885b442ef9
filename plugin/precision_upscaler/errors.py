"""Every error a user can meet: what happened, whether anything was charged, and what to do now.

Each class answers for one situation. ``code`` is stable and made for programs; the three texts are
made for people. None of them ever holds the API key, a result link or a picture's bytes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .messages import parts_of
from .protocol import Charged, Event

CHARGE_TEXTS: dict[Charged, str] = {
    "no": "Nothing was charged.",
    "unknown": "It is not certain whether this was charged.",
    "yes": "The task has been charged.",
}


class UpscaleError(Exception):
    """Base of all: a named failure with its three answers.

    ``what`` says what happened (with values in it, as :func:`messages.translatable` returns it), ``charged``
    whether money was spent, ``advice`` what to do now;
    ``details`` holds JSON values for programs (sizes, bounds, the service's own words). ``log`` (the
    log file's path) and ``job_id`` are added by whoever knows them.
    """

    code: ClassVar[str] = "unexpected"
    charged: Charged = "no"
    log: str | None = None
    job_id: str | None = None
    advice: str = "Try again. If it happens again, report it with the log file."

    def __init__(
        self,
        what: str,
        *,
        charged: Charged | None = None,
        advice: str | None = None,
        charge: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(what)
        self.what = what
        if charged is not None:
            self.charged = charged
        if advice is not None:
            self.advice = advice
        self._charge = charge
        self.details = details

    @property
    def charge(self) -> str:
        """The sentence that says whether anything was charged."""
        return self._charge or CHARGE_TEXTS[self.charged]

    def __str__(self) -> str:
        return f"{self.what} {self.charge} {self.advice}" + (f" Log: {self.log}" if self.log else "")

    def to_event(self, log: str | None = None, job_id: str | None = None) -> dict[str, Any]:
        """Return the worker protocol's ``error`` event; ``log`` is the log file's path."""
        return {
            "event": Event.ERROR,
            "code": self.code,
            "what": self.what,
            "sentences": {"what": parts_of(self.what), "advice": parts_of(self.advice)},
            "charged": self.charged,
            "charge": self.charge,
            "advice": self.advice,
            "log": log or self.log,
            "job_id": job_id or self.job_id,
            "details": self.details,
        }


class UnexpectedError(UpscaleError):
    """A fault of this program: something no other class answers for."""

    code = "unexpected"
    charged = "unknown"
    advice = (
        "Look into Resume Precision Upscales (or run 'precision-upscale jobs'): a task that was created "
        "is listed there. Please report this with the log file."
    )


class BadCommand(UpscaleError):
    """A front end sent the worker something that is no command of the protocol."""

    code = "bad-command"
    advice = "This is a fault of the plug-in, not yours: please report it with the log file."


# what the user asked for ---------------------------------------------------------------------


class InvalidParameter(UpscaleError, ValueError):
    """A slider, factor or choice outside the contract; ``details`` names it and its range."""

    code = "invalid-parameter"
    advice = "Choose a value inside the range and start again."


class InvalidSetting(UpscaleError, ValueError):
    """A setting has a value that makes no sense; ``details`` names it and what is allowed."""

    code = "invalid-setting"
    advice = "Correct the setting and start again."


class AddressNotAllowed(InvalidSetting):
    """The service address is not https, and not http to this same machine."""

    code = "address-not-allowed"
    advice = "Use an https address, or plain http only for a service on this computer (127.0.0.1)."


class SettingsDamaged(InvalidSetting):
    """The settings cannot be read, so that the chosen service address or monthly budget is unknown."""

    code = "settings-damaged"
    advice = (
        "Open the settings and save them again (or run 'precision-upscale settings base_url=ADDRESS'), or "
        "correct the file."
    )


class SourceUnreadable(UpscaleError):
    """The picture to send is missing, cannot be read, or is damaged."""

    code = "source-unreadable"
    advice = "Check that the file exists, can be read and opens in GIMP."


class SourceFormat(UpscaleError):
    """The picture to send is none of PNG, JPEG and WebP."""

    code = "source-format"
    advice = "Export the picture as PNG, JPEG or WebP."


class SourceSize(UpscaleError):
    """The picture, or the result it would give, is outside the service's sizes."""

    code = "source-size"
    advice = "Choose another scale factor or another picture size."


# key and account -----------------------------------------------------------------------------


class NoKey(UpscaleError):
    """No API key is stored or set."""

    code = "no-key"
    advice = (
        "Store a key in the plug-in's settings, or set FREEPIK_API_KEY. Keys come from "
        "https://www.magnific.com/api (formerly Freepik API)."
    )


class InvalidKey(UpscaleError):
    """The service does not accept the API key (401)."""

    code = "invalid-key"
    advice = "Check the API key in the settings, or make a new one in your account at the service."


class NoCredits(UpscaleError):
    """The account has no credits left (402)."""

    code = "no-credits"
    advice = "Add credits to your account at the service and start again."


class PlanUsedUp(UpscaleError):
    """The plan's or trial's allowance is used up (429 with a message that says so): waiting does not help."""

    code = "plan-used-up"
    advice = (
        "Waiting a few minutes does not help: see and change the plan in your account at the service "
        "(https://www.magnific.com/api), then start again."
    )


class MalformedKey(UpscaleError):
    """A variable of the environment holds something that cannot be an API key; ``details`` names it."""

    code = "malformed-key"
    advice = "Correct the variable or remove it; no other key is used in its place."


class KeyFileDamaged(MalformedKey):
    """The file of stored keys cannot be used, so that it is unknown which key is to pay."""

    code = "key-file-damaged"
    advice = "Store the key again, which sets the damaged file aside; no other key is used in its place."


class Forbidden(UpscaleError):
    """The key is valid, but may not do this (403)."""

    code = "forbidden"
    advice = "Check in your account at the service whether this key may use the upscaler."


# the service ---------------------------------------------------------------------------------


class Refused(UpscaleError):
    """The service refused the request as wrong (400, 413, 422 and the like)."""

    code = "refused"
    advice = "Change what the service objects to and start again."


class NotReachable(UpscaleError):
    """No connection to the service could be made."""

    code = "not-reachable"
    advice = "Check the internet connection, proxy and service address, and start again."


class TlsFailed(NotReachable):
    """The service's identity could not be verified."""

    code = "tls"
    advice = (
        "Check the computer's date and its trusted certificates. A company network or virus scanner that "
        "reads encrypted traffic must be trusted by the system. Verification is never switched off."
    )


class RateLimited(UpscaleError):
    """The service keeps saying that there were too many requests (429)."""

    code = "rate-limited"
    advice = "Wait a few minutes and start again; other programs with the same key count too."


class ServiceUnavailable(UpscaleError):
    """The service keeps saying that it is down or overloaded (5xx)."""

    code = "service-unavailable"
    advice = "Wait a while and start again."


class UnexpectedResponse(UpscaleError):
    """The service answered something its contract does not know."""

    code = "unexpected-answer"
    advice = "Check the service address in the settings. If it is right, try again later."


class CreateUnresolved(UpscaleError):
    """The connection broke at the one moment when the task may or may not have been created."""

    code = "create-unresolved"
    charged = "unknown"
    advice = (
        "Nothing is sent again by itself. Choose Resume later: the service's list of tasks is then read "
        "again. If your account at the service shows no charge, forget the job and start anew. If it shows "
        "the task, 'precision-upscale resume JOB --adopt TASK' fetches its picture."
    )


# the task ------------------------------------------------------------------------------------


class TaskFailed(UpscaleError):
    """The service ended the task as FAILED; it never says why."""

    code = "task-failed"
    charged = "unknown"
    advice = "Try again, perhaps with another flavor or a smaller factor; check your credits first."

    def __init__(self, what: str, **details: Any) -> None:
        super().__init__(
            what,
            charge="The service does not say whether a failed task is charged: your account shows it.",
            **details,
        )


class TaskCancelled(TaskFailed):
    """The service ended the task as CANCELLED, which this program cannot ask for."""

    code = "task-cancelled"
    advice = "Somebody or something cancelled the task at the service; check your credits and start again."


class NoPicture(UpscaleError):
    """The task is COMPLETED, but the service offers no picture."""

    code = "no-picture"
    charged = "yes"
    advice = (
        "Choose Resume later: the task is then read again. The service's safety filter can be the reason. "
        "If it stays without a picture, ask the service for the credits back and name the task."
    )


class TaskUnknown(UpscaleError):
    """The service no longer knows the task (404)."""

    code = "task-unknown"
    charged = "yes"
    advice = (
        "Check that the service address and the key are those the task was created with; then choose "
        "Resume again. Otherwise ask the service and name the task."
    )


class StillRunning(UpscaleError):
    """The task did not end before the deadline; it is not forgotten."""

    code = "still-running"
    charged = "yes"
    advice = "Choose Resume later: it goes on waiting for the same task, without a new charge."


# the result ----------------------------------------------------------------------------------


class DownloadFailed(UpscaleError):
    """The finished picture could not be fetched."""

    code = "download-failed"
    charged = "yes"
    advice = "Choose Resume: it fetches the same picture again, without a new charge."


class ResultHost(DownloadFailed):
    """The link to the picture leads to a host that is not on the list."""

    code = "result-host"
    advice = (
        "If you trust that host, add it to the result hosts in the settings and choose Resume; nothing is "
        "charged again."
    )


class ResultTooLarge(DownloadFailed):
    """The service sends far more bytes than a picture of this size can have."""

    code = "result-too-large"


class ResultBroken(DownloadFailed):
    """What the link gave is no whole PNG, JPEG or WebP picture."""

    code = "result-broken"


# this computer -------------------------------------------------------------------------------


class OutputFailed(UpscaleError):
    """The result is here, but could not be written where it was to go."""

    code = "output"
    charged = "yes"
    advice = (
        "The result is kept: 'precision-upscale resume' writes it to another output, or over a file that "
        "exists with --overwrite. Nothing is charged again."
    )


class DiskFull(UpscaleError):
    """There is no room for the picture or the journal."""

    code = "disk-full"
    advice = "Free some space on the disk that holds the data folder and start again, or choose Resume."


class JournalBroken(UpscaleError):
    """The data folder cannot be read or written."""

    code = "journal"
    advice = "Check the permissions of the data folder."


class JobUnknown(UpscaleError):
    """No job with this id is in the journal."""

    code = "job-unknown"
    advice = "List the jobs again: it may have been delivered or removed meanwhile."


class RecordDamaged(JobUnknown):
    """The record of a job cannot be used; ``details`` names its folder and, if it can be told, its task."""

    code = "record-damaged"
    charged = "unknown"
    advice = (
        "The other jobs are not affected. If your account at the service shows the task, its result can be "
        "had there. Forget the job when nothing in its folder is needed any more."
    )


class JobBusy(UpscaleError):
    """Another program is working on this job at this moment."""

    code = "job-busy"
    charged = "unknown"
    advice = "Wait until it is done there."


class BudgetExceeded(UpscaleError):
    """The run would pass the monthly budget; ``details`` holds the numbers. Nothing was sent."""

    code = "budget-exceeded"
    advice = (
        "Wait for the next month, or raise the monthly budget: 'precision-upscale settings "
        "monthly_budget=AMOUNT'. On the command line --over-budget allows one run."
    )


class LedgerBroken(UpscaleError):
    """The spending ledger cannot be read or written. Without it no budget holds, so nothing is sent."""

    code = "spending-ledger"
    advice = "Check the permissions of the folder 'spending' in the data folder and start again."


class KeyNotStored(UpscaleError):
    """Neither the keyring nor the key file could take the key."""

    code = "key-not-stored"
    advice = "Check the permissions of the data folder, or set FREEPIK_API_KEY instead."


class Cancelled(Exception):
    """The user cancelled; never shown as an error."""

    def __init__(self, charged: Charged = "no") -> None:
        super().__init__("cancelled")
        self.charged: Charged = charged
