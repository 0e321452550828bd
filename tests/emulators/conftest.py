import pytest

from tinyprune import emulators
from tinyprune.emulators import EMULATORS, Emulator
from tinyprune.errors import ToolMissingError


def installed(name: str) -> Emulator:
    """The emulator called `name`; skips the test where it is not installed."""
    try:
        return emulators.find(name)
    except ToolMissingError as error:
        pytest.skip(error.what)


@pytest.fixture(params=EMULATORS)
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """Each emulator in turn that is installed."""
    return installed(request.param)
