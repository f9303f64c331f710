"""One table for people: aligned text, or on a terminal a table that fits its width."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

NO_FIGURE = ("", "-", "exact")  # what stands in a column of figures for one


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the rows, words to the left and figures to the right."""
    if sys.stdout.isatty():
        _print_rich(headers, rows)
    else:
        click.echo(aligned(headers, rows))


def aligned(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the table as lines of equal columns; a heading may have several lines."""
    heads = [header.split("\n") for header in headers]
    height = max(len(lines) for lines in heads)
    top = [
        [lines[i - height] if i >= height - len(lines) else "" for lines in heads]
        for i in range(height)
    ]
    widths = [max(map(len, column)) for column in zip(*top, *rows, strict=True)]
    right = _figures(rows, len(headers))
    rule = ["-" * width for width in widths]
    lines = []
    for row in (*top, rule, *rows):
        cells = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _figures(rows: Sequence[Sequence[str]], columns: int) -> list[bool]:
    return [
        bool(rows) and all(row[i][:1].isdigit() or row[i] in NO_FIGURE for row in rows)
        for i in range(columns)
    ]


def _print_rich(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False)
    for header, is_right in zip(headers, _figures(rows, len(headers)), strict=True):
        justify = "right" if is_right else "left"
        table.add_column(header, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)
