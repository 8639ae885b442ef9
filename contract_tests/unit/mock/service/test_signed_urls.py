from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mock_server.service import signed_urls

paths = st.text(min_size=1)
secrets = st.binary(min_size=1)
times = st.integers(0, 10**11)


@given(paths, times, secrets, st.floats(-1e9, 1e9))
def test_a_link_opens_its_path_until_it_expires(
    path: str, expires: int, secret: bytes, offset: float
) -> None:
    now = expires + offset
    assert signed_urls.opens(path, signed_urls.token(path, expires, secret), now, secret) is (now < expires)


@given(paths, paths, times, secrets, secrets)
def test_a_link_opens_nothing_else(path: str, other: str, expires: int, secret: bytes, wrong: bytes) -> None:
    token = signed_urls.token(path, expires, secret)
    assert signed_urls.opens(other, token, expires - 1, secret) is (other == path)
    assert signed_urls.opens(path, token, expires - 1, wrong) is (wrong == secret)
    assert not signed_urls.opens(
        path, token.replace(f"exp={expires}", f"exp={expires + 1}"), expires - 1, secret
    )


@given(st.text())
def test_no_other_text_opens_anything(text: str) -> None:
    assert not signed_urls.opens("/results/x.png", text, 0, b"secret")


def test_the_path_is_like_the_services() -> None:
    assert signed_urls.result_path("1234", "png") == "/results/upscaler_result_1234.png"
    assert signed_urls.token("/x", 12, b"s").startswith("exp=12~hmac=")
