"""One generator an operator: it adds the operator, with random options, shapes and values, to a `Sketch`.

Scales are such that most outputs spread over the int8 range without saturating.
"""

from random_moves import MOVES
from random_pointwise import POINTWISE
from random_reductions import REDUCTIONS
from random_sketch import Generator
from random_weighted import WEIGHTED

GENERATORS: dict[str, Generator] = {**WEIGHTED, **POINTWISE, **REDUCTIONS, **MOVES}
