"""What a service is called, and where its keys come from."""

from __future__ import annotations

import pytest
from precision_upscaler.contract import SERVERS, places


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (SERVERS[0], "api.freepik.com"),
        ("http://127.0.0.1:8000/v1", "127.0.0.1"),
        ("not an address", "not an address"),
    ],
)
def test_a_service_is_called_by_its_host(address: str, host: str) -> None:
    assert places.host_of(address) == host
