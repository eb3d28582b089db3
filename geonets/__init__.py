"""geonets: structured inputs are features on nodes plus typed edges.

A sequence is a chain, an image a grid, a point cloud a set, a molecule a graph. One vocabulary of layers serves them
all, and a planner lowers each to the kernel that everybody already trusts.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
