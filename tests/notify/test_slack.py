"""The Slack notifier: the contract, its addresses, its mentions, its messages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import AlertsError, Delivered, Notification, NotifyReason, Rejected, RunContext
from alerts.notify import Notifier, Secret, Webhook, WebhookError, open_notifiers, send_test
from alerts.notify._http import Poster
from alerts.notify._message import compose
from alerts.notify._slack_payload import fit, payload
from alerts.notify.slack import SlackNotifier, parse_mention
from tests.contract.notifier import NOW, HttpNotifierContract
from tests.support.alerting import alert, notification
from tests.support.slack import Reply, SlackServer, problems_of


class TestContract(HttpNotifierContract):
    NAME = "slack"

    def open_at(self, url: str) -> Notifier:
        return SlackNotifier(Webhook(Secret(url), "$SLACK_WEBHOOK_URL"), poster=Poster(connect_s=0.5, read_s=0.2))


PLATEAU = alert(
    "TrainingPlateaued",
    fired_at=NOW - 10,
    run="nyu-depth",
    severity="warning",
    action="stop",
    annotations={
        "summary": "nyu-depth has stopped learning.",
        "description": "The loss is 0.523 & fell by 0.0004.",
        "advice": "Stop now.",
        "runbook_url": "https://example.org/runbooks/TrainingPlateaued",
    },
)
MEMORY = alert("GpuMemoryNearLimit", fired_at=NOW - 1500, severity="warning", action="reduce_memory", gpu="0")
FAILED = alert("TrainingFailed", fired_at=NOW - 5, run="nyu-depth", severity="critical", action="investigate")
RUN = RunContext(
    run="nyu-depth",
    facts=(("iteration", "12,000 of 40,000"), ("ETA", "3 h 20 min")),
    curve=(2.31, 1.4, 0.9, 0.6, 0.52),
    last_lines=("Traceback (most recent call last):", "  raise ValueError(`<!channel>`)"),
)


def posted(item: Notification, mention: str = "") -> dict[str, Any]:
    body = msgspec.json.encode(payload(compose(item), mention))
    assert problems_of(body) == ()
    message: dict[str, Any] = json.loads(body)
    return message


def test_one_alert_is_one_attachment_with_everything() -> None:
    message = posted(notification(PLATEAU, runs=(replace(RUN, last_lines=()),), external_url="http://box:9936/"))
    assert message == {
        "attachments": [
            {
                "color": "warning",
                "title": "[STOP] TrainingPlateaued · nyu-depth",
                "title_link": "http://box:9936/",
                "text": "nyu-depth has stopped learning.\n"
                "The loss is 0.523 &amp; fell by 0.0004.\n"
                "*Advice:* Stop now.\n"
                "Iteration 12,000 of 40,000 · ETA 3 h 20 min\n"
                "Loss █▄▂▁▁ 2.31 → 0.52\n"
                "<https://example.org/runbooks/TrainingPlateaued|Runbook> · <http://box:9936/|Status page>",
                "fallback": "[STOP] TrainingPlateaued · nyu-depth: nyu-depth has stopped learning.",
                "mrkdwn_in": ["text"],
                "footer": "training-exporter",
                "ts": int(NOW),
            }
        ]
    }


def test_the_worst_comes_first_and_tells_of_the_run_once() -> None:
    message = posted(notification(MEMORY, PLATEAU, FAILED, runs=(RUN,)))
    titles = [item["title"] for item in message["attachments"]]
    assert titles == [
        "[CRITICAL] TrainingFailed · nyu-depth",
        "[STOP] TrainingPlateaued · nyu-depth",
        "[REDUCE MEMORY] GpuMemoryNearLimit · GPU 0",
    ]
    assert [item["color"] for item in message["attachments"]] == ["danger", "warning", "warning"]
    assert ["Iteration 12,000" in item["text"] for item in message["attachments"]] == [True, False, False]
    assert "Firing for 25 min." in message["attachments"][2]["text"]


def test_a_failed_run_shows_the_end_of_its_log_as_code() -> None:
    text = posted(notification(FAILED, runs=(RUN,)))["attachments"][0]["text"]
    assert "```\nTraceback (most recent call last):\n  raise ValueError('&lt;!channel&gt;')\n```" in text


def test_only_the_last_lines_of_a_long_log_are_shown() -> None:
    lines = tuple(f"line {number} " + "x" * 150 for number in range(100))
    text = posted(notification(FAILED, runs=(replace(RUN, last_lines=lines),)))["attachments"][0]["text"]
    shown = [line.split()[1] for line in text.splitlines() if line.startswith("line ")]
    assert shown == [str(number) for number in range(91, 100)]


def test_one_that_is_over_is_green_and_says_how_long_it_fired() -> None:
    over = replace(MEMORY, resolved_at=NOW)
    (attachment,) = posted(notification(resolved=(over,), reason=NotifyReason.ALL_RESOLVED))["attachments"]
    assert attachment["color"] == "good"
    assert attachment["title"] == "[RESOLVED] GpuMemoryNearLimit · GPU 0"
    assert attachment["text"].startswith("Over after 25 min.")


def test_several_that_are_over_are_a_list() -> None:
    over = tuple(replace(item, resolved_at=NOW) for item in (MEMORY, PLATEAU))
    (attachment,) = posted(notification(resolved=over, reason=NotifyReason.ALL_RESOLVED))["attachments"]
    assert attachment["title"] == "[RESOLVED] 2 alerts"
    assert attachment["text"] == (
        "• TrainingPlateaued · nyu-depth: over after 10 s.\n• GpuMemoryNearLimit · GPU 0: over after 25 min."
    )


def test_more_than_twenty_alerts_are_counted() -> None:
    many = [alert(f"Alert{number}", severity="info", fired_at=NOW) for number in range(27)]
    titles = [item["title"] for item in posted(notification(*many))["attachments"]]
    assert len(titles) == 21
    assert titles[-1] == "+ 7 more"


def test_a_rule_without_annotations_is_told_by_its_labels() -> None:
    (attachment,) = posted(notification(alert("Bare", fired_at=NOW, node="a<b")))["attachments"]
    assert (attachment["title"], attachment["text"]) == ("[FIRING] Bare", "node=a&lt;b")


@pytest.mark.parametrize(
    ("item", "called"),
    [
        (notification(FAILED), True),
        (notification(PLATEAU), True),
        (notification(MEMORY), False),
        (notification(FAILED, resolved=(MEMORY,), reason=NotifyReason.NEW_RESOLVED), False),
        (notification(resolved=(FAILED,), reason=NotifyReason.ALL_RESOLVED), False),
    ],
    ids=["critical", "stop", "neither", "news are only good", "over"],
)
def test_somebody_is_called_for_what_is_urgent(item: Notification, called: bool) -> None:  # noqa: FBT001 - a table's column
    assert posted(item, "<!here>").get("text") == ("<!here>" if called else None)


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("", ""),
        ("@here", "<!here>"),
        ("@channel", "<!channel>"),
        ("U024BE7LH", "<@U024BE7LH>"),
        ("S024BE7LH", "<!subteam^S024BE7LH>"),
        ("<@U024BE7LH>", "<@U024BE7LH>"),
    ],
)
def test_a_mention_is_written_as_people_know_it(text: str, mention: str) -> None:
    assert parse_mention(text) == mention


@pytest.mark.parametrize("text", ["@alice", "alice", "#general"])
def test_a_name_calls_nobody_and_is_refused(text: str) -> None:
    with pytest.raises(AlertsError, match=r"write @here, @channel or a member's id"):
        parse_mention(text)


@given(st.text(max_size=200), st.integers(1, 100))
def test_fitted_text_is_within_its_limit_and_whole(text: str, limit: int) -> None:
    fitted = fit(text, limit)
    assert len(fitted) <= limit
    assert "<" not in fitted
    plain = fitted.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("\u2060", "")
    shown = "".join(char if char.isprintable() else " " for char in text).replace("```", "'''")
    assert shown.startswith(plain.removesuffix("…"))


WRONG = (
    ("", "empty"),
    (" \n", "empty"),
    ("https://hooks.slack.com/services/T/B/x\nhttps://hooks.slack.com/services/T/B/y", "more than one word"),
    ("SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T/B/x", "without quotes, brackets or a name"),
    ('"https://hooks.slack.com/services/T/B/x"', "without quotes, brackets or a name"),
    ("xoxb-12345-secret", "that is a token"),
    ("hooks.slack.com/services/T/B/x", "it lacks https://"),
    ("http://hooks.slack.com/services/T/B/x", "by https:// only"),
    ("https://app.slack.com/client/T/C", "address of a channel"),
    ("https://acme.slack.com/archives/C024BE7LR", "address of a channel"),
    ("ftp://example.org/x", "no web address"),
    ("https://", "no web address"),
)


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_wrong_address_is_refused_with_a_hint_and_not_shown(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text(text)
    with pytest.raises(AlertsError, match=sentence) as caught:
        open_notifiers({"slack": {"webhook_url_file": str(file)}}, {})
    assert str(caught.value).startswith(f"receivers.slack: {file}: ")
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    file = tmp_path / "none"
    with pytest.raises(WebhookError) as caught:
        Webhook(file, str(file)).read()
    assert str(caught.value) == f"{file}: the webhook's address cannot be read: No such file or directory"


def test_an_address_that_is_replaced_is_used_at_once(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    with SlackServer(Reply(status=404, body="no_service")) as old, SlackServer() as new:
        file.write_text(f"{old.url}\n")
        notifier = SlackNotifier(Webhook(file, str(file)))
        assert isinstance(notifier.deliver(notification(MEMORY), NOW), Rejected)
        file.write_text(new.url)
        assert notifier.deliver(notification(MEMORY), NOW) == Delivered()
        notifier.close()
    assert (len(old.received), len(new.received)) == (1, 1)


def test_an_address_that_vanished_is_a_refusal_that_passes(tmp_path: Path) -> None:
    notifier = SlackNotifier(Webhook(tmp_path / "webhook", "webhook"))
    delivery = notifier.deliver(notification(MEMORY), NOW)
    assert isinstance(delivery, Rejected)
    assert delivery.of_receiver


AGAIN = "make a new incoming webhook and put its address in the same place"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (404, "no_service", f"the webhook was removed or never was; {AGAIN} (404 no_service)."),
        (403, "invalid_token", "the webhook's address is wrong; copy the whole of it again (403 invalid_token)."),
        (
            410,
            "channel_is_archived",
            f"the webhook's channel is archived; unarchive it, or {AGAIN} (410 channel_is_archived).",
        ),
        (400, "invalid_payload", "Slack does not understand the message (400 invalid_payload)."),
        (500, "", "the receiver failed for once (500)."),
    ],
)
def test_send_test_says_why_not_and_what_to_do(status: int, body: str, sentence: str) -> None:
    with SlackServer(Reply(status=status, body=body)) as server:
        notifier = SlackNotifier(Webhook(Secret(server.url), "$SLACK_WEBHOOK_URL"))
        result = send_test(notifier, NOW)
        notifier.close()
    assert not result.ok
    assert result.sentence == f"slack: {sentence}"


def test_an_address_given_as_a_file_is_refused_and_not_repeated() -> None:
    with pytest.raises(AlertsError, match="name the file that holds the webhook's address") as caught:
        open_notifiers({"slack": {"webhook_url_file": "https://hooks.slack.com/services/T0/B0/SECRETXYZ"}}, {})
    assert "SECRETXYZ" not in str(caught.value)
