"""Progress is one line on a terminal, and few lines in a log."""

from __future__ import annotations

import io

import pytest

from dense_transformer.cli import console
from dense_transformer.cli.console import ProgressLine, describe, duration
from dense_transformer.types import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(console, "time", clock)
    return clock


def test_a_line_says_how_far_how_fast_and_how_long_still():
    progress = Progress(30, 120, "tile", 61.0, values=(("loss", 0.123456),))
    assert describe(progress, 1.5) == (
        "30/120 tiles (25%), 1.5 tiles/s, 1:01 min left, loss 0.1235"
    )


def test_bytes_are_counted_in_megabytes():
    progress = Progress(4_200_000, 16_800_000, "byte")
    assert describe(progress, 2_000_000.0) == "4.2/16.8 MB (25%), 2 MB/s"


def test_a_rate_that_the_work_measures_itself_is_the_one_shown():
    progress = Progress(1, 2, values=(("steps/s", 3.5),))
    assert describe(progress, 1.0) == "1/2 steps (50%), steps/s 3.5"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (59.4, "59 s"),
        (59.6, "1:00 min"),
        (3600, "1:00 h"),
        (90061, "25:01 h"),
    ],
)
def test_times_are_written_for_people(seconds: float, text: str):
    assert duration(seconds) == text


def test_a_log_gets_a_line_every_ten_seconds_and_the_last(clock: Clock):
    log = io.StringIO()
    with ProgressLine("train", log) as line:
        for done in range(26):
            line(Progress(done, 1000))
            clock.now += 1.0
    dones = [text.split()[1].split("/")[0] for text in log.getvalue().splitlines()]
    assert dones == ["0", "10", "20", "25"]


def test_the_end_is_told_once_however_long_it_is_looked_at(clock: Clock):
    log = io.StringIO()
    with ProgressLine("teach", log) as line:
        line(Progress(19, 20))
        for _ in range(5):
            line(Progress(20, 20))
            clock.now += 1.0
        line(Progress(20, 20, values=(("auc", 0.9),)))
    told = [text for text in log.getvalue().splitlines() if "20/20" in text]
    assert len(told) == 2
    assert "auc 0.9" in told[-1]


def test_the_rate_counts_from_where_it_began(clock: Clock):
    log = io.StringIO()
    line = ProgressLine("train", log)
    line(Progress(500, 1000))
    clock.now += 10.0
    line(Progress(530, 1000))
    assert "3 steps/s" in log.getvalue()


def test_a_terminal_line_is_overwritten_as_a_whole(clock: Clock):
    terminal = Terminal()
    line = ProgressLine("t", terminal)
    line(Progress(1, 9, values=(("loss", 0.123456),)))
    long = len(terminal.getvalue())
    clock.now += 1.0
    line(Progress(2, 9))
    assert len(terminal.getvalue()) == 2 * long
    assert terminal.getvalue().count("\r") == 2
    assert "\n" not in terminal.getvalue()
    line.close()
    assert terminal.getvalue().endswith("\n")


def test_a_terminal_line_is_never_wrapped(clock: Clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    line = ProgressLine("t", terminal)
    values = (("loss", 0.123456), ("learning rate", 1e-3), ("auc", 0.97))
    for step in (1, 2):
        line(Progress(step, 9, values=values))
        clock.now += 1.0
    shown = terminal.getvalue().split("\r")[1:]
    assert [len(text) for text in shown] == [39, 39]
    assert shown[0].startswith("t: 1/9 ")
    assert shown[0].endswith("…")


def test_what_counts_is_said_in_the_terminal_line(clock: Clock):
    terminal = Terminal()
    line = ProgressLine("t", terminal)
    for image in range(3):
        line(Progress(0, 9, message=f"validating on image {image + 1} of 3"))
        clock.now += 1.0
    line(Progress(1, 9, message="memory ran out"))
    shown = [text.rstrip() for text in terminal.getvalue().split("\r") if text.strip()]
    assert shown[:3] == [f"t: validating on image {n} of 3" for n in (1, 2, 3)]
    assert shown[3] == "t: memory ran out"


def test_news_have_a_line_of_their_own_but_counting_doesnt_flood(clock: Clock):
    log = io.StringIO()
    line = ProgressLine("p", log)
    line(Progress(0, 9, message="35 tiles on cpu"))
    for image in range(5):
        line(Progress(0, 9, message=f"validating on image {image} of 5"))
        clock.now += 1.0
    line(Progress(0, 9, message="memory ran out: batch 2"))
    news = [text for text in log.getvalue().splitlines() if "/9" not in text]
    assert news == [
        "p: 35 tiles on cpu",
        "p: validating on image 0 of 5",
        "p: memory ran out: batch 2",
    ]
