"""Choosing and pairing nodes by their positions."""

from geonets.core.sampling.farthest import Spread, check_ratio, farthest_points, kept_counts
from geonets.core.sampling.neighbors import Points, nearest_pairs, nearest_within, pairs_within
from geonets.core.sampling.voxels import Cells, voxel_of

__all__ = [
    "Cells",
    "Points",
    "Spread",
    "check_ratio",
    "farthest_points",
    "kept_counts",
    "nearest_pairs",
    "nearest_within",
    "pairs_within",
    "voxel_of",
]
