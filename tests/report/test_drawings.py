"""The geometry of the memory plan, the roofline and the patterns: what is drawn is where the figures say."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinyprune.report.html import plan_drawing, roofline
from tinyprune.report.html.pattern_drawing import draw_pattern
from tinyprune.report.html.plan_drawing import Rect, draw_plan
from tinyprune.report.html.roofline import draw_roofline
from tinyprune.report.patterns import MAX_COLUMNS, MAX_ROWS, density


def block(
    name: str, offset: int, size: int, first: int, last: int, kind: str = "activation", wide: bool = False
) -> dict[str, object]:
    return {"name": name, "kind": kind, "offset": offset, "bytes": size, "first": first, "last": last, "wide": wide}


PLAN = {
    "bytes": 1000,
    "blocks": [
        block("x", 0, 500, -1, 0),
        block("y", 500, 500, 0, 1),
        block("z", 500, 250, 1, 2, wide=True),
        block("first", 0, 100, 1, 1, "scratch"),
    ],
}


def test_blocks_lie_at_their_layers_and_addresses() -> None:
    drawing = draw_plan(PLAN, ["first", "second"], sram_bytes=4000)
    step = (drawing.width - plan_drawing.LEFT - plan_drawing.RIGHT) / 4
    height, top, left = plan_drawing.PLOT_HEIGHT, plan_drawing.TOP, plan_drawing.LEFT
    assert [drawn.rect for drawn in drawing.blocks] == [
        Rect(left, top + height / 2, 2 * step, height / 2),
        Rect(left + step, top, 2 * step, height / 2),
        Rect(left + 2 * step, top + height / 4, 2 * step, height / 4),
        Rect(left + 2 * step, top + 0.9 * height, step, pytest.approx(height / 10)),
    ]
    assert drawing.in_sram == height / 4
    assert [drawn.label for drawn in drawing.blocks] == ["input", "first", "second, as int16", "scratch"]
    assert [tick.text for tick in drawing.layers] == ["in", "1", "2", "out"]
    assert [tick.text for tick in drawing.addresses] == ["0", "256", "512", "768", "1,000"]


def test_only_what_overlaps_while_both_are_needed_is_shared() -> None:
    drawing = draw_plan(PLAN, ["first", "second"], sram_bytes=4000)
    (shared,) = drawing.shared  # z in the place of y, during the second layer
    assert shared.x == drawing.blocks[2].rect.x and shared.y == drawing.blocks[2].rect.y
    assert shared.width == drawing.blocks[3].rect.width


def test_a_label_ends_where_another_block_lies_in_its_place() -> None:
    """Until then there is room for a number, not for a name."""
    blocks = [block("a", 0, 100, 0, 9), block("b", 0, 100, 1, 9), block("c", 0, 100, 2, 10)]
    drawing = draw_plan({"bytes": 100, "blocks": blocks}, [f"some_layer_{i}" for i in range(20)], sram_bytes=100)
    assert [drawn.label for drawn in drawing.blocks] == ["1", "2", "some_layer_2"]


def test_many_layers_get_room_and_fewer_numbers() -> None:
    names = [f"conv2d_with_a_long_name_{i}" for i in range(60)]
    plan = {"bytes": 600, "blocks": [block(name, 300 * (i % 2), 300, i, i + 1) for i, name in enumerate(names)]}
    drawing = draw_plan(plan, names, sram_bytes=1000)
    assert drawing.width >= 62 * plan_drawing.LEAST_STEP_WIDTH
    assert len(drawing.layers) == 2 + 60 / 3
    assert [drawn.label for drawn in drawing.blocks] == [str(i + 1) for i in range(60)]


HARDWARE = {"macs_per_cycle": 2, "weight_bytes_per_cycle": 0.5}


def layer(name: str, macs: int, weights: int, cycles: int | None, form: str | None = "dense") -> dict[str, object]:
    return {"name": name, "macs": macs, "weights_bytes": weights, "cycles": cycles, "format": form}


def test_the_roof_has_its_knee_where_flash_and_multiplier_bound_alike() -> None:
    """2 MACs a cycle at 0.5 bytes a cycle: 4 MACs a byte; a layer there that does 2 a cycle is on the knee."""
    layers = [layer("fast", 400, 100, 200), layer("slow", 400, 40, 40_000, "csr"), layer("relu", 0, 0, 10, None)]
    drawing = draw_roofline(layers, HARDWARE)
    assert drawing is not None
    fast, slow = drawing.points
    assert (fast.x, fast.y) == drawing.roof[1] and not fast.sparse and slow.sparse
    ticks = {tick.text: tick.at for tick in drawing.across}, {tick.text: tick.at for tick in drawing.up}
    assert slow.x == ticks[0]["10"] and slow.y == ticks[1]["0.01"]
    assert drawing.roof[2] == (roofline.WIDTH - roofline.RIGHT, fast.y)
    assert "0.01 MACs a cycle, 10 MACs a byte" in slow.title
    inside = all(x >= roofline.LEFT and roofline.TOP <= y <= roofline.HEIGHT - roofline.BOTTOM for x, y in drawing.roof)
    assert inside


def test_points_that_lie_together_have_one_label() -> None:
    layers = [layer("a", 400, 100, 200), layer("b", 400, 40, 40_000), layer("c", 400, 101, 200)]
    drawing = draw_roofline(layers, HARDWARE)
    assert drawing is not None and [label.text for label in drawing.labels] == ["1, 3", "2"]
    assert drawing.labels[0].x == max(drawing.points[0].x, drawing.points[2].x) > drawing.points[2].x
    assert (drawing.labels[1].x, drawing.labels[1].y) == (drawing.points[1].x, drawing.points[1].y)


def test_without_cycles_there_is_no_roofline() -> None:
    assert draw_roofline([layer("conv", 400, 100, None), layer("relu", 0, 0, 10, None)], HARDWARE) is None


@given(arrays.arrays(np.int8, st.tuples(st.integers(1, 120), st.integers(1, 250)), elements=st.sampled_from([0, 0, 3])))
def test_every_weight_counts_in_one_cell(matrix: np.ndarray) -> None:
    cells = density(matrix)
    rows, columns = (min(size, most) for size, most in zip(matrix.shape, (MAX_ROWS, MAX_COLUMNS), strict=True))
    assert cells.shape == (rows, columns) and cells.min() >= 0 and cells.max() <= 1
    for y, x in ((0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)):
        part = matrix[
            y * matrix.shape[0] // rows : (y + 1) * matrix.shape[0] // rows,
            x * matrix.shape[1] // columns : (x + 1) * matrix.shape[1] // columns,
        ]
        assert cells[y, x] == np.count_nonzero(part) / part.size


@given(arrays.arrays(np.float64, (5, 7), elements=st.sampled_from([0, 0.1, 0.25, 0.6, 1])))
def test_paths_cover_the_cells_of_their_shade(cells: np.ndarray) -> None:
    drawing = draw_pattern(cells)
    painted = np.zeros_like(cells)
    for opacity, path in drawing.shades:
        runs = re.findall(r"M(\d+) (\d+)h(\d+)v1H(\d+)z", path)
        assert "".join("M{} {}h{}v1H{}z".format(*run) for run in runs) == path
        for x, y, length, back in runs:
            assert back == x
            painted[int(y), int(x) : int(x) + int(length)] += opacity
    np.testing.assert_array_equal(painted, np.ceil(cells * 4) / 4)
