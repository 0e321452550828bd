"""Code generation: `Graph` and `Board` to `Files`. Touches no disk but the templates that ship with tinyprune."""
