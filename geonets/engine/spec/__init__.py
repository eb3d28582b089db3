"""What a layer asks for, without its weights: four hashable specs that the planner reads, and their operands."""

from geonets.engine.spec.aggregate import AggregateOperands, AggregateSpec, Reads, Tail, Update
from geonets.engine.spec.attend import AttendOperands, AttendSpec, EdgeTerms, ScoreReads
from geonets.engine.spec.convolve import ConvolveOperands, ConvolveSpec, swap_channels
from geonets.engine.spec.recur import CellWeights, RecurOperands, RecurSpec, relations_of

__all__ = [
    "AggregateOperands",
    "AggregateSpec",
    "AttendOperands",
    "AttendSpec",
    "CellWeights",
    "ConvolveOperands",
    "ConvolveSpec",
    "EdgeTerms",
    "Reads",
    "RecurOperands",
    "RecurSpec",
    "ScoreReads",
    "Tail",
    "Update",
    "relations_of",
    "swap_channels",
]
