"""What `tinyprune analyze` says of layers that remember."""

from pathlib import Path

import pytest
from stateful_file import StatefulFile, lstm_graph, svdf_graph

import tinyprune
from tinyprune.ir import Graph

# as a hand counts them: MACs, parameters, bytes of weights, bytes of biases, bytes of state
LSTM = (3 * 4 * 4 * (2 + 4), 4 * 4 * (2 + 4 + 1), 4 * 4 * (2 + 4), 2 * 4 * 4 * 4, 4 + 2 * 4)
SVDF = (4 * (5 + 3), 4 * (5 + 3) + 2, 4 * (5 + 2 * 3), 4 * (4 + 2), 2 * 4 * 3)


@pytest.mark.parametrize(("graph", "figures"), [(lstm_graph(), LSTM), (svdf_graph(), SVDF)], ids=["lstm", "svdf"])
def test_figures(graph: Graph, figures: tuple[int, ...], tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(StatefulFile(graph).content())
    analysis = tinyprune.analyze(tmp_path / "model.tflite", "stm32f4")
    (layer,), totals = analysis.layers, analysis.totals
    weights = layer.format_bytes["dense"]
    assert (layer.macs, layer.parameters, weights, layer.channel_bytes, totals.state_bytes) == figures
    assert layer.format == "dense" and totals.constants_bytes == weights + layer.channel_bytes
