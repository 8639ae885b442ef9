"""The command ``precision-mock``: every option of the mock on the command line."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

import click

from .options import OptionError, Options, environment_name, kind_of


def _parameter(item: Any) -> click.Option:
    kind = kind_of(item.name)
    flag = "--" + item.name.replace("_", "-")
    choices = item.metadata["choices"]
    return click.Option(
        [f"{flag}/--no-{flag[2:]}" if kind is bool else flag, item.name],
        type=click.Choice(choices) if choices else None if kind is bool else str if kind is tuple else kind,
        default=item.default,
        show_default=bool(item.default) and kind is not tuple,
        multiple=kind is tuple,
        help=item.metadata["help"],
        metavar=item.metadata["metavar"] or None,
        envvar=environment_name(item.name),
        show_envvar=False,
    )


def run(**values: Any) -> None:
    """Run a mock of the Precision V2 upscaler service until it is interrupted."""
    try:
        options = Options(**values)
    except OptionError as error:
        raise click.UsageError(str(error)) from None
    if options.scenario == "?":
        from .scenarios import listing  # noqa: PLC0415 - the mock must start quickly

        click.echo(listing())
        return
    from .running import serve  # noqa: PLC0415 - as above

    try:
        serve(options, click.echo)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {options.host}:{options.port}: {error}") from None
    except KeyboardInterrupt:
        sys.exit(130)


main = click.Command(
    "precision-mock",
    params=[_parameter(item) for item in fields(Options)],
    callback=run,
    help=run.__doc__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
"""The command itself; ``main()`` runs it with the process's arguments."""
