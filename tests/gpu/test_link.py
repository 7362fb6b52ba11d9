"""Which devices a run uses."""

from __future__ import annotations

import pytest

from exporter.gpu import Device, Link, LinkOrigin, link

A, B, C, D = (f"GPU-{letter * 8}-0000-4000-8000-000000000000" for letter in "abcd")
DEVICES = tuple(Device(index=index, uuid=uuid, name="NVIDIA H200") for index, uuid in enumerate((A, B, C, D)))


def test_a_configured_list_wins_over_everything() -> None:
    found = link(["2", A], {"CUDA_VISIBLE_DEVICES": "1"}, DEVICES, 5)
    assert found == Link(uuids=(C, A), origin=LinkOrigin.CONFIGURED)


def test_a_device_named_twice_counts_once_and_words_that_name_none_are_told() -> None:
    found = link(["0", A, "GPU-aaaa", "9", "GPU-ffff", "cuda:0"], {}, DEVICES, 1)
    assert found == Link(uuids=(A,), origin=LinkOrigin.CONFIGURED, missing=("9", "GPU-ffff", "cuda:0"))


@pytest.mark.parametrize(
    ("environment", "uuids"),
    [
        ({"CUDA_VISIBLE_DEVICES": "1,3"}, (B, D)),
        ({"CUDA_VISIBLE_DEVICES": "3, 1"}, (D, B)),
        ({"CUDA_VISIBLE_DEVICES": "GPU-cccc"}, (C,)),
        ({"CUDA_VISIBLE_DEVICES": "0,GPU-,1"}, (A,)),
        ({"CUDA_VISIBLE_DEVICES": ""}, ()),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ()),
        ({"CUDA_VISIBLE_DEVICES": "0,9,1"}, (A,)),
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, (A, B, C, D)),
        ({"NVIDIA_VISIBLE_DEVICES": "none"}, ()),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, ()),
        ({"NVIDIA_VISIBLE_DEVICES": "1,2"}, (B, C)),
        ({"NVIDIA_VISIBLE_DEVICES": f"{D},{A}"}, (A, D)),
        # indices of the host, of which the runtime shows only these four
        ({"NVIDIA_VISIBLE_DEVICES": "4,5,6,7"}, (A, B, C, D)),
        ({"NVIDIA_VISIBLE_DEVICES": "2,3", "CUDA_VISIBLE_DEVICES": "1"}, (D,)),
    ],
)
def test_the_environment_tells(environment: dict[str, str], uuids: tuple[str, ...]) -> None:
    assert link(None, environment, DEVICES, 3) == Link(uuids=uuids, origin=LinkOrigin.ENVIRONMENT)


def test_without_a_word_one_run_uses_all_devices_and_one_device_serves_all_runs() -> None:
    assert link(None, {}, DEVICES, 1) == Link(uuids=(A, B, C, D), origin=LinkOrigin.ONLY_ANSWER)
    assert link(None, {}, DEVICES[:1], 3) == Link(uuids=(A,), origin=LinkOrigin.ONLY_ANSWER)


def test_several_runs_on_several_devices_are_not_guessed() -> None:
    assert link(None, {}, DEVICES, 2) == Link(origin=LinkOrigin.UNKNOWN)
