"""Checks of the laws for layers and models of one's own: what must not change, tried out, and where it does.

Every check takes a layer and a structure, works on float64 copies in evaluation mode, and returns a `Report`.
"""

from geonets.check.derivatives import gradients
from geonets.check.kernels import lowering
from geonets.check.mates import batch_invariance
from geonets.check.order import permutation
from geonets.check.poses import rotation
from geonets.check.reach import ReceptiveField, causality, receptive_field
from geonets.check.report import Place, Report
from geonets.check.shifts import translation
from geonets.check.symmetries import symmetries

__all__ = [
    "Place",
    "ReceptiveField",
    "Report",
    "batch_invariance",
    "causality",
    "gradients",
    "lowering",
    "permutation",
    "receptive_field",
    "rotation",
    "symmetries",
    "translation",
]
