"""All files of a firmware: around the model, the model, and the sample that is compiled in."""

from tinyprune import kernels
from tinyprune.board import Board
from tinyprune.codegen.files import Files
from tinyprune.codegen.firmware import firmware_files
from tinyprune.codegen.model import model_files, sample_input_files
from tinyprune.ir import Graph, Int8, states


def image_files(graph: Graph, board: Board, sample: Int8, version: str) -> Files:
    """What builds by itself. Raises BudgetError where the board's SRAM cannot hold the arena of `graph`."""
    assert graph.arena is not None
    return {
        **firmware_files(
            board,
            arena_bytes=graph.arena.bytes + sum(state.bytes for state in states(graph)),
            resident_bytes=kernels.resident_bytes(graph),
        ),
        **model_files(graph, version),
        **sample_input_files(graph, sample),
        f"{board.name}.toml": board.toml,
    }
