from pathlib import Path

import pytest
from foreign_image import linked

from tinyprune import build
from tinyprune.errors import ToolMissingError
from tinyprune.toolchain import find

DIGITS = Path(__file__).parents[1] / "data" / "digits.tflite"


@pytest.fixture(scope="session", params=["gcc", "zig"])
def theirs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of `foreign_image.py`, by each compiler that is installed."""
    try:
        toolchain = find(request.param)
    except ToolMissingError as error:
        pytest.skip(error.what)
    return linked(tmp_path_factory.mktemp("theirs"), toolchain)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build directory of tinyprune's."""
    folder = tmp_path_factory.mktemp("ours") / "out"
    build(DIGITS, "stm32f4", sparsity=0.8, output=folder)
    return folder
