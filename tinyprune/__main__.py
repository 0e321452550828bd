"""`python -m tinyprune` is the command `tinyprune`."""

from tinyprune.cli import main

main()
