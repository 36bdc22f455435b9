"""Prints one line per example, in the form that `conformance/run` counts.

    @example("a used code is refused")
    def _():
        ...
"""

import sys
import time
import traceback


def example(name):
    """Runs the function below at once; prints `ok` or `FAILED` with the reason, and goes on."""

    def run(body):
        began = time.monotonic()
        try:
            body()
            outcome, reason = "ok", ""
        except Exception:
            outcome, reason = "FAILED", traceback.format_exc()
            failures.append(name)
        print(f"{outcome:7} {name} ({time.monotonic() - began:.1f} s)")
        if reason:
            print("        " + reason.replace("\n", "\n        "))
        sys.stdout.flush()

    return run


failures = []


def end():
    """Ends the program with the exit code that fits."""
    sys.exit(1 if failures else 0)
