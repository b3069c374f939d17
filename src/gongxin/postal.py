"""Handing e-mails to the mail server, and how often that is tried. What the server says is never kept: it may hold the
address.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

_log = logging.getLogger(__name__)
# Engineering: pauses after failed attempts; after the last one an e-mail counts as not delivered.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))


def handed_over(message: EmailMessage) -> str:
    """Hand an e-mail to the server; why it did not take it, by its kind, empty where it did."""
    try:
        message.send()
    except SMTPRecipientsRefused:
        return "recipient-refused"
    # Whatever a mail server or the network answers is an attempt that failed, and is logged by its kind.
    except Exception as error:
        _log.warning("an e-mail was not handed over: %s", type(error).__name__)
        return type(error).__name__[:60]
    return ""


def message_id(key: object) -> str:
    """The same for every attempt of one e-mail: who gets it twice sees it once."""
    host = settings.ORIGIN.partition("//")[2].partition(":")[0] or "localhost"
    return f"<{key}@{host}>"
