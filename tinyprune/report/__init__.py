"""The figures of a build: a frozen `Report`, as JSON and in the terminal."""
