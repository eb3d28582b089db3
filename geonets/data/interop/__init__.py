"""Structures from and to other libraries, one foreign library a file; each is imported only when it is used."""

from geonets.data.interop.chemistry import from_rdkit, molecule, to_rdkit
from geonets.data.interop.dense import from_dense, to_dense
from geonets.data.interop.edgelist import from_pandas_edgelist
from geonets.data.interop.hetero import Hetero, from_hetero, to_hetero
from geonets.data.interop.networks import from_networkx, to_networkx
from geonets.data.interop.open3d import from_open3d, to_open3d
from geonets.data.interop.pandas import from_pandas, to_pandas
from geonets.data.interop.pillow import from_pil, to_pil
from geonets.data.interop.pyg import from_pyg, to_pyg
from geonets.data.interop.scipy import from_scipy, to_scipy
from geonets.data.interop.sequences import from_nested, from_packed, from_padded, to_nested, to_packed, to_padded
from geonets.data.interop.trimesh import from_trimesh, to_trimesh

__all__ = [
    "Hetero",
    "from_dense",
    "from_hetero",
    "from_nested",
    "from_networkx",
    "from_open3d",
    "from_packed",
    "from_padded",
    "from_pandas",
    "from_pandas_edgelist",
    "from_pil",
    "from_pyg",
    "from_rdkit",
    "from_scipy",
    "from_trimesh",
    "molecule",
    "to_dense",
    "to_hetero",
    "to_nested",
    "to_networkx",
    "to_open3d",
    "to_packed",
    "to_padded",
    "to_pandas",
    "to_pil",
    "to_pyg",
    "to_rdkit",
    "to_scipy",
    "to_trimesh",
]
