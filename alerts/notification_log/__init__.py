"""What each receiver was told, and what it is still to be told, in SQLite: nothing is lost or decided twice.

A decision of the dispatch becomes a row of the log ("told") and a row of the queue in one transaction. The row of the
queue goes when the receiver took the message. A process that is killed between the two sends that one message again
after its start: one duplicate at most for each receiver.
"""

from ._database import KEPT_S, NotificationLogError
from ._log import NotificationLog, Queued

__all__ = ["KEPT_S", "NotificationLog", "NotificationLogError", "Queued"]
