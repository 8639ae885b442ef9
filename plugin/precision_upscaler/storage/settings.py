"""The user's settings: names, defaults, allowed values and help in one place, kept in ``settings.json``."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import DiskFull, InvalidSetting, JournalBroken, SettingsDamaged
from precision_upscaler.messages import translatable
from precision_upscaler.urls import check_address

from .files import private_folder, read_json, write_json
from .log import LOGGER

BASE_URL_VARIABLE = "PRECISION_UPSCALER_BASE_URL"
DATA_VARIABLE = "PRECISION_UPSCALER_DATA"
_FILE = "settings.json"


def data_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the place of the data folder; nothing is made."""
    chosen = environ.get(DATA_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("precision-upscaler", appauthor=False))


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of journal, settings, key file and log; made when missing, owner-only.

    It is the user's data folder, outside GIMP's versioned one, so that every GIMP shares it.
    """
    path = data_path(environ)
    try:
        return private_folder(path)
    except OSError as error:
        raise JournalBroken(
            translatable(
                "The data folder {path} cannot be made: {problem}.", path=path, problem=error.strerror
            )
        ) from error


def _number(minimum: float, maximum: float, help_text: str) -> dict[str, Any]:
    return {"minimum": minimum, "maximum": maximum, "help": help_text}


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; ``metadata`` carries bounds, choices and a line of help."""

    base_url: str = field(default=SERVERS[0], metadata={"help": "Address of the service."})
    upload_format: str = field(
        default="png",
        metadata={"choices": ("png", "jpeg"), "help": "How layers are sent: PNG is lossless, JPEG smaller."},
    )
    deadline_minutes: float = field(
        default=60.0, metadata=_number(1, 24 * 60, "How long to wait for a task before leaving it to Resume.")
    )
    journal_days: float = field(
        default=30.0, metadata=_number(0, 3650, "How long delivered results are kept for free reuse.")
    )
    journal_megabytes: float = field(
        default=2048.0, metadata=_number(0, 1 << 20, "How much room delivered results may take.")
    )
    monthly_budget: float = field(
        default=0.0, metadata=_number(0, 1_000_000, "What may be spent in one month; 0 means no limit.")
    )
    budget_unit: str = field(
        default="money",
        metadata={
            "choices": ("money", "credits"),
            "help": "What the budget counts: money, in the currency of the price table, or credits.",
        },
    )
    requests_per_minute: int = field(
        default=50, metadata=_number(1, 6000, "The key's rate limit at the service, for all jobs together.")
    )
    poll_seconds: float = field(
        default=1.0, metadata=_number(0.01, 60, "The shortest pause between two looks at a task.")
    )
    result_hosts: tuple[str, ...] = field(
        default=(), metadata={"help": "Further hosts from which results may be fetched."}
    )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {**asdict(self), "result_hosts": list(self.result_hosts)}

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """Return a copy with ``changes`` (names to JSON values); InvalidSetting names what is wrong."""
        known = {item.name: item for item in fields(self)}
        values: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise InvalidSetting(
                    translatable("There is no setting called {name}.", name=repr(name)), setting=name
                )
            values[name] = _checked(name, value, getattr(self, name), known[name].metadata)
        return replace(self, **values)


def described() -> dict[str, dict[str, Any]]:
    """Return what a settings dialog needs of every setting: kind, default, bounds, choices, help."""
    facts = {}
    for item in fields(Settings):
        default = getattr(Settings(), item.name)
        kind = "choice" if "choices" in item.metadata else _KINDS[type(default)]
        default = list(default) if kind == "list" else default
        facts[item.name] = {"kind": kind, "default": default, **item.metadata}
    return facts


_KINDS = {int: "integer", float: "number", str: "text", tuple: "list"}


def _checked(name: str, value: Any, present: Any, metadata: Mapping[str, Any]) -> Any:
    if name == "base_url" and isinstance(value, str):
        return check_address(value)
    if isinstance(present, tuple):
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(item.strip().lower() for item in value)
        raise InvalidSetting(translatable("{name} must be a list of host names.", name=name), setting=name)
    if "choices" in metadata:
        if value not in metadata["choices"]:
            choices = ", ".join(metadata["choices"])
            raise InvalidSetting(
                translatable("{name} must be one of {choices}.", name=name, choices=choices), setting=name
            )
        return value
    if "minimum" in metadata:
        whole = isinstance(present, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            if whole:
                raise InvalidSetting(translatable("{name} must be a whole number.", name=name), setting=name)
            raise InvalidSetting(translatable("{name} must be a number.", name=name), setting=name)
        minimum, maximum = metadata["minimum"], metadata["maximum"]
        if not minimum <= value <= maximum:
            raise InvalidSetting(
                translatable(
                    "{title} must be between {minimum} and {maximum}, not {value}.",
                    title=name,
                    minimum=minimum,
                    maximum=maximum,
                    value=value,
                ),
                setting=name,
                minimum=minimum,
                maximum=maximum,
            )
        return value if whole else float(value)
    raise InvalidSetting(translatable("{name} must be a text.", name=name), setting=name)


@dataclass(frozen=True)
class LoadedSettings:
    """The settings as far as they could be read.

    ``problem`` says what could not, None when all could; ``address_lost``: the service address is among it;
    ``budget_lost``: the monthly budget is.
    """

    settings: Settings
    problem: str | None = None
    address_lost: bool = False
    budget_lost: bool = False


def read_settings(folder: Path) -> LoadedSettings:
    """Read ``settings.json`` in ``folder``; what is missing or unusable has its default. Never raises."""
    settings = Settings()
    problem: str | None = None
    try:
        stored = read_json(folder / _FILE)
        if stored is not None and not isinstance(stored, dict):
            problem = translatable("it is no JSON object")
    except (ValueError, RecursionError):
        stored, problem = None, translatable("it is no JSON")
    except OSError as error:
        stored, problem = None, str(error.strerror)
    if problem is not None:
        path = folder / _FILE
        what = translatable("The settings in {path} cannot be read ({problem}).", path=path, problem=problem)
        LOGGER.warning("%s", what)
        return LoadedSettings(settings, what, address_lost=True, budget_lost=True)
    wrong = []
    for name, value in (stored or {}).items():
        try:
            settings = settings.changed({name: value})
        except InvalidSetting as error:
            LOGGER.warning("settings: %s", error.what)
            if name in described():
                wrong.append(name)
    if wrong:
        problem = translatable(
            "Settings with a wrong value have their default: {names}.", names=", ".join(wrong)
        )
    budget_lost = bool({"monthly_budget", "budget_unit"} & set(wrong))
    return LoadedSettings(settings, problem, "base_url" in wrong, budget_lost)


def load(folder: Path) -> Settings:
    """Return :func:`read_settings`'s settings."""
    return read_settings(folder).settings


def save(folder: Path, settings: Settings) -> None:
    """Write ``settings`` to ``settings.json`` in ``folder``; a file that cannot be read is set aside."""
    path = folder / _FILE
    try:
        if read_settings(folder).address_lost:
            with contextlib.suppress(OSError):
                path.replace(path.with_name("settings-damaged.json"))
        write_json(path, settings.to_json())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("The disk is full: the settings cannot be saved.") from error
        raise JournalBroken(
            translatable("The settings cannot be saved: {problem}.", problem=error.strerror)
        ) from error


def effective_address(
    settings: Settings, argument: str | None = None, environ: Mapping[str, str] = os.environ
) -> str:
    """Return the checked service address: the argument, else the environment's, else the setting's."""
    return check_address(argument or environ.get(BASE_URL_VARIABLE) or settings.base_url)


def address_problem(
    loaded: LoadedSettings, argument: str | None = None, environ: Mapping[str, str] = os.environ
) -> SettingsDamaged | None:
    """Return the error if the address in use would be a default in place of one that cannot be read."""
    if not loaded.address_lost or argument or environ.get(BASE_URL_VARIABLE):
        return None
    assert loaded.problem is not None
    return SettingsDamaged(loaded.problem, setting="base_url")


def budget_problem(loaded: LoadedSettings) -> SettingsDamaged | None:
    """Return the error if it is not known which monthly budget the user set."""
    if not loaded.budget_lost:
        return None
    assert loaded.problem is not None
    return SettingsDamaged(loaded.problem, setting="monthly_budget")
