"""Whatever the client is asked to send, it sends what the document allows, whole, and the key rightly."""

from __future__ import annotations

import functools
import re
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import httpx
import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.api.responses import ApiError

from contract_tests.support.pictures import png
from contract_tests.support.service.scripted_network import (
    API,
    KEY,
    NEW_API,
    SentRequest,
    scripted_network,
    task_body,
)

from .oracle import filled
from .strategies import valid_parameters

if TYPE_CHECKING:
    from pathlib import Path

TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"


def created(_: SentRequest) -> httpx.Response:
    return httpx.Response(200, json=task_body(TASK, "CREATED"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client")


@functools.cache
def client_for(base_url: str) -> UpscalerClient:
    """Return one client for all examples: making one reads the system's certificates anew."""
    return UpscalerClient(base_url, KEY)


def sent_for(parameters: dict[str, Any], picture: Path, base_url: str = API) -> SentRequest:
    with scripted_network(created) as sent:
        client_for(base_url).create(UpscaleRequest(**parameters), picture)
    (one,) = sent
    return one


@settings(max_examples=60)
@given(parameters=valid_parameters, base_url=st.sampled_from([API, NEW_API]))
@example(parameters={}, base_url=API)
@example(parameters={"scale_factor": "16", "filter_nsfw": True}, base_url=NEW_API)
def test_every_valid_request_goes_out_as_asked(
    folder: Path, parameters: dict[str, Any], base_url: str
) -> None:
    picture = folder / "picture.png"
    picture.write_bytes(png(160, 160))
    one = sent_for(parameters, picture, base_url)
    assert one.picture == picture.read_bytes()
    assert filled(one.body) == filled(parameters)
    assert type(one.body["scale_factor"]) is int


@settings(max_examples=40)
@given(content=st.binary(max_size=2000), blocks=st.integers(0, 2))
@example(content=b"", blocks=0)
@example(content=b"\0", blocks=1)
@example(content=b"\0\0", blocks=1)
@example(content=b"", blocks=2)
def test_a_picture_of_any_length_arrives_unchanged(folder: Path, content: bytes, blocks: int) -> None:
    # around the borders of the blocks it is read in, where base64 would pad in the middle
    content = bytes(3 << 16) * blocks + content
    picture = folder / "bytes"
    picture.write_bytes(content)
    assert sent_for({}, picture).picture == content


@pytest.mark.parametrize("factor", range(2, 17))
def test_a_number_and_its_string_are_one_request(folder: Path, factor: int) -> None:
    number, text = UpscaleRequest(scale_factor=factor), UpscaleRequest(scale_factor=str(factor))
    assert number == text
    assert hash(number) == hash(text)
    assert number.to_json() == text.to_json()
    assert number.digest("pixels", "freepik") == text.digest("pixels", "freepik")
    picture = folder / "same.png"
    picture.write_bytes(png(160, 160))
    bodies = {sent_for({"scale_factor": form}, picture).content for form in (factor, str(factor))}
    assert len(bodies) == 1


def test_a_request_is_named_by_all_that_is_in_it_and_never_changes() -> None:
    request = UpscaleRequest(sharpen=8)
    name = request.digest("pixels", "freepik")
    assert re.fullmatch("[0-9a-f]{64}", name)
    others = {
        UpscaleRequest(sharpen=9).digest("pixels", "freepik"),
        request.digest("other pixels", "freepik"),
        request.digest("pixels", "https://127.0.0.1:8000"),
    }
    assert name not in others
    assert len(others) == 3
    with pytest.raises(FrozenInstanceError):
        request.parameters = {}  # that is what must not work
    with pytest.raises(TypeError):
        request.parameters["sharpen"] = 9  # type: ignore[index]  # nor this


def test_what_the_first_document_does_not_know_is_sent_only_when_asked_for() -> None:
    assert "filter_nsfw" not in UpscaleRequest(filter_nsfw=False).to_json()
    assert UpscaleRequest(filter_nsfw=True).to_json()["filter_nsfw"] is True


def test_the_free_calls_carry_the_key_and_no_body() -> None:
    def answer(sent: SentRequest) -> httpx.Response:
        return httpx.Response(200, json={"data": []} if sent.call == "list" else task_body(TASK, "FAILED"))

    for base_url, header in ((API, "x-freepik-api-key"), (NEW_API, "x-magnific-api-key")):
        with scripted_network(answer) as sent:
            client_for(base_url).list()
            client_for(base_url).status(TASK)
        assert [one.call for one in sent] == ["list", "status"]
        assert [one.headers[header] for one in sent] == [KEY, KEY]
        assert sent[1].task_id == TASK


def test_a_task_id_cannot_leave_its_place_in_the_path() -> None:
    # the network answers about a task of its own
    with scripted_network(created) as sent, pytest.raises(ApiError, match="another task"):
        client_for(API).status("../x?y#z")
    assert sent[0].url.endswith("/image-upscaler-precision-v2/..%2Fx%3Fy%23z")
