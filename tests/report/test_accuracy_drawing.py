"""The drawing of accuracy against sparsity: where its points lie, and when there is none."""

from __future__ import annotations

from typing import Any

import pytest

from tinyprune.report.html.accuracy_drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, UNPRUNED, WIDTH, draw_accuracy


def comparison(*variants: tuple[str, float, float | None], unpruned: float | None = None) -> dict[str, Any]:
    return {
        "unpruned_accuracy": unpruned,
        "variants": [
            {
                "name": name,
                "report": {"model": {"sha256": "0"}, "options": {"sparsity": sparsity}, "accuracy": accuracy},
            }
            for name, sparsity, accuracy in variants
        ],
    }


def test_points_lie_at_their_figures() -> None:
    drawing = draw_accuracy(comparison(("c", 1.0, 0.9), ("a", 0.5, 0.96), ("b", 0.5, 0.96), unpruned=0.99))
    assert drawing is not None
    assert [point.names for point in drawing.points] == [UNPRUNED, "a, b", "c"]
    assert [point.x for point in drawing.points] == [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
    lines = {tick.text: tick.at for tick in drawing.up}
    assert list(lines) == ["90%", "92%", "94%", "96%", "98%", "100%"]
    assert lines["90%"] == HEIGHT - BOTTOM == drawing.points[2].y and lines["100%"] == TOP
    assert drawing.points[1].y == lines["96%"]
    assert drawing.points[0].y == pytest.approx((lines["98%"] + lines["100%"]) / 2)
    assert drawing.points[1].title == "a, b: 96.0% right at 50% zeros"
    assert [tick.text for tick in drawing.across] == ["0%", "20%", "40%", "60%", "80%", "100%"]


@pytest.mark.parametrize(
    ("accuracies", "wanted"),
    [
        ((0.981, 0.9815), ["98%", "99%"]),
        ((0.5, 0.5), ["50%", "51%"]),
        ((0.0, 1.0), ["0%", "20%", "40%", "60%", "80%", "100%"]),
    ],
)
def test_lines_are_few_and_round(accuracies: tuple[float, float], wanted: list[str]) -> None:
    drawing = draw_accuracy(comparison(("a", 0.1, accuracies[0]), ("b", 0.9, accuracies[1])))
    assert drawing is not None and [tick.text for tick in drawing.up] == wanted
    assert all(TOP <= point.y <= HEIGHT - BOTTOM for point in drawing.points)


def test_there_is_none_where_nothing_is_to_be_seen() -> None:
    assert draw_accuracy(comparison(("a", 0.5, 0.9), ("b", 0.5, 0.9))) is None
    assert draw_accuracy(comparison(("a", 0.5, None), ("b", 0.9, 0.9))) is None
    two_models = comparison(("a", 0.5, 0.9), ("b", 0.9, 0.9))
    two_models["variants"][1]["report"]["model"]["sha256"] = "1"
    assert draw_accuracy(two_models) is None
