"""Settings are checked, damaged ones never stand in the way, and only safe addresses are spoken to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import AddressNotAllowed, DiskFull, InvalidSetting, JournalBroken, UpscaleError
from precision_upscaler.storage import settings as settings_module
from precision_upscaler.storage.settings import (
    LoadedSettings,
    Settings,
    address_problem,
    data_folder,
    effective_address,
    load,
    read_settings,
    save,
)


def test_settings_come_back_as_they_were_stored(tmp_path: Path) -> None:
    changed = Settings().changed({"deadline_minutes": 5, "result_hosts": ["CDN.example.org"]})
    save(tmp_path, changed)
    assert load(tmp_path) == changed
    assert changed.result_hosts == ("cdn.example.org",)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"base_url": 3, "nonsense": 1, "journal_days": -5}'])
def test_a_damaged_file_means_defaults(content: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(content)
    assert load(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("deadline_minutes", 0, "between 1 and 1440"),
        ("deadline_minutes", "soon", "must be a number"),
        ("requests_per_minute", 2.5, "whole number"),
        ("requests_per_minute", True, "whole number"),
        ("result_hosts", "one", "list of host names"),
        ("result_hosts", [""], "list of host names"),
        ("base_url", 5, "must be a text"),
        ("upload_format", "bmp", "must be one of png, jpeg"),
        ("colour", "red", "no setting called"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(name: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words) as caught:
        Settings().changed({name: value})
    assert caught.value.details["setting"] == name


@pytest.mark.parametrize(
    "address",
    [*SERVERS, "http://127.0.0.1:8000", "http://localhost", "http://[::1]:1", "https://example.org/a/"],
)
def test_safe_addresses_are_taken(address: str) -> None:
    assert effective_address(Settings(), address, {}) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.freepik.com",
        "http://192.168.0.1",
        "ftp://127.0.0.1",
        "https://user:password@example.org",
        "https://example.org/?a=b",
        "https://",
        "example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1:99999",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressNotAllowed):
        effective_address(Settings(), address, {})


def test_argument_before_environment_before_setting() -> None:
    settings = Settings().changed({"base_url": "https://setting.example"})
    environment = {"PRECISION_UPSCALER_BASE_URL": "https://environment.example"}
    assert effective_address(settings, "https://argument.example", environment) == "https://argument.example"
    assert effective_address(settings, None, environment) == "https://environment.example"
    assert effective_address(settings, None, {}) == "https://setting.example"


def test_every_setting_explains_itself() -> None:
    assert all(item.metadata["help"].endswith(".") for item in fields(Settings))


def test_the_data_folder_is_the_owners_alone(tmp_path: Path) -> None:
    folder = data_folder({"PRECISION_UPSCALER_DATA": str(tmp_path / "a" / "b")})
    assert folder.stat().st_mode & 0o777 == 0o700


def make_unreadable(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_text('{"base_url": "http://127.0.0.1:80'),
    "empty": lambda path: path.write_text(""),
    "a list": lambda path: path.write_text("[]"),
    "not UTF-8": lambda path: path.write_bytes(b'{"base_url": "\xff"}'),
    "nested too deep": lambda path: path.write_text("[" * 100_000),
    "unreadable": make_unreadable,
    "a wrong address": lambda path: path.write_text('{"base_url": "http://example.org"}'),
    "an address of another type": lambda path: path.write_text('{"base_url": 7}'),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_settings_are_named_and_never_mean_the_paid_address(damage: str, tmp_path: Path) -> None:
    DAMAGE[damage](tmp_path / "settings.json")
    loaded = read_settings(tmp_path)
    assert loaded.settings == Settings()
    assert loaded.problem
    assert loaded.address_lost
    problem = address_problem(loaded, None, {})
    assert problem is not None
    assert problem.charged == "no"
    assert address_problem(loaded, "https://argument.example", {}) is None
    assert address_problem(loaded, None, {"PRECISION_UPSCALER_BASE_URL": "https://e.example"}) is None
    save(tmp_path, Settings().changed({"journal_days": 5}))
    assert read_settings(tmp_path) == LoadedSettings(Settings(journal_days=5.0))
    assert (tmp_path / "settings-damaged.json").exists(), "set aside, not lost"


def test_one_wrong_setting_keeps_the_others_and_the_address(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(
        '{"base_url": "https://mine.example", "journal_days": "many", "poll_seconds": 2}'
    )
    loaded = read_settings(tmp_path)
    assert (loaded.settings.base_url, loaded.settings.poll_seconds) == ("https://mine.example", 2.0)
    assert loaded.problem is not None
    assert "journal_days" in loaded.problem
    assert not loaded.address_lost


def test_no_settings_are_no_problem(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == LoadedSettings(Settings())


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EACCES, JournalBroken)]
)
def test_settings_that_cannot_be_saved_cost_nothing(
    number: int, error: type[UpscaleError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path, _value: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(settings_module, "write_json", fail)
    with pytest.raises(error) as caught:
        save(tmp_path, Settings())
    assert caught.value.charged == "no"
