"""Choosing and pairing nodes: by their positions, by their links, or at random."""

from geonets.core.sampling.draws import Seed, local_numbers, normal, number_of, uniform
from geonets.core.sampling.farthest import Spread, check_ratio, farthest_points, kept_counts
from geonets.core.sampling.hops import Hops, neighbors_of
from geonets.core.sampling.neighbors import nearest_pairs, nearest_within, pairs_within
from geonets.core.sampling.points import Points, require_finite
from geonets.core.sampling.subsets import first_of_items, random_nodes
from geonets.core.sampling.surface import OnSurface, points_on_triangles
from geonets.core.sampling.voxels import Cells, voxel_of

__all__ = [
    "Cells",
    "Hops",
    "OnSurface",
    "Points",
    "Seed",
    "Spread",
    "check_ratio",
    "farthest_points",
    "first_of_items",
    "kept_counts",
    "local_numbers",
    "nearest_pairs",
    "nearest_within",
    "neighbors_of",
    "normal",
    "number_of",
    "pairs_within",
    "points_on_triangles",
    "random_nodes",
    "require_finite",
    "uniform",
    "voxel_of",
]
