"""geonets: structured inputs are features on nodes plus typed edges.

A sequence is a chain, an image a grid, a point cloud a set, a molecule a graph. One vocabulary of layers serves them
all, and a planner lowers each to the kernel that everybody already trusts.
"""

from geonets import check as check
from geonets import models as models
from geonets import nn as nn
from geonets.core import errors as errors
from geonets.core.errors import GeonetsError as GeonetsError
from geonets.core.neighborhoods import KNN as KNN
from geonets.core.neighborhoods import Along as Along
from geonets.core.neighborhoods import Back as Back
from geonets.core.neighborhoods import Between as Between
from geonets.core.neighborhoods import Blocks as Blocks
from geonets.core.neighborhoods import ByType as ByType
from geonets.core.neighborhoods import Coarser as Coarser
from geonets.core.neighborhoods import Complete as Complete
from geonets.core.neighborhoods import Cross as Cross
from geonets.core.neighborhoods import Farthest as Farthest
from geonets.core.neighborhoods import Hub as Hub
from geonets.core.neighborhoods import Independent as Independent
from geonets.core.neighborhoods import Itself as Itself
from geonets.core.neighborhoods import Links as Links
from geonets.core.neighborhoods import Near as Near
from geonets.core.neighborhoods import Neighborhood as Neighborhood
from geonets.core.neighborhoods import Predecessors as Predecessors
from geonets.core.neighborhoods import Radius as Radius
from geonets.core.neighborhoods import Stencil as Stencil
from geonets.core.neighborhoods import Strong as Strong
from geonets.core.neighborhoods import Top as Top
from geonets.core.neighborhoods import Transposed as Transposed
from geonets.core.neighborhoods import Voxels as Voxels
from geonets.core.neighborhoods import Window as Window
from geonets.core.neighborhoods import WithLoops as WithLoops
from geonets.core.neighborhoods import WithoutLoops as WithoutLoops
from geonets.core.relations import HopDistance as HopDistance
from geonets.core.relations import Lag as Lag
from geonets.core.relations import LagBuckets as LagBuckets
from geonets.core.relations import Offset as Offset
from geonets.core.relations import Relation as Relation
from geonets.core.structure import Level as Level
from geonets.core.structure import Structure as Structure
from geonets.core.structure import batch as batch
from geonets.core.topology import Chain as Chain
from geonets.core.topology import EdgeList as EdgeList
from geonets.core.topology import Graph as Graph
from geonets.core.topology import Grid as Grid
from geonets.core.topology import Product as Product
from geonets.core.topology import Set as Set
from geonets.core.topology import SparseGrid as SparseGrid
from geonets.core.topology import Topology as Topology
from geonets.core.windows import windows as windows
from geonets.data.constructors import chain as chain
from geonets.data.constructors import graph as graph
from geonets.data.constructors import grid as grid
from geonets.data.constructors import mesh as mesh
from geonets.data.constructors import points as points
from geonets.data.interop import from_networkx as from_networkx
from geonets.data.interop import from_pyg as from_pyg
from geonets.data.interop import from_trimesh as from_trimesh
from geonets.data.interop import molecule as molecule
from geonets.data.interop import to_networkx as to_networkx
from geonets.data.interop import to_pyg as to_pyg
from geonets.data.readers import read as read
from geonets.data.transforms import connect as connect
from geonets.data.transforms import relate as relate
from geonets.data.trees import tree as tree
from geonets.data.voxels import voxels as voxels
from geonets.engine.plan import explain_plan as explain_plan
from geonets.engine.plan import reference as reference
from geonets.nn.exchange import from_torch as from_torch
from geonets.nn.exchange import to_torch as to_torch
from geonets.nn.recurrent.memory import jacobian_spectrum as jacobian_spectrum
from geonets.view import view as view

__version__ = "0.1.0"
