"""A built firmware onto a board, by whichever programming tool is installed."""

from tinyprune.flashing.flashers import FLASHERS, Command, Flasher
from tinyprune.flashing.flashing import find_flasher, flash, program
from tinyprune.flashing.serial_port import listening

__all__ = ["FLASHERS", "Command", "Flasher", "find_flasher", "flash", "listening", "program"]
