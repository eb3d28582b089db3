"""Structures from and to other libraries, one foreign library a file; each is imported only when it is used."""

from geonets.data.interop.chemistry import molecule
from geonets.data.interop.networks import from_networkx, to_networkx
from geonets.data.interop.pyg import from_pyg, to_pyg
from geonets.data.interop.shapes import from_trimesh

__all__ = ["from_networkx", "from_pyg", "from_trimesh", "molecule", "to_networkx", "to_pyg"]
