"""A pytest plugin for kazooSuite.ts: one JSON line per finished test, and a time limit for each.

Loaded with `-p interop_report`. Environment: ZK_INTEROP_RESULTS names the file that gets the lines,
ZK_INTEROP_SERVER_LOG the output of the servers, of which a failure quotes what the test caused.
"""

import json
import os
import signal

import pytest

LIMIT_S = 60
# Apache 3.8 opens its port before its database exists. It breaks on a connection made in that moment and leaves it
# open: whoever made it waits in vain.
APACHE_START_RACE = 'because "this.zkDb" is null'
QUOTE_CHARS_MAX = 6000

_log_offset = 0
_parts = []


def _log_size():
    try:
        return os.path.getsize(os.environ["ZK_INTEROP_SERVER_LOG"])
    except OSError:
        return 0


def _log_since(offset):
    try:
        with open(os.environ["ZK_INTEROP_SERVER_LOG"], errors="replace") as log:
            log.seek(offset)
            return log.read()
    except OSError:
        return ""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Some of kazoo's tests wait without a limit: a lost event would stop the whole run."""

    def expired(*_):
        raise TimeoutError("not finished within %d s" % LIMIT_S)

    global _log_offset
    _log_offset = _log_size()
    previous = signal.signal(signal.SIGALRM, expired)
    signal.alarm(LIMIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def pytest_runtest_logreport(report):
    """A test has three phases; it passed when none of them says otherwise."""
    _parts.append(report)
    if report.when != "teardown":
        return
    worst = next((part for part in _parts if part.failed), None) or next(
        (part for part in _parts if part.skipped), _parts[-1]
    )
    result = {
        "id": report.nodeid,
        "outcome": worst.outcome,
        "durationMs": round(1000 * sum(part.duration for part in _parts)),
        "detail": "",
        "startRace": False,
    }
    if worst.skipped:
        result["detail"] = str(worst.longrepr[-1])
    elif worst.failed:
        log = _log_since(_log_offset)
        result["detail"] = "%s\n%s\nserver output:\n%s" % (
            str(worst.longrepr)[-QUOTE_CHARS_MAX:],
            "".join(text[-QUOTE_CHARS_MAX:] for _, text in worst.sections),
            log[-QUOTE_CHARS_MAX:],
        )
        result["startRace"] = APACHE_START_RACE in log
    del _parts[:]
    with open(os.environ["ZK_INTEROP_RESULTS"], "a") as results:
        results.write(json.dumps(result) + "\n")
