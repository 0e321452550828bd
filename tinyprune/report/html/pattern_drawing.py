"""Where weights are not zero, as the paths of a small picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinyprune.report.patterns import Density

SHADES = 4


@dataclass(frozen=True)
class PatternDrawing:
    """`shades` is pairs of an opacity and the SVG path of the cells that have it, the lightest first."""

    rows: int
    columns: int
    shades: tuple[tuple[float, str], ...]


def draw_pattern(density: Density) -> PatternDrawing:
    """Cells without a weight are left empty; the darkest have more than 1 - 1 / SHADES of theirs."""
    cells = np.ceil(density * SHADES).astype(int)
    paths = ((shade / SHADES, "".join(_runs(cells == shade))) for shade in range(1, SHADES + 1))
    rows, columns = density.shape
    return PatternDrawing(rows, columns, tuple((opacity, path) for opacity, path in paths if path))


def _runs(cells: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[str]:
    """A rectangle for each run of cells in a row."""
    bounds = np.diff(np.pad(cells, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.argwhere(bounds == 1), np.argwhere(bounds == -1)
    return [f"M{x} {y}h{end - x}v1H{x}z" for (y, x), (_, end) in zip(starts.tolist(), ends.tolist(), strict=True)]
