"""Passes: `Graph` to `Graph`, one file each, named by its verb. `verify` runs after each of them."""
