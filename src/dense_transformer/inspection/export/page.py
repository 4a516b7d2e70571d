"""One HTML page that holds everything: words, figures, films and tables; no scripts.

Nothing is fetched when it is opened, so it can be mailed, archived and printed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from dense_transformer.files import atomic_write
from dense_transformer.inspection.export.drawing import Drawing
from dense_transformer.inspection.export.svg import data_url, to_svg


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A drawing, or a film as a GIF file, and how to read it."""

    shown: Drawing | bytes
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under column names; `words` say how to read them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: str = ""
    links: tuple[str, ...] = ()  # file that a row's first cell leads to, one a row


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A part of a page: its heading, words, then figures and tables."""

    title: str
    words: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page: `verdict` is what a reader takes away who reads no further.

    `cautions` stand before it: reasons not to trust what follows.
    """

    title: str
    verdict: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: str = ""
    cautions: tuple[str, ...] = ()


def write_page(path: str | os.PathLike[str], page: Page) -> Path:
    """Write a page as one HTML file; return its path.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    return atomic_write(path, to_html(page).encode())


def to_html(page: Page) -> str:
    """Return a page as HTML 5, the same text every time."""
    contents = "".join(
        f'<li><a href="#s{i}">{escape(section.title)}</a></li>'
        for i, section in enumerate(page.sections)
    )
    cautions = ""
    if page.cautions:
        cautions = f'<div class="caution">{_paragraphs(page.cautions)}</div>\n'
    body = "".join(_section(i, section) for i, section in enumerate(page.sections))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><main>\n<h1>{escape(page.title)}</h1>\n{cautions}"
        f'<div class="verdict">{_paragraphs(page.verdict)}</div>\n'
        f"<nav><ol>{contents}</ol></nav>\n{body}"
        f"<footer>{escape(page.foot)}</footer>\n</main></body></html>\n"
    )


def _section(index: int, section: Section) -> str:
    figures = "".join(
        _figure(f"s{index}f{i}", figure) for i, figure in enumerate(section.figures)
    )
    if figures:
        figures = f'<div class="figures">{figures}</div>\n'
    tables = "".join(_table(table) for table in section.tables)
    return (
        f'<section id="s{index}"><h2>{escape(section.title)}</h2>\n'
        f"{_paragraphs(section.words)}{figures}{tables}</section>\n"
    )


def _figure(name: str, figure: Figure) -> str:
    if isinstance(figure.shown, bytes):
        address = data_url(figure.shown, "image/gif")
        shown = f'<img alt="{escape(figure.words)}" src="{address}">'
    else:
        shown = to_svg(figure.shown, name)
    caption = f"<figcaption>{escape(figure.words)}</figcaption>"
    kind = ' class="half"' if _is_narrow(figure) else ""
    return f"<figure{kind}>{shown}\n{caption}</figure>\n"


def _is_narrow(figure: Figure) -> bool:
    return isinstance(figure.shown, Drawing) and figure.shown.size[1] <= _NARROW


def _table(table: Table) -> str:
    wordy = [name in _WORDY for name in table.columns]
    head = "".join(
        f"<th{_WORDS * words}>{escape(name)}</th>"
        for name, words in zip(table.columns, wordy, strict=True)
    )
    rows = "".join(
        f"<tr>{_cells(row, wordy, table.links[i] if table.links else '')}</tr>"
        for i, row in enumerate(table.rows)
    )
    words = f"<caption>{escape(table.words)}</caption>" if table.words else ""
    return (
        f'<div class="wide"><table>{words}<thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _cells(row: Sequence[str], wordy: Sequence[bool], link: str) -> str:
    first = escape(row[0])
    if link:
        first = f'<a href="{escape(link)}">{first}</a>'
    rest = "".join(
        f"<td{_WORDS * words}>{escape(cell)}</td>"
        for cell, words in zip(row[1:], wordy[1:], strict=True)
    )
    return f"<th>{first}</th>{rest}"


def _paragraphs(words: Sequence[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>\n" for text in words)


_WORDS = ' class="words"'
_NARROW = 300.0  # points; two drawings so wide stand side by side
_WORDY = ("how to read it",)  # columns of words, not of numbers
_STYLE = """
body { margin: 0; background: #fff; color: #1b1b1b;
  font: 16px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid #ccc;
  padding-top: 1rem; }
p, figcaption, caption { max-width: 46rem; }
.verdict { background: #eef4f8; border-left: 4px solid #0072b2;
  padding: .3rem 1rem; }
.caution { background: #fdf0e6; border-left: 4px solid #d55e00;
  padding: .3rem 1rem; margin-bottom: .5rem; }
nav { font-size: .9rem; margin-top: 1rem; }
.figures { display: flex; flex-wrap: wrap; gap: 0 2rem; }
figure { margin: 1.2rem 0; width: 100%; }
figure.half { width: min(100%, 28rem); }
figure svg, figure img { width: 100%; height: auto; max-width: 54rem; }
figcaption, caption { color: #444; font-size: .9rem; text-align: left; }
figcaption { margin-top: .3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; margin: 1rem 0;
  font-variant-numeric: tabular-nums; }
caption { padding-bottom: .4rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd;
  text-align: right; vertical-align: top; }
th:first-child { text-align: left; font-weight: 500; }
td.words, th.words { text-align: left; }
thead th { font-weight: 600; border-bottom: 2px solid #888; }
footer { margin-top: 3rem; color: #666; font-size: .8rem; }
@media print { section { break-inside: avoid; } }
"""
