import pytest

from tinyprune import board
from tinyprune.board import Board
from tinyprune.errors import ToolMissingError
from tinyprune.toolchain import Toolchain, find


@pytest.fixture
def stm32f4() -> Board:
    return board.load("stm32f4")


@pytest.fixture(params=["gcc", "zig"])
def toolchain(request: pytest.FixtureRequest) -> Toolchain:
    try:
        return find(request.param)
    except ToolMissingError as error:
        pytest.skip(error.what)
