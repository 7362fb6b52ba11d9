"""Notifications to receivers: every module here without a leading underscore is a notifier.

A notifier's module offers `open_notifier(settings, environ)`, where `settings` are the keys under its name in
`receivers:` of the configuration. It composes its message from the same words as the others, makes one attempt, and
says what came of it; when to try again is the business of `DeliveryWorker`.
"""

from ._delivery import DeliveryStats, DeliveryWorker
from ._discovery import ReceiverError, notifier_names, open_notifiers, receiver_keys
from ._protocol import Notifier
from ._test_message import TestResult, send_test
from ._webhook import Secret, Webhook, WebhookError

__all__ = [
    "DeliveryStats",
    "DeliveryWorker",
    "Notifier",
    "ReceiverError",
    "Secret",
    "TestResult",
    "Webhook",
    "WebhookError",
    "notifier_names",
    "open_notifiers",
    "receiver_keys",
    "send_test",
]
