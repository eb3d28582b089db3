"""The law: each operation in its message-passing form. Slow, obvious, and what every kernel is tested against.

Only gather, matmul, elementwise functions, `index_add` and `scatter_reduce` occur in this folder: no convolution, no
fused recurrence, no attention of torch's, so that comparing a kernel with it never compares torch with itself.
"""

from geonets.engine.reference.aggregate import aggregate
from geonets.engine.reference.attend import attend
from geonets.engine.reference.convolve import convolve
from geonets.engine.reference.recur import recur
from geonets.engine.rules import Call
from geonets.engine.spec import AggregateSpec, AttendSpec, ConvolveSpec, RecurSpec

__all__ = ["reference"]


def reference(call: Call) -> object:
    """Compute any operation in its message-passing form."""
    match call.spec:
        case ConvolveSpec():
            return convolve(call, call.spec, call.operands)
        case AggregateSpec():
            return aggregate(call, call.spec, call.operands)
        case AttendSpec():
            return attend(call, call.spec, call.operands)
        case RecurSpec():
            return recur(call, call.spec, call.operands)
        case _:
            raise TypeError(type(call.spec).__name__)
