"""Choosing and pairing nodes by their positions."""

from geonets.core.sampling.neighbors import nearest_pairs, pairs_within

__all__ = ["nearest_pairs", "pairs_within"]
