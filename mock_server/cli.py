"""The command ``precision-mock``: every option of the mock on the command line and in the environment."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import fields
from typing import Any

import click

from mock_server.scenarios.catalogue import UnknownScenarioError, listing

from .config import OptionError, Options, kind_of

_PREFIX = "PRECISION_MOCK"
_EPILOG = (
    f"Every option is also an environment variable: --queue-seconds is {_PREFIX}_QUEUE_SECONDS."
    " Watch the mock at /__mock__/ and control it as /__mock__/docs describes."
)


def _parameter(item: Any) -> click.Option:
    kind = kind_of(item.name)
    flag = "--" + item.name.replace("_", "-")
    choices = item.metadata["choices"]
    return click.Option(
        [f"{flag}/--no-{flag[2:]}" if kind is bool else flag, item.name],
        type=click.Choice(choices) if choices else None if kind is bool else str if kind is tuple else kind,
        default=item.default,
        show_default=kind is not tuple and item.default not in ("", None, False),
        multiple=kind is tuple,
        help=item.metadata["help"],
        metavar=item.metadata["metavar"] or None,
    )


class _Command(click.Command):
    """A command whose help shows the options in the groups they are declared in."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run it with the arguments as they are: on Windows click would read names of files as patterns."""
        return super().main(*args, windows_expand_args=False, **extra)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        records = {parameter.name: parameter.get_help_record(ctx) for parameter in self.get_params(ctx)}
        groups: dict[str, list[tuple[str, str]]] = {}
        for item in fields(Options):
            record = records.pop(item.name)
            if record is not None:
                groups.setdefault(item.metadata["group"], []).append(record)
        groups["Help"] = [record for record in records.values() if record is not None]
        for group, rows in groups.items():
            with formatter.section(group):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write what comes after the options."""
        formatter.write_paragraph()
        formatter.write_text(_EPILOG)


def _options(values: dict[str, Any]) -> Options:
    """Return the options; :class:`click.UsageError` when one is wrong, or a variable names none."""
    known = {f"{_PREFIX}_{item.name.upper()}" for item in fields(Options)}
    unknown = sorted(name for name in os.environ if name.startswith(f"{_PREFIX}_") and name not in known)
    if unknown:
        raise click.UsageError(f"there is no option for the environment variable {', '.join(unknown)}")
    try:
        return Options(**values)
    except OptionError as error:
        raise click.UsageError(str(error)) from None


def run(**values: Any) -> None:
    """Run a mock of the Precision V2 upscaler service until it is interrupted."""
    options = _options(values)
    if options.scenario == "?":
        click.echo(listing())
        return
    from mock_server.server.run import serve  # noqa: PLC0415 - imports Flask, which --help need not wait for

    try:
        serve(options, click.echo)
    except UnknownScenarioError as error:
        raise click.UsageError(str(error)) from None
    except sqlite3.Error as error:
        raise click.ClickException(f"cannot use the state file {options.state}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"cannot listen on {options.host}:{options.port}: {error}") from None


main = _Command(
    "precision-mock",
    params=[_parameter(item) for item in fields(Options)],
    callback=run,
    help=run.__doc__,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "auto_envvar_prefix": _PREFIX,
    },
)
"""The command itself; ``main()`` runs it with the process's arguments."""


def options_from_environment() -> Options:
    """Return the options that ``PRECISION_MOCK_*`` variables set, or raise :class:`click.UsageError`."""
    return _options(main.make_context(main.name, [], **main.context_settings).params)
