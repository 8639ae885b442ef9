"""The key is found in its order, kept where only its owner can read it, and sent to its own address alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import KeyFileDamaged, KeyNotStored, MalformedKey, NoKey
from precision_upscaler.storage.credentials import find_key, require_key, store_key
from precision_upscaler.urls import account, auth_header

OLD, NEW = SERVERS
MOCK = "http://127.0.0.1:8000"


class Ring:
    """A keyring in memory; ``broken`` raises at everything, ``forgetful`` keeps nothing."""

    def __init__(self, *, broken: bool = False, forgetful: bool = False) -> None:
        self.kept: dict[str, str] = {}
        self.broken = broken
        self.forgetful = forgetful

    def get_password(self, _service: str, username: str) -> str | None:
        if self.broken:
            raise RuntimeError("the collection is locked")
        return self.kept.get(username)

    def set_password(self, _service: str, username: str, password: str) -> None:
        if self.broken:
            raise RuntimeError("the collection is locked")
        if not self.forgetful:
            self.kept[username] = password


def test_looking_for_a_keyring_starts_no_other_program(tmp_path: Path) -> None:
    code = (
        "import sys; started = []\n"
        "sys.addaudithook(lambda name, facts: name == 'subprocess.Popen' and started.append(facts[0]))\n"
        "from precision_upscaler.storage.credentials import system_keyring\n"
        "system_keyring(); print(started, 'keyring.backends.macOS' in sys.modules)"
    )
    without = ("PYTHON_KEYRING_BACKEND", "DBUS_SESSION_BUS_ADDRESS")
    env = {name: value for name, value in os.environ.items() if name not in without}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**env, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    # it did try the keyrings of all systems
    assert done.stdout == "[] True\n"


def test_environment_before_keyring_before_file(tmp_path: Path) -> None:
    ring = Ring()
    (tmp_path / "credentials.json").write_text('{"freepik": "from-file"}')
    assert find_key(tmp_path, OLD, {}, ring).where == "file"  # type: ignore[union-attr]  # not None
    ring.kept["freepik"] = "from-ring"
    assert find_key(tmp_path, OLD, {}, ring).where == "keyring"  # type: ignore[union-attr]  # as above
    found = find_key(tmp_path, OLD, {"FREEPIK_API_KEY": "from-environment"}, ring)
    assert found is not None
    assert (found.value, found.where) == ("from-environment", "environment")


def test_each_address_prefers_the_variable_of_its_own_name(tmp_path: Path) -> None:
    both = {"FREEPIK_API_KEY": "old", "MAGNIFIC_API_KEY": "new"}
    assert require_key(tmp_path, OLD, both, Ring()).value == "old"
    assert require_key(tmp_path, NEW, both, Ring()).value == "new"
    assert require_key(tmp_path, NEW, {"FREEPIK_API_KEY": "old"}, Ring()).value == "old"
    assert (auth_header(OLD), auth_header(NEW)) == ("x-freepik-api-key", "x-magnific-api-key")
    assert auth_header(MOCK) == "x-freepik-api-key"


def test_a_stored_key_of_the_service_never_goes_to_another_address(tmp_path: Path) -> None:
    ring = Ring()
    store_key(tmp_path, OLD, "real-key", ring)
    store_key(tmp_path, OLD, "real-key", Ring(broken=True))
    assert account(OLD) == account(NEW)
    for other in (MOCK, "https://example.org", "https://api.freepik.com.example.org"):
        with pytest.raises(NoKey):
            require_key(tmp_path, other, {}, ring)


def test_the_key_file_is_its_owners_alone_even_if_it_was_not(tmp_path: Path) -> None:
    assert store_key(tmp_path, OLD, "secret", Ring(forgetful=True)) == "file"
    path = tmp_path / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert require_key(tmp_path, OLD, {}, Ring()).value == "secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_the_keyring_takes_leaves_the_file(tmp_path: Path) -> None:
    store_key(tmp_path, OLD, "old", Ring(broken=True))
    assert store_key(tmp_path, OLD, "new", Ring()) == "keyring"
    assert "old" not in (tmp_path / "credentials.json").read_text()


def test_a_key_the_keyring_did_not_take_comes_before_the_older_one_it_holds(tmp_path: Path) -> None:
    ring = Ring()
    store_key(tmp_path, OLD, "older", ring)
    ring.broken = True
    assert store_key(tmp_path, OLD, "newer", ring) == "file"
    ring.broken = False
    assert require_key(tmp_path, OLD, {}, ring).value == "newer"
    assert store_key(tmp_path, NEW, "newest", ring) == "keyring"
    assert require_key(tmp_path, OLD, {}, ring).value == "newest"
    ring.kept["freepik"] = "changed-in-the-keyring-itself"
    assert require_key(tmp_path, OLD, {}, ring).where == "keyring"


@pytest.mark.parametrize("value", ["", "   ", "two words", "schlüssel", "line\nbreak"])
def test_a_paste_that_went_wrong_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(KeyNotStored):
        store_key(tmp_path, OLD, value, Ring())


def test_a_key_never_shows_in_a_repr(tmp_path: Path) -> None:
    key = require_key(tmp_path, OLD, {"FREEPIK_API_KEY": "very-secret"}, Ring())
    assert "very-secret" not in repr(key)


def test_no_key_says_where_keys_come_from(tmp_path: Path) -> None:
    with pytest.raises(NoKey, match=r"api\.freepik\.com") as caught:
        require_key(tmp_path, OLD, {}, Ring())
    assert "FREEPIK_API_KEY" in caught.value.advice
    assert caught.value.charged == "no"


@pytest.mark.parametrize(
    "value",
    [
        " key-7 ",
        "key-7\n",
        "key-7\r\n",
        "\ufeffkey-7",
        "key\u200b-7",
        "\u200bkey-7\u200d",
        "\tkey-7\u00a0",
    ],
    ids=ascii,
)
def test_what_cannot_be_meant_is_trimmed_from_a_key(value: str, tmp_path: Path) -> None:
    found = require_key(tmp_path, OLD, {"FREEPIK_API_KEY": value}, Ring())
    assert (found.value, found.where) == ("key-7", "environment")


@pytest.mark.parametrize(
    "value",
    ["key 7", "key\u20107", "key\u00a07", "k\u00e9y", "key\x007", "key\t7", "key\n7", "\u043aey"],
    ids=ascii,
)
@pytest.mark.parametrize("variable", ["FREEPIK_API_KEY", "MAGNIFIC_API_KEY"])
def test_a_malformed_variable_is_refused_and_no_other_key_pays(
    variable: str, value: str, tmp_path: Path
) -> None:
    ring = Ring()
    assert store_key(tmp_path, OLD, "stored-key", ring) == "keyring"
    with pytest.raises(MalformedKey, match=variable) as caught:
        find_key(tmp_path, OLD, {variable: value}, ring)
    assert caught.value.charged == "no"
    assert caught.value.details == {"variable": variable}
    assert value not in str(caught.value)


def test_a_malformed_first_variable_is_not_replaced_by_the_second(tmp_path: Path) -> None:
    both = {"FREEPIK_API_KEY": "a b", "MAGNIFIC_API_KEY": "other"}
    with pytest.raises(MalformedKey, match="FREEPIK_API_KEY"):
        find_key(tmp_path, OLD, both, Ring())


@pytest.mark.parametrize("value", ["", " ", "\u200b", "\n"], ids=ascii)
def test_an_empty_variable_is_not_set(value: str, tmp_path: Path) -> None:
    ring = Ring()
    store_key(tmp_path, OLD, "stored-key", ring)
    found = find_key(tmp_path, OLD, {"FREEPIK_API_KEY": value}, ring)
    assert found is not None
    assert found.where == "keyring"


@pytest.mark.parametrize("content", ["{", "[]", '"key"', "", "\xff"])
def test_a_damaged_key_file_is_named_and_no_other_key_is_used_in_its_place(
    content: str, tmp_path: Path
) -> None:
    """The file may say that the keyring's key is an older one."""
    path = tmp_path / "credentials.json"
    path.write_text(content, encoding="latin-1")
    ring = Ring()
    ring.kept["freepik"] = "older"
    for keyring in (ring, Ring()):
        with pytest.raises(KeyFileDamaged, match=r"credentials\.json is damaged"):
            find_key(tmp_path, OLD, {}, keyring)
    found = find_key(tmp_path, OLD, {"FREEPIK_API_KEY": "from-environment"}, ring)
    assert (found and found.where) == "environment"


@pytest.mark.parametrize(("broken", "where"), [(True, "file"), (False, "keyring")])
def test_storing_a_key_sets_a_damaged_key_file_aside(broken: bool, where: str, tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{")
    ring = Ring(broken=broken)
    assert store_key(tmp_path, OLD, "new", ring) == where
    assert require_key(tmp_path, OLD, {}, ring).value == "new"
    assert (tmp_path / "credentials-damaged.json").read_text() == "{"


@pytest.mark.skipif(os.name != "posix", reason="a folder in the file's place is refused in other words")
def test_a_key_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").mkdir()
    with pytest.raises(KeyFileDamaged, match="cannot be read: Is a directory"):
        find_key(tmp_path, OLD, {}, Ring())
