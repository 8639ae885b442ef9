"""``precision-upscale``: upscale one picture or many from the command line, and take up paid jobs again."""

from __future__ import annotations

import functools
import io
import json
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from precision_upscaler import __version__
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.app import App
from precision_upscaler.cancel import CancelToken
from precision_upscaler.clock import SystemClock
from precision_upscaler.contract import PARAMETERS, Parameter
from precision_upscaler.contract.estimates import TABLE, own_table, text, total
from precision_upscaler.errors import (
    Forbidden,
    InvalidKey,
    InvalidParameter,
    InvalidSetting,
    MalformedKey,
    NoCredits,
    NoKey,
    PlanUsedUp,
    TaskFailed,
    UpscaleError,
)
from precision_upscaler.storage import credentials, settings
from precision_upscaler.storage.journal import Journal
from precision_upscaler.storage.log import log_path, open_log
from precision_upscaler.storage.spending import Grouping

from . import spending, wildcards
from .batch import Batch, Outcome
from .outputs import Planned, plan, shown

INTERRUPTED = "Interrupted. 'precision-upscale jobs' lists what was or may have been paid for."
DONE, FAILED, USAGE, ACCOUNT, SERVICE, UNFINISHED, CANCELLED = 0, 1, 2, 3, 4, 5, 130
_COMMANDS = ("jobs", "resume", "forget", "spending", "settings", "store-key", "test-key")


def exit_code(error: UpscaleError) -> int:
    """Return the exit code that stands for ``error``."""
    if error.charged != "no" and not isinstance(error, TaskFailed):
        return UNFINISHED
    if isinstance(error, (InvalidParameter, InvalidSetting)):
        return USAGE
    if isinstance(error, (NoKey, MalformedKey, InvalidKey, NoCredits, PlanUsedUp, Forbidden)):
        return ACCOUNT
    return (
        SERVICE if error.code in ("not-reachable", "tls", "rate-limited", "service-unavailable") else FAILED
    )


class _WholeNumber(click.ParamType[int]):
    """A whole number in its one spelling: int() would also take "07", " 7", "1_0" and an Arabic seven."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; a usage error that names the option when ``value`` is none."""
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"0|-?[1-9][0-9]{0,99}", value):
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return int(value)


def _option(known: Parameter) -> Callable[[Any], Any]:
    """Make the option of one contract parameter."""
    name = "--" + known.name.replace("_", "-")
    if known.kind == "integer":
        shown = f"{known.help} [{known.minimum} to {known.maximum}; default {known.default}]"
        return click.option(name, known.name, type=_WholeNumber(), default=known.default, help=shown)
    if known.kind == "choice":
        choices = [choice.value for choice in known.choices]
        words = " ".join(f"{choice.value}: {choice.help}" for choice in known.choices)
        return click.option(
            name,
            known.name,
            type=click.Choice(choices),
            default=known.default,
            help=f"{known.help} {words} [default {known.default}]",
        )
    return click.option(name, known.name, is_flag=True, default=known.default, help=known.help)


def _parameter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for known in reversed(PARAMETERS):
        command = _option(known)(command)
    return command


class _Group(click.Group):
    """A group whose first argument may also be a picture: then it means ``upscale``."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that none of its own lines answers for is told like any other."""
        try:
            return super().invoke(ctx)
        except UpscaleError as error:
            sys.exit(_fail(error))
        except KeyboardInterrupt:
            click.echo(INTERRUPTED, err=True)
            sys.exit(CANCELLED)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run the command line, whatever characters the output can show.

        On Windows click itself would also replace the names of existing files.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # a name outside the code page must not end a run that has paid
                stream.reconfigure(errors="backslashreplace")
        if args is None:
            args = [*wildcards.expand(sys.argv[1:])] if os.name == "nt" else sys.argv[1:]
        return super().main(args, *rest, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # options of "upscale" may come before the first picture
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help", "--version"):
            args = ["upscale", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands, and what the default command takes: its options and pictures."""
        default = self.commands["upscale"]
        inner = click.Context(default, parent=ctx, info_name=default.name)
        own = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            known = {item.value for item in own}
            own += [item for item in default.shell_complete(inner, incomplete) if item.value not in known]
        elif not own or not incomplete:
            own += default.params[0].shell_complete(inner, incomplete)
        return own


_HELP = """Upscale pictures with the paid Precision V2 service, without ever paying twice.

\b
  precision-upscale IN OUT --scale-factor 4 --flavor photo
  precision-upscale *.jpg -o out/ --scale-factor 2

The key comes from FREEPIK_API_KEY, the system's keyring or the key file; it is never an argument.
"""
EXIT_CODES = {
    DONE: "everything asked for is done",
    FAILED: "at least one picture failed",
    USAGE: "wrong usage, or a value out of range",
    ACCOUNT: "no key, a wrong key or no credits",
    SERVICE: "the service or the network failed before anything was charged",
    UNFINISHED: "a paid (or possibly paid) job is left: 'resume' takes it up",
    CANCELLED: "cancelled, and nothing was charged",
}
_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {words}" for code, words in EXIT_CODES.items())


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    help=_HELP,
    epilog=_EPILOG,
)
@click.version_option(__version__)
def main() -> None:
    """Upscale pictures; see ``_HELP``."""


def _app(base_url: str | None, cancel: CancelToken | None = None) -> App:
    folder = settings.data_folder()
    log = open_log(folder)
    loaded = settings.read_settings(folder)
    stored = loaded.settings
    if loaded.problem is not None:
        click.echo(f"Note: {loaded.problem}", err=True)
    return App(
        folder,
        stored,
        settings.effective_address(stored, base_url),
        log=log,
        cancel=cancel or CancelToken(),
        random=random.random,
        address_problem=settings.address_problem(loaded, base_url),
        budget_problem=settings.budget_problem(loaded),
    )


def _fail(error: UpscaleError, *, as_json: bool = False) -> int:
    log = error.log or log_path()
    if as_json:
        click.echo(json.dumps(error.to_event(log)))
    else:
        where = f"\nLog: {log}" if log else ""
        click.echo(shown(f"Error: {error.what}\n{error.charge} {error.advice}{where}"), err=True)
    return exit_code(error)


_BASE_URL = click.option(
    "--base-url", metavar="URL", help="Address of the service (PRECISION_UPSCALER_BASE_URL)."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line instead of words.")


@main.command()
@click.argument(
    "pictures", nargs=-1, required=True, type=click.Path(readable=False), metavar="IN OUT | IN... -o DIR"
)
@click.option("-o", "--output", type=click.Path(), help="File for one picture, folder (DIR/) for many.")
@_parameter_options
@_BASE_URL
@_JSON
@click.option("--overwrite", is_flag=True, help="Replace output files that exist.")
@click.option(
    "--jobs", "concurrent", type=click.IntRange(1, 32), default=4, help="Pictures at the same time [4]."
)
@click.option("--dry-run", is_flag=True, help="Show sizes and estimated prices; send nothing.")
@click.option("--anew", is_flag=True, help="Pay again even if this very result is stored or under way.")
@click.option("--no-metadata", is_flag=True, help="Put no EXIF, IPTC, XMP and texts into the results.")
@click.option("--over-budget", is_flag=True, help="Let this run pass the monthly budget.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def upscale(
    *,
    pictures: tuple[str, ...],
    output: str | None,
    base_url: str | None,
    as_json: bool,
    overwrite: bool,
    concurrent: int,
    dry_run: bool,
    anew: bool,
    no_metadata: bool,
    over_budget: bool,
    quiet: bool,
    **parameters: Any,
) -> None:
    """Upscale PNG, JPEG or WebP pictures (the default command).

    A result that is already in the folder is skipped: start a run that broke off once more, and it goes
    on. No metadata is sent; EXIF, IPTC, XMP and RGB color profile of a picture are put into its result, and
    the XMP says that an algorithm enhanced it.
    """
    cancel = CancelToken()
    try:
        request = UpscaleRequest(**parameters)
        app = None if dry_run else _app(base_url, cancel)
        folder = settings.data_path()
        made_with = functools.partial(_made_with, folder / "jobs", request.scale_factor)
        prices = own_table(str(folder))
        tasks = plan(pictures, output, request, overwrite=overwrite, prices=prices, made_with=made_with)
        if app is None:
            sys.exit(_dry_run(tasks, as_json=as_json))
        batch = Batch(
            app,
            request,
            reuse=not anew,
            concurrent=concurrent,
            over_budget=over_budget,
            metadata=not no_metadata,
        )
        outcomes = batch.run(tasks, overwrite=overwrite, show=not quiet and not as_json)
    except UpscaleError as error:
        sys.exit(_fail(error, as_json=as_json))
    sys.exit(_report(outcomes, as_json=as_json))


def _made_with(jobs: Path, scale_factor: int, source: Path) -> dict[str, Any] | None:
    """Return the parameters of the last job for a source with this factor, None when none is known."""
    name = shown(source.absolute())
    if not jobs.is_dir():
        return None
    found = [
        job.record
        for job in Journal(jobs, SystemClock()).readable()
        if job.record.origin.get("file") == name and job.record.parameters.get("scale_factor") == scale_factor
    ]
    return max(found, key=lambda record: record.created).parameters if found else None


def _dry_run(tasks: list[Planned], *, as_json: bool) -> int:
    for task in tasks:
        click.echo(json.dumps(task.to_json()) if as_json else task.line())
    prices = [task.price for task in tasks if task.price is not None]
    if not as_json and len(tasks) > 1 and prices:
        click.echo(f"Together {text(total(prices))}; nothing was sent.")
    return _worst({exit_code(task.problem) for task in tasks if task.problem is not None})


def _report(outcomes: list[Outcome], *, as_json: bool) -> int:
    for outcome in outcomes:
        for warning in () if as_json else outcome.warnings:
            click.echo(f"{outcome.source}: {shown(warning)}", err=True)
        if as_json:
            click.echo(json.dumps(outcome.to_json()))
        elif outcome.error is not None:
            click.echo(f"{outcome.source}: {shown(outcome.error)}", err=True)
        elif outcome.cancelled is not None:
            click.echo(f"{outcome.source}: cancelled. {outcome.cancelled}", err=True)
        else:
            click.echo(outcome.line())
    return _worst({outcome.code(exit_code) for outcome in outcomes})


def _worst(codes: AbstractSet[int]) -> int:
    """Return the exit code of a run whose pictures ended with ``codes``."""
    # money first: whoever sees only the exit code must learn of a paid job that waits
    return next(
        (code for code in (UNFINISHED, CANCELLED, ACCOUNT, USAGE, SERVICE, FAILED) if code in codes), DONE
    )


# the journal ----------------------------------------------------------------------------------


@main.command()
@_JSON
def jobs(as_json: bool) -> None:
    """List jobs that were or may have been paid for and not yet delivered."""
    app = _app(None)
    found = [job.summary() for job in app.journal.undelivered()]
    if as_json:
        click.echo(json.dumps(found))
        return
    for damaged in app.journal.damaged():
        click.echo(str(damaged.error()), err=True)
    if not found:
        click.echo("Nothing is waiting.")
    now = app.clock.time()
    for item in found:
        name = item["origin"].get("layer") or item["origin"].get("file") or Path(item["source"]).name
        age = max(0.0, now - item["created"]) / 3600
        click.echo(
            f"{item['job_id']}  {item['state']:<9}  charged: {item['charged']:<7}  {age:5.1f} h  "
            f"{item['width']} x {item['height']}  {name}{'  (running)' if item['running'] else ''}"
        )


@main.command()
@click.argument("job_ids", nargs=-1, metavar="[JOB]...")
@click.option(
    "-o", "--output", type=click.Path(), help="File for one job, folder for several [where each was to go]."
)
@_BASE_URL
@_JSON
@click.option("--adopt", metavar="TASK", help="The task in your account that is this one job's.")
@click.option("--overwrite", is_flag=True, help="Replace output files that exist.")
@click.option("--no-metadata", is_flag=True, help="Put no EXIF, IPTC, XMP and texts into the results.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def resume(
    *,
    job_ids: tuple[str, ...],
    output: str | None,
    base_url: str | None,
    as_json: bool,
    adopt: str | None,
    overwrite: bool,
    no_metadata: bool,
    quiet: bool,
) -> None:
    """Fetch the results of jobs in the journal (all of them unless named); no new charge."""
    cancel = CancelToken()
    try:
        app = _app(base_url, cancel)
        batch = Batch(app, UpscaleRequest(), reuse=True, concurrent=4, metadata=not no_metadata)
        if adopt is not None and len(job_ids) != 1:
            raise InvalidParameter("--adopt takes exactly one job.", parameter="adopt")
        names = job_ids or tuple(job.job_id for job in app.journal.undelivered())
        outcomes = batch.resume(
            names, output, adopt=adopt, overwrite=overwrite, show=not quiet and not as_json
        )
    except UpscaleError as error:
        sys.exit(_fail(error, as_json=as_json))
    if not outcomes and not as_json:
        click.echo("Nothing is waiting.")
    sys.exit(_report(outcomes, as_json=as_json))


@main.command()
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB...")
def forget(job_ids: tuple[str, ...]) -> None:
    """Drop jobs from the journal whose results are not wanted."""
    app = _app(None)
    try:
        for job_id in job_ids:
            app.journal.discard(job_id)
            click.echo(f"Forgotten: {job_id}")
    except UpscaleError as error:
        sys.exit(_fail(error))


@main.command("spending")
@_BASE_URL
@_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values with a heading.")
@click.option("--by", type=click.Choice(spending.GROUPINGS), default="month", help="Group by this [month].")
@click.option("--month", metavar="YYYY-MM", help="This month alone (months in UTC).")
@click.option("--forget-before", metavar="YYYY-MM", help="Delete the entries of all earlier months.")
def spending_command(
    *,
    base_url: str | None,
    as_json: bool,
    as_csv: bool,
    by: Grouping,
    month: str | None,
    forget_before: str | None,
) -> None:
    """Show what was spent, and what is left of the monthly budget."""
    try:
        app = _app(base_url)
        for given in (month, forget_before):
            if given is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", given):
                raise InvalidParameter(f"{given!r} is no month: write it as 2026-11.", parameter="month")
        if forget_before is not None:
            click.echo(f"Forgotten: {app.spending.ledger.forget(forget_before)} entries.", err=True)
        entries, numbers = app.spending_of_service(month)
    except UpscaleError as error:
        sys.exit(_fail(error, as_json=as_json))
    now = app.clock.time()
    if as_json:
        click.echo(spending.as_json(entries, by=by))
    elif as_csv:
        spending.write_csv(entries, by=by)
    else:
        currency = str((app.prices or TABLE)["currency"])
        click.echo("\n".join(spending.report(entries, numbers, now, by=by, currency=currency)))


# settings and key -----------------------------------------------------------------------------


@main.command("settings")
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
def settings_command(changes: tuple[str, ...]) -> None:
    """Show the settings, or change some (lists: values separated by commas)."""
    folder = settings.data_folder()
    present = settings.load(folder)
    wanted: dict[str, Any] = {}
    try:
        for change in changes:
            name, equals, text = change.partition("=")
            if not equals:
                raise InvalidSetting(f"{change!r} does not look like NAME=VALUE.")
            wanted[name] = _setting_value(name, text, present)
        if wanted:
            present = present.changed(wanted)
            settings.save(folder, present)
    except UpscaleError as error:
        sys.exit(_fail(error))
    for name, value in present.to_json().items():
        click.echo(f"{name}={','.join(value) if isinstance(value, list) else value}")


def _setting_value(name: str, text: str, present: settings.Settings) -> Any:
    value = getattr(present, name, None)
    if isinstance(value, tuple):
        return [item for item in text.split(",") if item.strip()]
    if isinstance(value, (int, float)):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


@main.command("store-key")
@_BASE_URL
def store_key(base_url: str | None) -> None:
    """Ask for the API key (or read it from a pipe) and store it in the keyring or the key file."""
    app = _app(base_url)
    value = (
        click.prompt("API key", hide_input=True, err=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().strip()
    )
    try:
        app.check_address_known()
        where = credentials.store_key(app.folder, app.base_url, value)
    except UpscaleError as error:
        sys.exit(_fail(error))
    click.echo(f"Stored in the {'system keyring' if where == 'keyring' else 'key file'}.")
    for name in credentials.VARIABLES:
        if os.environ.get(name):
            click.echo(f"Note: {name} is set and comes first.", err=True)


@main.command("test-key")
@_BASE_URL
def test_key(base_url: str | None) -> None:
    """Ask the service, free of charge, whether the key works."""
    try:
        valid, message = _app(base_url).test_key()
    except UpscaleError as error:
        sys.exit(_fail(error))
    click.echo(message, err=not valid)
    sys.exit(DONE if valid else ACCOUNT)


if __name__ == "__main__":
    main()
