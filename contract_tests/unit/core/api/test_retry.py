"""The headers about the rate limit are read as the service means them."""

from __future__ import annotations

import pytest
from precision_upscaler.api.retry import RateLimitStatus, read_rate_limit

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, RateLimitStatus()),
        (200, {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299"}, RateLimitStatus(300)),
        (200, {"x-ratelimit-limit": "20, 20;w=60"}, RateLimitStatus(20)),
        (200, {"x-ratelimit-limit": "0"}, RateLimitStatus()),
        (200, {"x-ratelimit-limit": "many"}, RateLimitStatus()),
        (200, {"x-ratelimit-limit": "-5"}, RateLimitStatus()),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "7"}, RateLimitStatus(None, 7.0)),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000009"}, RateLimitStatus(None, 9.0)),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1799999999"}, RateLimitStatus()),
        # the largest number of seconds, and the smallest unix time
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000000"}, RateLimitStatus(None, 1e9)),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000001"}, RateLimitStatus()),
        (200, {"x-ratelimit-remaining": "0"}, RateLimitStatus()),
        (200, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "7"}, RateLimitStatus()),
        (429, {"retry-after": "4"}, RateLimitStatus(None, 4.0)),
        (200, {"retry-after": "4"}, RateLimitStatus()),
        (429, {"retry-after": "soon"}, RateLimitStatus()),
    ],
)
def test_headers_are_read(status: int, headers: dict[str, str], expected: RateLimitStatus) -> None:
    assert read_rate_limit(status, headers, NOW) == expected
