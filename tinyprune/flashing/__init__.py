"""A built firmware onto a board, by whichever programming tool is installed."""

from tinyprune.flashing.flashers import FLASHERS, Command, Flasher
from tinyprune.flashing.flashing import find_flasher, flash

__all__ = ["FLASHERS", "Command", "Flasher", "find_flasher", "flash"]
