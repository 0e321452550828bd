"""Where the cycles of an image go: by layer, by function, by class of instructions, and in the files of viewers."""
