"""Logging: one JSON object a line, to a file in the data folder or to standard error."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer

MAX_LOG_BYTES = 20 * 1024 * 1024


def configure(data: Path | None) -> TextIO:
    """Log to `data`/collector.log, or to standard error without it; return the stream.

    The file starts anew beyond 20 MiB.
    """
    stream: TextIO = sys.stderr
    if data is not None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = data / "collector.log"
        if file.exists() and file.stat().st_size > MAX_LOG_BYTES:
            file.replace(file.with_suffix(".log.1"))
        stream = file.open("a", encoding="utf-8", buffering=1)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without local variables: they hold what must not be written down.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(message)s", force=True)
    return stream
