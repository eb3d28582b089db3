"""`attend`: dense where everybody hears everybody, tiles under windows, a softmax over segments elsewhere."""

from geonets.engine.kernels.attention import dense, segments, windows

RULES = (*dense.RULES, *windows.RULES, *segments.RULES)

__all__ = ["RULES"]
