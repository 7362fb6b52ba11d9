"""Which format a log is given, what is seen before that, and what is kept of it."""

from __future__ import annotations

import pytest

from exporter.formats import DecoderState, StateError, decode, discover_formats, dump_state, load_state
from exporter.formats._discovery import DuplicateFormatError, distinct
from tests.formats.told import FORMATS, SAMPLES, chunk, events, format_named, lines_of, rows, told

DARKNET = b"300: 12.654072, 16.158209 avg, 0.000008 rate, 0.199189 seconds, 300 images"
D2 = b"[11/01 18:05:41 d2.engine.train_loop]: Starting training from iteration 0"


def test_formats_are_found_by_their_files() -> None:
    assert [each.name for each in discover_formats()] == ["darknet", "detectron2", "detectron2_json"]
    assert [each.framework for each in discover_formats()] == ["darknet", "detectron2", "detectron2"]


def test_the_text_log_wins_over_metrics_json() -> None:
    assert format_named("detectron2").rank < format_named("detectron2_json").rank


def test_two_formats_of_one_name_are_refused() -> None:
    with pytest.raises(DuplicateFormatError, match="darknet is the name of two formats"):
        distinct([*FORMATS, format_named("darknet")])


def test_lines_before_the_mark_are_ignored_but_their_errors_are_seen() -> None:
    noise = [b"Collecting torch", b"", b"Traceback (most recent call last):", b"RuntimeError: CUDA out of memory."]
    facts = told([*noise, DARKNET])
    assert [(fact["line"], fact["event"]) for fact in facts[:2]] == [(3, "traceback"), (4, "oom")]
    assert rows(facts)[0]["line"] == 5
    assert facts[-1] == {"format": "darknet", "total": 5, "parsed": 1, "ignored": 4, "unparsed": 0}


def test_the_first_mark_decides() -> None:
    assert told([b"noise", D2, DARKNET])[-1]["format"] == "detectron2"
    assert told([b"noise", DARKNET, D2])[-1]["format"] == "darknet"


def test_a_log_without_a_mark_has_no_format() -> None:
    assert told([b"hello", b"nan"])[-1] == {"format": None, "total": 2, "parsed": 0, "ignored": 2, "unparsed": 0}


def test_a_forced_format_needs_no_mark() -> None:
    facts = told([b"  MAX_ITER: 5", DARKNET], (), DecoderState(format="detectron2"))
    assert facts == [{"format": "detectron2", "total": 2, "parsed": 0, "ignored": 2, "unparsed": 0}]


def test_an_unknown_format_is_named_with_the_ones_there_are() -> None:
    with pytest.raises(StateError, match="no log format kaldi: choose one of darknet, detectron2, detectron2_json"):
        decode(chunk([b"x"]), DecoderState(format="kaldi"), FORMATS)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_state_comes_back_as_it_was(sample: object) -> None:
    path = next(each for each in SAMPLES if each == sample)
    _, state = decode(chunk(lines_of(path)), None, FORMATS)
    assert load_state(dump_state(state), FORMATS) == state
    assert load_state(dump_state(DecoderState()), FORMATS) == DecoderState()


@pytest.mark.parametrize(
    "data", [b"", b"\x01", dump_state(DecoderState(format="kaldi", carry=None)), b"\x92\xa7darknet\x01"]
)
def test_a_state_that_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        load_state(data, FORMATS)


@pytest.mark.parametrize(
    "line",
    [
        b"2021-03-13 19:47:34,825 - mmdet - INFO - Epoch [1][50/30045]\tlr: 9.890e-04, eta: 1 day, 9:35:56, loss: 2.6",
        b"[08/02 02:46:05] ppdet.engine INFO: Epoch: [0] [200/464] learning_rate: 0.000010 loss: 34.682 eta: 4:12:11",
        b"{'loss': 3.5663, 'learning_rate': 9.99998257609161e-05, 'epoch': 0.02}",
        b'{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.00198, "memory": 3167, "loss": NaN, "time": 0.41}',
        b'{"lr": 4e-08, "data_time": 9.01, "loss": 0.42, "time": 9.97, "epoch": 1, "iter": 1, "step": 1}',
        b'{"iteration": 3, "reward": 4.5}',
        b"Epoch: [0]  [  10/7393]  eta: 1:27:19  lr: 0.000100  loss: 54.9601 (55.7732)  time: 0.3  data: 0.01",
        b" iteration        1/     500 | learning rate: 1.0E-05 | lm loss: 1.263599E+01 | grad norm: inf |",
        b"iter 0: loss 4.3206, time 17491.39ms, mfu -100.00%",
        b"I0728 17:31:06.379847 18298 solver.cpp:87] Iteration 40, loss = 6.90074",
        b"d2.utils.events",
        b"Loaded: 0.000034 seconds",
    ],
)
def test_nobody_claims_what_others_write(line: bytes) -> None:
    assert [each.name for each in FORMATS if each.claims((line,))] == []


def test_a_writer_under_another_logger_is_claimed_by_its_line() -> None:
    line = b"[01/02 03:04:05] fsdet.utils.events INFO:  eta: 0:14:11  iter: 19  total_loss: 76.49  lr: 4.762e-07"
    assert [each.name for each in FORMATS if each.claims((line,))] == ["detectron2"]


def test_events_of_a_kind_are_told_with_their_iteration() -> None:
    assert events(told([D2]), "started")[0]["iteration"] == 0
