"""`attend`: dense where everybody hears everybody, tiles under windows, edge by edge elsewhere."""

from geonets.engine.kernels.attention import additive, dense, edges, segments, windows

RULES = (*dense.RULES, *windows.RULES, *additive.RULES, *edges.RULES, *segments.RULES)

__all__ = ["RULES"]
