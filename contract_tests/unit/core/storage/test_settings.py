"""Settings are checked, damaged ones never stand in the way, and only safe addresses are spoken to."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import AddressNotAllowed, InvalidSetting
from precision_upscaler.storage.settings import Settings, data_folder, effective_address, load, save


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
