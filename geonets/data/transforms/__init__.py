"""Plain functions from structures to structures."""

from geonets.data.transforms.columns import degree, join, one_hot, standardize
from geonets.data.transforms.compose import compose
from geonets.data.transforms.connect import connect
from geonets.data.transforms.encodings import laplacian_encoding, random_walk_encoding
from geonets.data.transforms.interpolate import interpolate
from geonets.data.transforms.links import add_self_loops, coalesce, remove_self_loops, to_undirected
from geonets.data.transforms.neighbors import neighbor_batches, sample_neighbors
from geonets.data.transforms.parts import largest_component, random_crop, subsample
from geonets.data.transforms.places import center, jitter, normalize, scale
from geonets.data.transforms.relate import relate
from geonets.data.transforms.sparse import keep_sparse
from geonets.data.transforms.surface import sample_surface
from geonets.data.transforms.turns import flip, rotate

__all__ = [
    "add_self_loops",
    "center",
    "coalesce",
    "compose",
    "connect",
    "degree",
    "flip",
    "interpolate",
    "jitter",
    "join",
    "keep_sparse",
    "laplacian_encoding",
    "largest_component",
    "neighbor_batches",
    "normalize",
    "one_hot",
    "random_crop",
    "random_walk_encoding",
    "relate",
    "remove_self_loops",
    "rotate",
    "sample_neighbors",
    "sample_surface",
    "scale",
    "standardize",
    "subsample",
    "to_undirected",
]
