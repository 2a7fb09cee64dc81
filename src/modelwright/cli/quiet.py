"""Keeping what says nothing out of the log."""

import logging
import warnings

from celery.platforms import SecurityWarning


def hush() -> None:
    """Drop the lines that only repeat what is so on purpose.

    Filters, not levels: Celery sets logging up anew and resets levels.
    """
    # "No hostname was supplied": the embedded broker has none
    logging.getLogger("kombu.connection").addFilter(_not_of_missing_host)
    # /readyz says no while the parts start; whoever asked knows
    logging.getLogger("django.request").addFilter(_not_of_readiness)
    # of pickle as root; only JSON is accepted here
    warnings.filterwarnings("ignore", category=SecurityWarning)


def _not_of_missing_host(record: logging.LogRecord) -> bool:
    return "No hostname was supplied" not in str(record.msg)


def _not_of_readiness(record: logging.LogRecord) -> bool:
    request = getattr(record, "request", None)
    return getattr(request, "path", "") != "/readyz"
