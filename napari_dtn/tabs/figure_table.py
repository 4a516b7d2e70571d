"""A table of figures to read, copy and save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QShortcut,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

ROWS_SHOWN = 14  # a longer table scrolls


class FigureTable(QWidget):
    """Figures with a name for each row and column, and a hint for each row.

    Parameters
    ----------
    title : str
        For screen readers.
    save : callable or None
        Writes the table to a path; None: it can only be copied.
    stem : str
        Of the file that is proposed.
    """

    def __init__(
        self,
        title: str,
        save: Callable[[Path], object] | None = None,
        stem: str = "numbers",
    ) -> None:
        super().__init__()
        self._save, self._stem = save, stem
        self.table = QTableWidget()
        self.table.setAccessibleName(title)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        heads = self.table.horizontalHeader()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the whole table, for a spreadsheet.")
        self.copy.setAccessibleName(f"{title}: copy")
        self.copy.clicked.connect(self.to_clipboard)
        self.file = QPushButton("Save CSV…")
        self.file.setToolTip(
            "Save the whole table as a file of comma-separated values."
        )
        self.file.setAccessibleName(f"{title}: save as CSV")
        self.file.clicked.connect(self._ask)
        self.file.setVisible(save is not None)
        shortcut = QShortcut(QKeySequence.StandardKey.Copy, self.table)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self.to_clipboard)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.file)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table)
        column.addLayout(buttons)
        self.show_rows([], [])

    def show_rows(
        self,
        columns: Sequence[str],
        rows: Sequence[tuple[str, Sequence[str]]],
        hints: Sequence[str] = (),
    ) -> None:
        """Show rows of (name, cells), with what each means as a tool tip."""
        table = self.table
        table.setUpdatesEnabled(False)
        table.setRowCount(len(rows))
        table.setColumnCount(len(columns))
        table.setHorizontalHeaderLabels(list(columns))
        for row, (name, cells) in enumerate(rows):
            head = QTableWidgetItem(name)
            head.setToolTip(hints[row] if row < len(hints) else "")
            table.setVerticalHeaderItem(row, head)
            for at, cell in enumerate(cells):
                item = QTableWidgetItem(cell)
                item.setTextAlignment(
                    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
                table.setItem(row, at, item)
        table.setUpdatesEnabled(True)
        self._fit()
        self.copy.setEnabled(bool(rows))
        self.file.setEnabled(bool(rows))

    def text(self) -> str:
        """Return the table as lines of cells between tabulators."""
        table = self.table
        heads = [
            table.horizontalHeaderItem(c).text() for c in range(table.columnCount())
        ]
        lines = ["\t".join(["", *(head.replace("\n", "") for head in heads)])]
        for row in range(table.rowCount()):
            items = [table.item(row, c) for c in range(table.columnCount())]
            cells = [item.text() if item is not None else "" for item in items]
            lines.append("\t".join([table.verticalHeaderItem(row).text(), *cells]))
        return "\n".join(lines) + "\n"

    def to_clipboard(self) -> None:
        """Put the table into the clipboard."""
        QApplication.clipboard().setText(self.text())

    def _ask(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the table", f"{self._stem}.csv", "CSV (*.csv)"
        )
        if path and self._save is not None:
            self._save(Path(path))

    def _fit(self) -> None:
        """Be as high as the rows, up to a limit."""
        table = self.table
        shown = min(table.rowCount(), ROWS_SHOWN)
        high = sum(table.rowHeight(row) for row in range(shown))
        edges = table.horizontalScrollBar().sizeHint().height() + 2 * table.frameWidth()
        head = table.horizontalHeader().sizeHint().height()
        table.setFixedHeight(high + head + edges)
        self.setVisible(bool(shown))
