"""Which lines are errors, and which only look like one."""

from __future__ import annotations

import random

import pytest

from exporter.formats._errors import error_event, error_events, suspects

ERRORS = {
    "Traceback (most recent call last):": "traceback",
    "[rank3]: Traceback (most recent call last):": "traceback",
    "12: Traceback (most recent call last):": "traceback",
    "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 7.80 GiB total capacity)": "oom",
    "torch.cuda.OutOfMemoryError: CUDA out of memory.": "oom",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB": "oom",
    "CUDA Error: out of memory: File exists": "oom",
    "RuntimeError: CUDA error: out of memory": "oom",
    "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`": "oom",
    "RuntimeError: [enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory": "oom",
    "RuntimeError: NCCL error in: ../torch/csrc/ProcessGroupNCCL.cpp:1269, unhandled system error": "nccl",
    "[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=13, OpType=ALLREDUCE) ran": "nccl",
    "RuntimeError: CUDA error: an illegal memory access was encountered": "cuda",
    "RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED": "cuda",
    "CUDA Error: unknown error": "cuda",
    "KeyboardInterrupt": "interrupted",
    "^CTraceback (most recent call last):": "interrupted",
    " 10007: 1.5, 1.8 avg loss^C": "interrupted",
    "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2024-01-01T00:00:00 DUE TO TIME LIMIT ***": "interrupted",
    "torch.distributed.elastic.multiprocessing.api.SignalException: Process 9 got signal: 15": "interrupted",
    "Killed": "killed",
    "./train.sh: line 3:  4711 Killed                  python train.py": "killed",
    "Segmentation fault (core dumped)": "killed",
    "Fatal Python error: Segmentation fault": "killed",
    "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.batch.": "killed",
    "Out of memory: Killed process 4711 (python) total-vm:1kB": "killed",
    "[02/27 09:00:05] d2.engine.train_loop ERROR: Exception during training:": "exception_raised",
    "Exception ignored in: <function _MultiProcessingDataLoaderIter.__del__ at 0x7f7c1c0d2d30>": "exception_ignored",
    "[rank0]: Exception ignored while calling deallocator <function Pool.__del__ at 0x7f7c>": "exception_ignored",
}
HARMLESS = (
    "",
    "Original Traceback (most recent call last):",
    "NCCL INFO Channel 00/02 : 0 1 2 3",
    "NCCL version 2.14.3+cuda11.7",
    "CUDA runtime version: 11.6",
    " CUDA allocate done! ",
    "CUDA kernel errors might be asynchronously reported at some other API call",
    "to avoid CUDA OOM, lower the batch size",
    "except KeyboardInterrupt:",
    "Killed 3 zombie workers",
    "banana",
    "    Aborted runs are resumed",
    "raise RuntimeError('Exception during training')",
    "CUDA out of memory\x00",
)


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_has_one_kind(text: str) -> None:
    event = error_event(text, 7, iteration=3, at=1.5)
    assert event is not None
    assert (event.kind.value, event.line, event.iteration, event.at) == (ERRORS[text], 7, 3, 1.5)
    assert event.detail == text.strip()[:200]
    assert suspects(f"x\n{text}\ny") == {text}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_an_error_is_none(text: str) -> None:
    assert error_event(text, 1) is None


def test_a_long_line_is_cut() -> None:
    event = error_event("CUDA out of memory " + "x" * 1000, 1)
    assert event is not None
    assert len(event.detail) == 200


def test_before_a_format_is_known_an_interrupt_stands_on_a_line_of_its_own() -> None:
    frames = (b"^C", b"banana^C", b"^Cbanana", b"Killed")
    assert [(event.line, event.kind.value) for event in error_events(frames, 5)] == [(5, "interrupted"), (8, "killed")]


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_hold_no_error(seed: int) -> None:
    noise = random.Random(seed).randbytes(1 << 20)  # noqa: S311 - no secret
    assert error_events(tuple(noise.split(b"\n")), 1) == []
