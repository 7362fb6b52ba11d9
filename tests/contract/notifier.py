"""What every notifier promises. A notifier's test inherits the suite and says how to open it."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.model import Alert, Delivered, Delivery, Notification, NotifyReason, Rejected, Retry, RunContext
from alerts.notify import Notifier, send_test
from tests.support.alerting import alert, notification
from tests.support.slack import Reply, SlackServer

NOW = 1_795_300_000.0

NASTY = st.text(max_size=60) | st.sampled_from(
    ["<!channel> & <b>", "```", "@here look", "\x1b[31mred\x00", "é" * 5000, "<" * 4000, "a\r\nb", "\u202e\u2066", ""]
)
RUNS = st.sampled_from(["", "resnet", "a|b<c>&d", "x" * 300])


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Any alert: with and without the labels and annotations that our own rules have."""
    over = draw(st.booleans())
    texts = draw(st.dictionaries(st.sampled_from(["summary", "description", "advice", "runbook_url"]), NASTY))
    labels = draw(st.dictionaries(st.sampled_from(["severity", "action", "gpu", "instance"]), NASTY))
    return alert(
        draw(st.sampled_from(["TrainingFailed", "A", "x" * 400])),
        fired_at=NOW - 5000,
        resolved_at=NOW if over else None,
        annotations={**texts, "dashboard_url": "https://example.org/d?a=1&b=<2>|3 4"},
        run=draw(RUNS),
        **labels,
    )


@st.composite
def notifications(draw: st.DrawFn) -> Notification:
    """Any notification, whatever a log may have contributed to it."""
    everything = draw(st.lists(alerts(), min_size=1, max_size=30))
    facts = st.tuples(st.sampled_from(["iteration", "ETA"]), NASTY)
    run = RunContext(
        run=draw(RUNS),
        facts=tuple(draw(st.lists(facts, max_size=3))),
        curve=tuple(draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=80))),
        last_lines=tuple(draw(st.lists(NASTY, max_size=20))),
    )
    return notification(
        *(item for item in everything if item.resolved_at is None),
        resolved=tuple(item for item in everything if item.resolved_at is not None),
        reason=draw(st.sampled_from(NotifyReason)),
        runs=(run,),
        external_url=draw(st.sampled_from(["", "http://box:9936/", "javascript:alert(1)"])),
    )


class NotifierContract(ABC):
    """Of every notifier."""

    NAME: str

    @abstractmethod
    @contextlib.contextmanager
    def opened(self) -> Iterator[Notifier]:
        """A notifier whose receiver takes everything that is right."""

    def test_its_name_is_its_modules(self) -> None:
        with self.opened() as notifier:
            assert notifier.name == self.NAME

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(item=notifications())
    def test_any_notification_arrives(self, item: Notification) -> None:
        with self.opened() as notifier:
            assert notifier.deliver(item, NOW) == Delivered()

    def test_a_test_message_says_that_it_arrived_and_where(self) -> None:
        with self.opened() as notifier:
            result = send_test(notifier, NOW)
            assert result.ok
            assert result.sentence == f"{self.NAME}: the test message arrived at {notifier.target}."

    def test_it_can_be_used_after_it_was_closed(self) -> None:
        with self.opened() as notifier:
            notifier.close()
            notifier.close()
            assert notifier.deliver(notification(alert("A")), NOW) == Delivered()


ANSWERS: tuple[tuple[Reply, type[Delivery], bool | float | None], ...] = (
    (Reply(status=200, body="ok"), Delivered, None),
    (Reply(status=200, body='{"ok":true}'), Delivered, None),
    (Reply(status=200, body='{"ok":false,"error":"no_text"}'), Rejected, True),
    (Reply(status=200, body="<html>Please log in</html>"), Rejected, True),
    (Reply(status=301, body="", headers={"Location": "http://127.0.0.1:9/elsewhere"}), Rejected, True),
    (Reply(status=400, body="invalid_payload"), Rejected, False),
    (Reply(status=400, body="user_not_found"), Rejected, False),
    (Reply(status=401, body=""), Rejected, True),
    (Reply(status=403, body="invalid_token"), Rejected, True),
    (Reply(status=403, body="action_prohibited"), Rejected, True),
    (Reply(status=404, body="no_service"), Rejected, True),
    (Reply(status=404, body="channel_not_found"), Rejected, True),
    (Reply(status=405, body=""), Rejected, True),
    (Reply(status=408, body=""), Retry, None),
    (Reply(status=410, body="channel_is_archived"), Rejected, True),
    (Reply(status=413, body=""), Rejected, False),
    (Reply(status=429, body="rate_limited", headers={"Retry-After": "30"}), Retry, 30.0),
    (Reply(status=429, body="rate_limited"), Retry, None),
    (Reply(status=429, headers={"Retry-After": "Sat, 21 Nov 2026 22:26:41 GMT"}), Retry, 1.0),
    (Reply(status=429, headers={"Retry-After": "Sat, 21 Nov 2026 00:00:00 GMT"}), Retry, 0.0),
    (Reply(status=429, headers={"Retry-After": "soon"}), Retry, None),
    (Reply(status=500, body="rollup_error"), Retry, None),
    (Reply(status=502, body="x" * 100_000), Retry, None),
    (Reply(status=503, body="", headers={"Retry-After": "7"}), Retry, 7.0),
)


class HttpNotifierContract(NotifierContract):
    """Of every notifier that posts to an address."""

    @abstractmethod
    def open_at(self, url: str) -> Notifier:
        """A notifier for this address, with a timeout below a second."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[Notifier]:
        with SlackServer() as server:
            notifier = self.open_at(server.url)
            yield notifier
            notifier.close()
            assert [item.problems for item in server.received if item.problems] == []

    @pytest.mark.parametrize(("reply", "kind", "detail"), ANSWERS, ids=lambda value: getattr(value, "status", None))
    def test_an_answer_means(self, reply: Reply, kind: type[Delivery], detail: bool | float | None) -> None:  # noqa: FBT001 - a table's column
        delivery = self.answer_to(reply)
        assert type(delivery) is kind
        if isinstance(delivery, Rejected):
            assert delivery.of_receiver is detail
        if isinstance(delivery, Retry):
            assert delivery.after_s == detail

    @pytest.mark.parametrize("reply", [Reply(hang=True), Reply(reset=True)], ids=["no answer", "closed"])
    def test_no_answer_is_tried_again(self, reply: Reply) -> None:
        assert isinstance(self.answer_to(reply), Retry)

    def test_a_refused_connection_is_tried_again_and_says_what_to_check(self, free_port: int) -> None:
        delivery = self.open_at(f"http://127.0.0.1:{free_port}{SlackServer.PATH}").deliver(message(), NOW)
        reason = f"127.0.0.1:{free_port} refuses the connection: check the address and that something listens there"
        assert delivery == Retry(reason=reason)

    def test_a_failed_handshake_is_tried_again_and_names_the_certificates(self) -> None:
        with SlackServer() as server:
            delivery = self.open_at(server.url.replace("http:", "https:")).deliver(message(), NOW)
        assert isinstance(delivery, Retry)
        assert "TLS connection" in delivery.reason

    def test_a_redirect_is_not_followed(self) -> None:
        with SlackServer() as elsewhere:
            self.answer_to(Reply(status=307, headers={"Location": elsewhere.url}))
            assert elsewhere.received == []

    def test_the_secret_is_in_no_error_log_or_repr(self, caplog: pytest.LogCaptureFixture, free_port: int) -> None:
        caplog.set_level(logging.DEBUG)
        secret = SlackServer.PATH.rpartition("/")[2]
        echo = Reply(status=404, body=f"no {SlackServer.PATH}")
        seen = [repr(self.answer_to(reply)) for reply in (*(row[0] for row in ANSWERS), Reply(hang=True), echo)]
        unreachable = self.open_at(f"http://127.0.0.1:{free_port}{SlackServer.PATH}")
        seen += [repr(unreachable), repr(unreachable.deliver(message(), NOW)), send_test(unreachable, NOW).sentence]
        assert all(secret not in text for text in (*seen, unreachable.target, caplog.text))

    def answer_to(self, reply: Reply) -> Delivery:
        with SlackServer(reply) as server:
            notifier = self.open_at(server.url)
            delivery = notifier.deliver(message(), NOW)
            notifier.close()
            return delivery


def message() -> Notification:
    return notification(alert("TrainingFailed", run="resnet", severity="critical"))
