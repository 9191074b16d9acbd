"""What a benchmark yields: one measured figure beside a rival's, both from the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. `theirs` is None where the rival could not be had on this machine.

    `limit` is the ratio to reach: ours over theirs where more is better, theirs over ours where less is; None where
    nothing is asked. A figure without a rival keeps `rival` empty, and `limit` is then an absolute bound on `ours`.
    """

    work: str
    ours: float
    unit: str
    rival: str = ""
    theirs: float | None = None
    limit: float | None = None
    less_is_better: bool = False
    note: str = ""

    @property
    def ratio(self):
        """How many times better than the rival; None where there is nothing to compare with."""
        if not self.theirs or not self.ours:
            return None
        return self.theirs / self.ours if self.less_is_better else self.ours / self.theirs

    @property
    def distance(self):
        """How far beyond the limit, as a factor: 1 is just reached, below 1 is missed."""
        if self.limit is None:
            return None
        if self.rival:
            return self.ratio / self.limit if self.ratio else None
        return self.limit / self.ours if self.less_is_better else self.ours / self.limit


COLUMNS = ("work", "ours", "rival", "theirs", "ratio", "limit", "distance")


def cells(figure):
    """One line of the table as text."""
    amounts = (figure.ratio, figure.limit, figure.distance)
    theirs = "not here" if figure.rival and figure.theirs is None else amount(figure.theirs)
    named = f"{figure.work} ({figure.note})" if figure.note else figure.work
    return (named, f"{amount(figure.ours)} {figure.unit}", figure.rival or "–", theirs, *map(amount, amounts))


def amount(number):
    """A number with as many digits as mean something."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def table(figures):
    """The figures as a Markdown table that reads well in a terminal."""
    rows = [COLUMNS, *map(cells, figures)]
    wide = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    lines = ["| " + " | ".join(cell.ljust(wide[at]) for at, cell in enumerate(row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (each + 2) for each in wide) + "|", *lines[1:]])
