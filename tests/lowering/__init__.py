"""A case for every kernel: which layer on which structures must reach it; an operation a file."""

from lowering import aggregate, attend, coarsen, convolve, pool, recur
from lowering.cases import CASES, Case

__all__ = ["CASES", "Case", "aggregate", "attend", "coarsen", "convolve", "pool", "recur"]
