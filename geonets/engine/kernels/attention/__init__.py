"""`attend`: dense where everybody hears everybody, tiles under windows, edge by edge elsewhere."""

from geonets.engine.kernels.attention import dense, edges, segments, windows

RULES = (*dense.RULES, *windows.RULES, *edges.RULES, *segments.RULES)

__all__ = ["RULES"]
