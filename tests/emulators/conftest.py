import pytest

from tinyprune import emulators
from tinyprune.emulators import EMULATORS, Emulator
from tinyprune.errors import ToolMissingError


@pytest.fixture(params=EMULATORS)
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """Each emulator in turn; skips the test where it is not installed."""
    try:
        return emulators.find(request.param)
    except ToolMissingError as error:
        pytest.skip(error.what)
