"""What a run is doing, in words. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_dtn.teach_run_report import LOG_LOSS, RunReport

if TYPE_CHECKING:
    from dense_transformer.teaching.status import RunStatus

TITLES = {
    "queued": "Waiting",
    "starting": "Starting",
    "probing": "Getting ready",
    "running": "Learning",
    "paused": "Paused",
    "stopped": "Stopped",
    "finished": "Done",
    "kept": "Kept",
    "discarded": "Discarded",
    "died": "Ended early",
}
ASKED = {  # while it has not happened yet
    "pause": "Pausing…",
    "unpause": "Going on…",
    "stop": "Stopping…",
    "discard": "Discarding…",
    "bring_back": "Bringing it back…",
}
SAME = 0.01  # between two areas under the curve that a few strokes can't tell apart
WAITS = "waits for"  # begins what a run says that is not its turn yet
SMALLER = (  # Resume keeps the settings of the run
    "If it happens again, choose a smaller batch under Settings and click Teach again."
)
MEMORY = re.compile(
    r"out of memory|MemoryError|bad_alloc|can't allocate", re.IGNORECASE
)
DISK = re.compile(
    r"no space left|disk is full|quota|read-only|Errno 28|Errno 122", re.IGNORECASE
)


def describe(state: str, status: RunStatus, report: RunReport) -> str:
    """Return one or two sentences on what a run is doing or came to."""
    step = max(report.step, status.step)
    steps = max(report.steps, status.steps)
    at = f"step {step} of {steps}" if steps else f"step {step}"
    if state == "starting":
        return "Starting: torch is being loaded; this takes a few seconds."
    if state == "queued":
        said = status.message or "waits for another run"
        waits = said.startswith(WAITS)
        words = f" for{said.removeprefix(WAITS)}" if waits else f": {said}"
        return f"Waiting{words}."
    if state == "probing":
        doing = status.message or "trying two steps to see how long it takes"
        return f"Getting ready: {doing}."
    if state == "running":
        return f"Learning: {at}{_pace(report)}"
    if state == "paused":
        return f"Paused at {at}. Everything is saved; Resume goes on from here."
    if state == "stopped":
        return f"Stopped at {at}. {_outcome(status, report)}{_advice(status)}"
    if state == "finished":
        return f"Done: {at}. {_outcome(status, report)}{_advice(status)}"
    if state == "kept":
        name = f" as {status.name}" if status.name else ""
        return f"Kept{name}. {_outcome(status, report)}"
    if state == "discarded":
        return "Discarded: the model is as it was, the annotations stay."
    return f"Ended early at {at}."


def explain_death(log: str, exit_status: int | None, step: int) -> str:
    """Return why a run that died did, and what to do.

    Parameters
    ----------
    log : str
        The end of what it printed.
    exit_status : int or None
        Negative: the signal that ended it; None: unknown.
    step : int
        Last step that is known of.
    """
    again = "Resume goes on from its last save; what was painted is safe."
    lines = [line for line in log.splitlines() if line.strip()]
    last = lines[-1].strip() if lines else ""
    last = last.removeprefix("dtn: ").removeprefix("error: ")
    if DISK.search(log):
        cause = last.split(";")[0]  # the rest is for the terminal
        return f"The disk took no more: {cause}. Free some space. {again}"
    if MEMORY.search(log):
        return f"It ran out of memory: {last}. Close other programs. {again} {SMALLER}"
    if exit_status in (-9, 137):
        return (
            "The system or somebody killed it, most often because memory ran out: "
            f"close other programs. {again} {SMALLER}"
        )
    if exit_status not in (None, 0) and last:
        return f"{last}. {again}"
    if "Error" in last or "error" in last:
        return f"{last}. {again}"
    return f"Its process is gone: killed, or the machine was turned off. {again}"


def _pace(report: RunReport) -> str:
    words = ""
    if report.rate:
        words += f" · {report.rate:.3g} steps/s"
    if report.seconds_left is not None:
        words += f" · {seconds_in_words(report.seconds_left)} left"
    return words


def _outcome(status: RunStatus, report: RunReport) -> str:
    """Return whether it got better on what was held out."""
    name = report.score_name.removeprefix("held-out ")
    start, best = report.start_score, report.best
    if status.improved is False:
        return (
            "Nothing it learned was better on the held-out annotations, so the model "
            "it began with stays. Annotate where that one is wrong and teach again."
        )
    if best is not None and start is not None:
        surer = ""
        if abs(best[1] - start) < SAME and LOG_LOSS in report.after:
            first, last = report.before.get(LOG_LOSS), report.after[LOG_LOSS]
            surer = "" if first is None else f"; log-loss {first:.3f} and {last:.3f}"
        mixed = ""
        if 0 < report.best_share < 1:
            mixed = f" It has {report.best_share:.0%} of what was learned mixed in."
        now = f"{start:.3f} before, {best[1]:.3f} now"
        return f"Held-out {name}: {now}{surer}.{mixed}{_threshold(report)}"
    if best is not None:
        return f"Held-out {name}: {best[1]:.3f}."
    return status.message and f"{status.message[:1].upper()}{status.message[1:]}."


def _threshold(report: RunReport) -> str:
    """Return which threshold the model needs if a half finds much less."""
    from dense_transformer.teaching.advice import advise_threshold

    advice = advise_threshold(report.after)
    return f" {advice[:1].upper()}{advice[1:]}." if advice else ""


def _advice(status: RunStatus) -> str:
    """Return what to do with a model that is better; nothing of others."""
    return " Keep it under Models to go on from it." if status.improved else ""


def seconds_in_words(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{max(1, seconds):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
