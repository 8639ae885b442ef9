"""A value outside the contract is refused with the message of its kind; what may follow a status."""

from __future__ import annotations

import pytest
from precision_upscaler.api.models import TaskStatus, UpscaleRequest
from precision_upscaler.errors import InvalidParameter


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale_factor": "17"}, "must be a whole number from 2 to 16, not '17'."),
        ({"scale_factor": 17}, "must be between 2 and 16, not 17."),
        ({"sharpen": 1.5}, "must be a whole number from 0 to 100, not 1.5."),
        ({"sharpen": 101}, "must be between 0 and 100, not 101."),
        ({"filter_nsfw": "yes"}, "must be true or false, not 'yes'."),
        ({"flavor": "salty"}, "must be one of sublime, photo, photo_denoiser, not 'salty'."),
    ],
)
def test_a_refused_value_is_described(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        UpscaleRequest(**parameters)
    assert str(caught.value.what).endswith(message)


@pytest.mark.parametrize("status", list(TaskStatus))
def test_what_has_not_ended_may_be_cancelled(status: TaskStatus) -> None:
    ended = status in {TaskStatus.COMPLETED, TaskStatus.FAILED}
    assert status.may_become(TaskStatus.CANCELLED) is not ended
    assert TaskStatus.CANCELLED.may_become(status) is (status in {TaskStatus.CANCELLED, TaskStatus.UNKNOWN})
