"""The one table that is printed. Pure: figures in, text out."""

from collections.abc import Mapping, Sequence

from bench.figures import Figure, number

HEAD = ("what", "ours", "bar", "floor", "ustreamer", "verdict")
TO_THE_RIGHT = {1, 3, 4}


def table(measured: Mapping[str, Sequence[Figure]], others_busy: Mapping[str, float]) -> str:
    """A block for each measurement, with what share of the machine did other things before it.

    Notes stand under their row, or under the last of those that share one.
    """
    rows = [cells(figure) for figures in measured.values() for figure in figures]
    widths = [max(len(row[column]) for row in [HEAD, *rows]) for column in range(len(HEAD))]
    lines = [line(HEAD, widths)]
    for name, figures in measured.items():
        title = f"{name}, the machine {others_busy[name]:.0%} busy before " if name in others_busy else f"{name} "
        lines.append(title.ljust(sum(widths) + 2 * len(widths) - 2, "─"))
        for figure, following in zip(figures, [*figures[1:], None], strict=True):
            lines.append(line(cells(figure), widths))
            if figure.note and (following is None or following.note != figure.note):
                lines.append(f"    {figure.note}")
    return "\n".join(lines)


def cells(figure: Figure) -> tuple[str, ...]:
    """One row's text. The unit stands with each number."""
    unit = figure.bar.spaced_unit
    values = [
        number(value) + unit if value is not None else "" for value in (figure.ours, figure.floor, figure.ustreamer)
    ]
    return (f"  {figure.bar.what}", values[0], str(figure.bar), values[1], values[2], figure.verdict)


def line(row: Sequence[str], widths: Sequence[int]) -> str:
    """One row, its numbers to the right."""
    padded = (
        text.rjust(width) if column in TO_THE_RIGHT else text.ljust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def tally(measured: Mapping[str, Sequence[Figure]]) -> str:
    """How many of each verdict."""
    verdicts = [figure.verdict for figures in measured.values() for figure in figures]
    return ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in ("met", "missed", "not run"))
