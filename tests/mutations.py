"""Break the code on purpose, one line at a time, and see the suite catch it: `python tests/mutations.py`.

Each mutation is made in a copy of the package; the laws must then fail. A mutation that survives is a hole in the tests.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclasses.dataclass(frozen=True)
class Mutation:
    """One line of the package, and what it is broken into.

    Args:
        what: the mistake, as one would make it.
        file: below `geonets/`.
        right: text that stands there exactly once.
        wrong: what replaces it.
        tests: where the suite is expected to notice first, to save time; the whole suite holds it, too.
    """

    what: str
    file: str
    right: str
    wrong: str
    tests: str = "tests/laws"


LOWERING = "tests/laws/test_lowering.py"
SLICING = "tests/laws/test_round_trips.py"
CHECKS = "tests/check/test_checks.py"

MUTATIONS = (
    Mutation(
        "padding shared by items that go round",
        "engine/kernels/canvas.py",
        'if stencil.padding_mode != "zeros" or lattice.is_periodic:',
        'if stencil.padding_mode != "zeros":',
        LOWERING,
    ),
    Mutation(
        "padding shared with nodes",
        "engine/kernels/canvas.py",
        "torch.minimum(before, seen - before - lattice.sizes.sizes)",
        "torch.maximum(before, seen - before - lattice.sizes.sizes)",
        "tests/engine/test_canvas.py",
    ),
    Mutation(
        "a weight's axes in the wrong order",
        "engine/kernels/convolution.py",
        "return convolve(images, weight,",
        "return convolve(images, weight.flip(-1),",
        "tests/laws/test_identities.py",
    ),
    Mutation(
        "the wrong padding value",
        "engine/kernels/convolution.py",
        "functional.pad(images, ends, MODES[stencil.padding_mode])",
        "functional.pad(images, ends)",
        LOWERING,
    ),
    Mutation(
        "an edge that leaves its item",
        "core/topology/lattice.py",
        "inside = ((places >= 0) & (places < sizes)).all(-1)",
        "inside = ((places >= 0) & (places <= sizes)).all(-1)",
        LOWERING,
    ),
    Mutation(
        "a receiver index off by its item",
        "core/topology/slicing.py",
        "shift = self.offsets[:-1] - self.starts",
        "shift = self.offsets[1:] - self.starts",
        SLICING,
    ),
    Mutation(
        "a forgotten transpose",
        "engine/kernels/segments.py",
        "bag(grad.contiguous(), back, edges.receivers_by_sender, pointers, own)",
        "bag(grad.contiguous(), back, edges.senders, edges.pointers, own)",
        LOWERING,
    ),
    Mutation(
        "every thread adds to all channels",
        "engine/kernels/peaks.py",
        "row, place = out[senders[edge], first:last]",
        "row, place = out[senders[edge], 0 * first : last]",
        "tests/engine/test_threads.py",
    ),
    Mutation(
        "the last thread's rows begin too late",
        "core/loops.py",
        "rows]\n",
        "rows - 1, rows][:-1]\n",
        "tests/engine/test_threads.py",
    ),
    Mutation(
        "a mean's shares of the gradient by sender",
        "engine/kernels/updates.py",
        "shares.index_select(0, heard_by)",
        "shares[start:stop].repeat_interleave(pointers[start : stop + 1].diff())",
        LOWERING,
    ),
    Mutation(
        "entries of sparse features without their values",
        "nn/sparse.py",
        "edges=values), structure, channels)",
        "edges=values.detach() * 0 + 1), structure, channels)",
        "tests/nn/test_sparse_linear.py",
    ),
    Mutation(
        "weights of the transpose in the order of the product",
        "engine/kernels/segments.py",
        "weights.index_select(0, edges.transpose.rows)",
        "weights",
        LOWERING,
    ),
    Mutation(
        "a sliced transpose that still names rows of the whole",
        "core/topology/slicing.py",
        "self.edge_rows.take(rows) + self.row_shift",
        "self.edge_rows.take(rows)",
        SLICING,
    ),
    Mutation(
        "a transpose sliced by a compiled loop that still names rows of the whole",
        "core/topology/slicing.py",
        "new_rows[place] = rows[edge] + row_shift",
        "new_rows[place] = rows[edge]",
        SLICING,
    ),
    Mutation(
        "rows of an item that are all its first, in a compiled loop",
        "core/ranges/rows.py",
        "numbers[place] = starts[segment] + step",
        "numbers[place] = starts[segment]",
        SLICING,
    ),
    Mutation(
        "the last of equal entries takes the gradient",
        "core/ranges/segments.py",
        'first = rows.new_full(peaks.shape, num_rows).scatter_reduce(0, index, rows, "amin")',
        'first = rows.new_zeros(peaks.shape).scatter_reduce(0, index, rows % num_rows, "amax")',
        "tests/laws/test_gradients.py",
    ),
    Mutation(
        "the last of equal entries takes the gradient, in a compiled loop",
        "engine/kernels/peaks.py",
        "is_better = not rows[one, channel] <= best and best == best",
        "is_better = not rows[one, channel] < best and best == best",
        LOWERING,
    ),
    Mutation(
        "the spread among the neighbours left out of a norm over edges",
        "nn/graph/monotone.py",
        "(shares * (variances + (means - mean).square()))",
        "(shares * (means - mean).square())",
        "tests/laws/test_edgeconv.py",
    ),
    Mutation(
        "a difference whose own row learns nothing",
        "engine/kernels/peaks.py",
        "out[receiver, first:last] -= given",
        "out[receiver, first:last] -= 0 * given",
        LOWERING,
    ),
    Mutation(
        "a hook on a layer whose weights are read",
        "nn/graph/linear.py",
        "_is_linear(parts[0]) and not has_hooks(network)",
        "_is_linear(parts[0])",
        "tests/nn/test_hooks.py",
    ),
    Mutation(
        "large scores whose exponentials overflow",
        "engine/kernels/attention/additive.py",
        "CALM = 16",
        "CALM = 1e9",
        "tests/laws/test_gradients.py",
    ),
    Mutation(
        "a gradient to every edge before the one that was found",
        "engine/kernels/peaks.py",
        "found[channel] == place",
        "found[channel] >= place",
        LOWERING,
    ),
    Mutation(
        "a gradient of a variance without its factor",
        "engine/kernels/peaks.py",
        "2 * apart * by_var",
        "apart * by_var",
        LOWERING,
    ),
    Mutation(
        "a mean that divides by a wrong count",
        "engine/kernels/segments.py",
        "counts = edges.degrees.clamp(min=1).to(sums.dtype)",
        "counts = edges.degrees.clamp(min=2).to(sums.dtype)",
        "tests/laws/test_parity_pyg.py",
    ),
    Mutation(
        "a spread computed in one pass",
        "core/ranges/segments.py",
        "return segment_mean(centred.square(), offsets, segments)",
        "return segment_mean(values.square(), offsets, segments) - mean.square()",
        "tests/laws/test_reductions.py",
    ),
    Mutation(
        "a difference the wrong way round",
        "nn/graph/edgeconv.py",
        "heard = heard - own",
        "heard = heard + own",
        "tests/laws/test_parity_pyg.py",
    ),
    Mutation(
        "an edge's matrix with its axes mixed up",
        "nn/graph/nnconv.py",
        ".unflatten(0, (x.shape[1], self.out_channels)).transpose(0, 1)",
        ".unflatten(0, (self.out_channels, x.shape[1]))",
        "tests/laws/test_identities_aggregate.py",
    ),
    Mutation(
        "the largest eigenvalue of the whole batch",
        "nn/graph/cheb.py",
        'scatter_reduce(0, items, entries, "amax")',
        'scatter_reduce(0, items, entries, "amax").max().expand(topology.num_items)',
        "tests/laws/test_batch_invariance.py",
    ),
    Mutation(
        "a temperature that reaches the weights of no softmax",
        "core/ranges/segments.py",
        "scores = values * temperature",
        "scores = values",
        "tests/laws/test_reductions.py",
    ),
    Mutation(
        "chains left in the order of their buckets",
        "engine/kernels/recurrence.py",
        "return torch.cat(hidden).index_select(0, buckets.places), final",
        "return torch.cat(hidden)[: len(rows)], final",
        LOWERING,
    ),
    Mutation(
        "calls of one length for each chain",
        "engine/kernels/recurrence.py",
        "sources[place] = ways.argmin()",
        "sources[place] = place - 1",
        "tests/engine/test_recurrence.py",
    ),
    Mutation(
        "a final state given to the wrong item",
        "engine/kernels/recurrence.py",
        "final = [part.index_copy(0, bucket.items, new)",
        "final = [part.index_copy(0, bucket.items.flip(0), new)",
        "tests/laws/test_parity_torch.py",
    ),
    Mutation(
        "a chain whose next step hears what it did itself",
        "engine/kernels/chains.py",
        "after[before[first:] - first] = torch.arange(first, len(rows))",
        "after[before[first:] - first] = torch.arange(len(rows) - first)",
        LOWERING,
    ),
    Mutation(
        "last memories of chains without gradients",
        "engine/kernels/chains.py",
        "of_memory = grads[1].clone(memory_format=torch.contiguous_format)",
        "of_memory = torch.zeros_like(grads[1])",
        LOWERING,
    ),
    Mutation(
        "gradients of memories that reach no child",
        "engine/kernels/memories.py",
        "of_known[k] += of_c[k] * kept[k]",
        "of_known[k] += of_c[k]",
        LOWERING,
    ),
    Mutation(
        "initial states of a tree without gradients",
        "engine/kernels/memories.py",
        "(of_hidden[:first], of_memory[:first])",
        "(of_hidden[:first], 0 * of_memory[:first])",
        "tests/engine/test_recurrence.py",
    ),
    Mutation(
        "a memory that goes on after a chain has ended",
        "engine/kernels/recurrence.py",
        '"lstm": (-1, 1, 0, 0)}',
        '"lstm": (-1, 0, 0, 0)}',
        "tests/laws/test_parity_torch.py",
    ),
    Mutation(
        "one forget gate for all children",
        "engine/kernels/cells.py",
        "opened = functional.linear(heard[0], forget, forget_bias)",
        "opened = functional.linear(who.spread(who.total(heard[0])), forget, forget_bias)",
        LOWERING,
    ),
    Mutation(
        "states heard in the order in which they arrived",
        "engine/kernels/schedule.py",
        "arrivals = [None if _ascends(order)",
        "arrivals = [None if _ascends(order) or True",
        LOWERING,
    ),
    Mutation(
        "positions of children mixed up",
        "engine/kernels/schedule.py",
        "row_of[edges.receivers] * num_relations + relation",
        "row_of[edges.receivers] * num_relations + relation.flip(0)",
        LOWERING,
    ),
    Mutation(
        "a window that begins one step early",
        "core/windows.py",
        "topology.node_offsets[:-1] + start, counts)",
        "topology.node_offsets[:-1] + max(start - 1, 0), counts)",
        "tests/laws/test_identities_recur.py",
    ),
    Mutation(
        "attention that hears other items",
        "engine/kernels/attention/pairs.py",
        "(rows.unflatten(0, (blocks, -1)).transpose(1, 2) for rows",
        "(rows.unflatten(0, (1, -1)).transpose(1, 2) for rows",
        LOWERING,
    ),
    Mutation(
        "attention that hears the future",
        "engine/kernels/attention/dot_product.py",
        "(q, k, v, bias, 0.0, causal)",
        "(q, k, v, bias, 0.0, False)",
        "tests/laws/test_symmetry.py",
    ),
    Mutation(
        "attention that hears the padding of shorter items",
        "engine/kernels/attention/dense.py",
        "None if bool(heard.all()) else heard[:, None]",
        "None",
        LOWERING,
    ),
    Mutation(
        "a window without its last place",
        "engine/kernels/attention/windows.py",
        "(steps <= dilation * (kernel - 1))",
        "(steps < dilation * (kernel - 1))",
        LOWERING,
    ),
    Mutation(
        "a node that hears nobody hears everybody",
        "engine/kernels/attention/dot_product.py",
        "return rows.masked_fill(silent, 0)",
        "return rows",
        LOWERING,
    ),
    Mutation(
        "a fused gradient taken for its derivative",
        "engine/kernels/attention/dot_product.py",
        "twice = torch.is_grad_enabled()",
        "twice = False",
        "tests/laws/test_gradients_attend.py",
    ),
    Mutation(
        "edge attention whose gradients go along the edges, not back",
        "engine/kernels/attention/sums.py",
        "_mixed(weights, rows, transpose.pointers, edges.receivers_by_sender, transpose.rows)",
        "_mixed(weights, rows, transpose.pointers, edges.senders, transpose.rows)",
        LOWERING,
    ),
    Mutation(
        "additive attention whose gradient forgets the mean",
        "engine/kernels/attention/additive.py",
        "means[head] = total",
        "means[head] = 0 * total",
        LOWERING,
    ),
    Mutation(
        "a tensor given twice whose second derivative counts both",
        "engine/kernels/loops.py",
        "value.view_as(value) if is_needed else value",
        "value",
        "tests/laws/test_gradients_attend.py",
    ),
    Mutation(
        "a softmax whose gradient forgets the total",
        "engine/kernels/attention/edges.py",
        "shares[edge, head] * (grad[edge, head] - mean)",
        "shares[edge, head] * grad[edge, head]",
        LOWERING,
    ),
    Mutation(
        "additive attention whose second derivative is a constant's",
        "engine/kernels/attention/additive.py",
        "ctx.needs_input_grad[:6], grad)",
        "ctx.needs_input_grad[:6], grad.detach())",
        "tests/laws/test_gradients_attend.py",
    ),
    Mutation(
        "rotations that mirror",
        "nn/attention/positions.py",
        "even * sin + odd * cos",
        "even * sin - odd * cos",
        "tests/laws/test_identities_positions.py",
    ),
    Mutation(
        "neighbours from other items",
        "core/sampling/search.py",
        "(items == self.target.topology.item_ids[here][:, None])",
        "(items >= self.target.topology.item_ids[here][:, None])",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "a point chosen twice",
        "core/sampling/farthest.py",
        "torch.minimum(apart[:items], distance).scatter(1, latest[:, None], -1.0)",
        "torch.minimum(apart[:items], distance)",
        "tests/core/test_sampling.py",
    ),
    Mutation(
        "a point chosen twice in a loop",
        "core/sampling/farthest.py",
        "apart[latest] = -1.0",
        "apart[latest] = min(apart[latest], 0.0)",
        "tests/core/test_sampling.py",
    ),
    Mutation(
        "voxels shared by items",
        "core/sampling/voxels.py",
        "torch.cat([topology.item_ids[:, None], places], 1)",
        "torch.cat([0 * topology.item_ids[:, None], places], 1)",
        "tests/core/test_sampling.py",
    ),
    Mutation(
        "blocks spread with a stride too much",
        "engine/kernels/unpooling.py",
        "lattice = lattice.narrow(axis, 0, size)",
        "lattice = lattice.narrow(axis, lattice.shape[axis] - size, size)",
        LOWERING,
    ),
    Mutation(
        "coarse nodes that are next to each other",
        "core/neighborhoods/independent.py",
        "new = undecided & (least == rank)",
        "new = undecided & (least <= rank)",
        "tests/laws/test_identities_coarsening.py",
    ),
    Mutation(
        "the lowest scores stay",
        "core/neighborhoods/top.py",
        "argsort(descending=True, stable=True)",
        "argsort(stable=True)",
        "tests/laws/test_identities_coarsening.py",
    ),
    Mutation(
        "a score remembered when it has changed",
        "core/neighborhoods/top.py",
        "return structure.remember(self.key",
        "return structure.topology.remember(self.key",
        "tests/laws/test_identities_coarsening.py",
    ),
    Mutation(
        "faces that keep the old node numbers",
        "core/fields.py",
        "fields[name] = fields[name] + shifts",
        "fields[name] = fields[name] + 0 * shifts",
        SLICING,
    ),
    Mutation(
        "a self-loop counted twice",
        "nn/graph/normalised.py",
        "missing = 1 if loops is None else 1 - loops",
        "missing = 1",
        "tests/laws/test_parity_pyg.py",
    ),
    Mutation(
        "a causal window that hears the future",
        "nn/convolution.py",
        "before, after = (reach[0], *before[1:]), (0, *after[1:])",
        "before, after = (0, *before[1:]), (reach[0], *after[1:])",
        "tests/laws/test_identities_convolution.py",
    ),
    Mutation(
        "a mean over all relations, not over each",
        "nn/graph/rgcn.py",
        "slots = edges.receivers * num_types + edges.edge_type",
        "slots = edges.receivers * num_types",
        "tests/laws/test_parity_relational.py",
    ),
    Mutation(
        "transposed windows closer than they reach",
        "engine/kernels/canvas.py",
        "spoken = torch.maximum(stride * (sizes - 1) + reach + 1, before + target.sizes.sizes)",
        "spoken = torch.maximum(stride * (sizes - 1) + 1, before)",
        LOWERING,
    ),
    Mutation(
        "influence counted from the receiver's side",
        "nn/kernel_points.py",
        "apart = _lengths(lags[:, None] - self.kernel_points",
        "apart = _lengths(lags[:, None] + self.kernel_points",
        "tests/laws/test_identities_convolution.py",
    ),
    Mutation(
        "items on a canvas that see each other",
        "engine/kernels/canvas.py",
        "seen = torch.where(lengths > 0, stride * (lengths - 1) + reach + 1, 0)",
        "seen = torch.where(lengths > 0, stride * (lengths - 1) + 1, 0)",
        LOWERING,
    ),
    Mutation(
        "maxima over blank cells of a canvas",
        "engine/kernels/pooling.py",
        "canvas.paint(rows, -math.inf)",
        "canvas.paint(rows)",
        LOWERING,
    ),
    Mutation(
        "two edges at a time of which the first counts twice",
        "engine/kernels/influences.py",
        "sums[receiver, kind, channel] = share * x[one, channel] + another * x[other, channel]",
        "sums[receiver, kind, channel] = share * x[one, channel] + another * x[one, channel]",
        LOWERING,
    ),
    Mutation(
        "a filter's gradient that forgets the other edges that share it",
        "engine/kernels/filters.py",
        "of_filters[row, channel] += rows",
        "of_filters[row, channel] = rows",
        LOWERING,
    ),
    Mutation(
        "a gate's slope of a sigmoid taken for 1",
        "engine/kernels/filters.py",
        "passed * value * (1 - gate)",
        "passed * value",
        LOWERING,
    ),
    Mutation(
        "senders of every block that are those of the first",
        "engine/kernels/blocks.py",
        "rows.index_select(0, ends[part][start:stop])",
        "rows.index_select(0, ends[part][: stop - start])",
        LOWERING,
    ),
    Mutation(
        "a hook that sees a part of the edges",
        "nn/graph/linear.py",
        "isinstance(network, nn.Module) or has_hooks(network)",
        "isinstance(network, nn.Module)",
        "tests/nn/test_hooks.py",
    ),
    Mutation(
        "the pair of two nodes by the lower number alone",
        "core/topology/edges.py",
        "low * self.num_senders + high",
        "low * self.num_senders",
        "tests/laws/test_identities_molecules.py",
    ),
    Mutation(
        "a slot shared by two receivers of a kind",
        "engine/kernels/kinds.py",
        "            if latest[kind] != receiver:\n                latest[kind] = receiver\n                numbers",
        "            if latest[kind] == -1:\n                latest[kind] = receiver\n                numbers",
        LOWERING,
    ),
    Mutation(
        "rows of one kind that differ in their last channel",
        "engine/kinds.py",
        "if channel == rows.shape[1]:",
        "if channel >= rows.shape[1] - 1:",
        "tests/laws/test_identities_aggregate.py",
    ),
    Mutation(
        "influences in the order of the edges, not of the slots",
        "engine/kernels/relational.py",
        "weights.to(operands.x.dtype).index_select(0, slots.order)",
        "weights.to(operands.x.dtype)",
        LOWERING,
    ),
    Mutation(
        "pooling that averages over padding when told not to",
        "engine/kernels/pooling.py",
        "stencil.ceil_mode, spec.count_padding, divisor))",
        "stencil.ceil_mode, True, divisor))",
        "tests/laws/test_parity_torch.py",
    ),
    Mutation(
        "a check that compares a layer with itself",
        "check/order.py",
        "gap_between(expected, new, tolerance, what)",
        "gap_between(new.rows, new, tolerance, what)",
        CHECKS,
    ),
    Mutation(
        "a check that overlooks the nearest leak",
        "check/reach.py",
        "masked_fill(places * ratio >= step, 0.0)",
        "masked_fill(places * ratio >= step - 1, 0.0)",
        CHECKS,
    ),
    Mutation(
        "an interior that reaches to the border",
        "check/shifts.py",
        "border = max(finding.border for finding in wrong)",
        "border = 0",
        CHECKS,
    ),
    Mutation(
        "a reflection that is a rotation",
        "check/poses.py",
        '!= (kind == "reflections"):',
        "!= False:",
        CHECKS,
    ),
    Mutation(
        "a node that moves by what it tells itself",
        "nn/molecule/egnn.py",
        'AggregateSpec(WithoutLoops(neighborhood), "sum", "opaque", by_edge=True)',
        'AggregateSpec(neighborhood, "sum", "opaque", by_edge=True)',
        "tests/laws/test_identities_molecules.py",
    ),
    Mutation(
        "a distance that a rotation changes",
        "nn/molecule/egnn.py",
        "squared = step.square().sum(1, keepdim=True)",
        "squared = step.abs().sum(1, keepdim=True)",
        "tests/laws/test_rotation.py",
    ),
    Mutation(
        "a length without second derivatives at 0",
        "nn/molecule/distances.py",
        "return torch.where(some, torch.where(some, squares, 1.0).sqrt(), 0.0)",
        "return vectors.norm(dim=-1)",
        "tests/laws/test_identities_molecules.py",
    ),
    Mutation(
        "a virtual node that forgets",
        "nn/hub.py",
        'globals={"u": state + self.nn(state + heard)}',
        'globals={"u": self.nn(state + heard)}',
        "tests/laws/test_identities_whole_items.py",
    ),
    Mutation(
        "items updated before their nodes",
        "nn/graph_network.py",
        "run(self.to_items, AggregateOperands(structure.x), structure)",
        "run(self.to_items, AggregateOperands(x), structure)",
        "tests/laws/test_identities_whole_items.py",
    ),
    Mutation(
        "an interpolation that hears the far ones most",
        "nn/cloud/levels.py",
        "return -(query - key)",
        "return (query - key)",
        "tests/laws/test_identities_clouds.py",
    ),
    Mutation(
        "what stands out around the wrong points",
        "nn/cloud/pointnet.py",
        'pos, heard_pos = positions(structure, "PointNetConv"), positions(source, "PointNetConv")',
        'pos, heard_pos = positions(structure, "PointNetConv").flip(0), positions(source, "PointNetConv")',
        "tests/laws/test_identities_clouds.py",
    ),
    Mutation(
        "a point transformer that looks the other way",
        "nn/cloud/point_transformer.py",
        "self.pos_nn(pos.index_select(0, edges.receivers) - heard.index_select(0, edges.senders))",
        "self.pos_nn(heard.index_select(0, edges.senders) - pos.index_select(0, edges.receivers))",
        "tests/laws/test_parity_pyg.py",
    ),
    Mutation(
        "a ring whose ends do not meet",
        "core/topology/lattice.py",
        "places = torch.where(torch.tensor(source.lattice.periodic, device=source.device), around, places)",
        "pass",
        "tests/core/test_topology.py",
    ),
    Mutation(
        "a place that does not exist but is heard",
        "core/topology/sparse.py",
        "return found, inside & (self.nodes_of_lattice[found] == wanted)",
        "return found, inside",
        "tests/core/test_sparse.py",
    ),
    Mutation(
        "windows of a sparse grid counted from their first place, not their centre",
        "core/neighborhoods/stencil.py",
        "centre = tuple(reach // 2 - before for",
        "centre = tuple(0 - before for",
        "tests/core/test_sparse.py",
    ),
    Mutation(
        "slices put back where fibres belong",
        "core/topology/axes.py",
        'return self.remember("fibre_rows", lambda: self._rows((0, 2, 1), still=2))',
        'return self.remember("fibre_rows", lambda: self._rows((1, 0, 2), still=0))',
        "tests/laws/test_identities_topology.py",
    ),
    Mutation(
        "an edge whose sender was left behind",
        "core/topology/parts.py",
        "return kept[edges.senders] & kept[edges.receivers]",
        "return kept[edges.receivers]",
        "tests/core/test_sections.py",
    ),
    Mutation(
        "a related node of the wrong item",
        "core/neighborhoods/between.py",
        "senders + source.topology.node_offsets[items]",
        "senders + source.topology.node_offsets[items[:1]]",
        "tests/core/test_between.py",
    ),
    Mutation(
        "an archive's member that lands outside its folder",
        "data/archives.py",
        'if pure.is_absolute() or ".." in pure.parts or',
        "if pure.is_absolute() or",
        "tests/data/test_archives.py",
    ),
    Mutation(
        "the checksum behind the last member of an archive, unread",
        "data/archives.py",
        "while stream.read(CHUNK):",
        "while stream is None:",
        "tests/data/test_archives.py",
    ),
    Mutation(
        "an array shorter than its header says",
        "data/readers/npy.py",
        "if size != len(content) - end or",
        "if size > len(content) - end or",
        "tests/data/readers/test_arrays.py",
    ),
    Mutation(
        "a checksum that nobody compares",
        "data/readers/npz.py",
        "file.read(member.file_size + 1)",
        "file.read(member.file_size // 2)",
        "tests/data/readers/test_arrays.py",
    ),
    Mutation(
        "content that lies in other files",
        "data/readers/apart/hdf5.py",
        "if dataset.is_virtual or dataset.external:",
        "if dataset.is_virtual:",
        "tests/data/readers/test_arrays.py",
    ),
    Mutation(
        "sixteen bits in eight",
        "data/interop/pillow.py",
        "array.astype(np.int32) if image.mode in SIXTEEN",
        "array.astype(np.uint8) if image.mode in SIXTEEN",
        "tests/data/readers/test_image.py",
    ),
    Mutation(
        "samples of 24 bits without their sign",
        "data/readers/sound.py",
        '.view("<i4") >> 8',
        '.view("<u4") >> 8',
        "tests/data/readers/test_recordings.py",
    ),
    Mutation(
        "a square cut along no diagonal",
        "data/readers/polygons.py",
        "first, second = starts[polygon], starts[polygon] + step + 1",
        "first, second = starts[polygon] + step, starts[polygon] + step + 1",
        "tests/data/readers/test_off.py",
    ),
    Mutation(
        "colours in the order of the machine",
        "data/readers/pcd.py",
        '{"red": 16, "green": 8, "blue": 0}',
        '{"red": 0, "green": 8, "blue": 16}',
        "tests/data/readers/test_pcd.py",
    ),
    Mutation(
        "a shape bent by single precision",
        "data/readers/vertices.py",
        "moved > ROUNDING * extent",
        "moved > extent",
        "tests/data/readers/test_ply.py",
    ),
    Mutation(
        "a count that is believed",
        "data/readers/plyrows.py",
        "if element.count * max(smallest, 1) > len(content) - start:",
        "if element.count < 0:",
        "tests/test_messages.py",
    ),
    Mutation(
        "a mirror that turns no face",
        "data/readers/gltfparts.py",
        "faces[:, ::-1] if mirrored else faces",
        "faces",
        "tests/data/readers/test_gltf.py",
    ),
    Mutation(
        "numbers that count back from the end of the file",
        "data/readers/obj.py",
        "np.where(named < 0, before + named, named - 1)",
        "np.where(named < 0, len(lines) + named, named - 1)",
        "tests/data/readers/test_obj.py",
    ),
    Mutation(
        "a batch that may be larger than its budget",
        "core/structure/order.py",
        "torch.searchsorted(reached, before + budget, right=True)",
        "torch.searchsorted(reached, before + budget + 1, right=True)",
        "tests/core/test_batches.py",
    ),
    Mutation(
        "a thread that outlives its loop",
        "core/structure/ahead.py",
        "        is_left.set()",
        "        return",
        "tests/core/test_batches.py",
    ),
    Mutation(
        "a checksum that is not compared",
        "data/storage/checksums.py",
        "        if len(wrong):",
        "        if False:",
        "tests/data/storage/test_damage.py",
    ),
    Mutation(
        "a block that is taken for another's neighbour",
        "data/storage/checksums.py",
        "firsts, lasts = starts // BLOCK, (stops - 1) // BLOCK",
        "firsts, lasts = starts // BLOCK, starts // BLOCK",
        "tests/data/storage/test_damage.py",
    ),
    Mutation(
        "senders of a file that are not checked",
        "data/storage/laws.py",
        "wrong = above >= np.repeat(",
        "wrong = above > np.repeat(",
        "tests/test_messages.py",
    ),
    Mutation(
        "a file that is written in place",
        "data/storage/replacing.py",
        '        file = part.open("xb")\n',
        '        part = path\n        file = path.open("wb")\n',
        "tests/data/storage/test_damage.py",
    ),
    Mutation(
        "an item of a batch vector that is left out",
        "core/ranges/item_ids.py",
        "(torch.diff(ids, prepend=ids.new_tensor([-1])) > 1)",
        "(torch.diff(ids, prepend=ids.new_tensor([-1])) > 2)",
        "tests/test_messages.py",
    ),
    Mutation(
        "equally near nodes left to chance",
        "core/sampling/points.py",
        "tied = (values[:, 1:] == values[:, :-1]) & values[:, 1:].isfinite()",
        "tied = (values[:, 1:] < values[:, :-1]) & values[:, 1:].isfinite()",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "a tree that is believed too early",
        "core/sampling/search.py",
        "exists[:, -1] & (distances[:, -1] <= last.sqrt() * (1 + SLACK))",
        "exists[:, -1] & (distances[:, -1] < last.sqrt() * (1 - SLACK))",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "a cell that is believed too early",
        "core/sampling/search.py",
        "sure = last.sqrt() < cells.size[items] * (1 - SLACK)",
        "sure = last.sqrt() < cells.size[items] * 1.9",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "a box that is left out too early",
        "core/sampling/boxes.py",
        "while gap < worst or (gap == worst and least[box] < last):",
        "while gap < worst:",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "equally near nodes in the order of the boxes",
        "core/sampling/boxes.py",
        "while distances[place] == distance and found[place] > number:",
        "while distances[place] == distance and found[place] < number:",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "a box that is out of reach",
        "core/sampling/boxes.py",
        "if _gap(corners, box, x, y, z) > limit:",
        "if _gap(corners, box, x, y, z) >= limit:",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "single precision is trusted",
        "core/sampling/refined.py",
        "moved = UNIT * (np.sqrt(length) + largest)",
        "moved = 0.0",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "who is as near as the last is not looked at",
        "core/sampling/refined.py",
        "few += not rough[i] > bound",
        "few += rough[i] < bound",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "squares that vanish in single precision are taken for 0",
        "core/sampling/refined.py",
        "part, lost = (axes + 8) * UNIT, (axes + 8) * TINY",
        "part, lost = (axes + 8) * UNIT, 0.0",
        "tests/core/test_sampling_ways.py",
    ),
    Mutation(
        "points crowd at a corner of the triangle",
        "core/sampling/surface.py",
        "uniform(seed, owners, turns, 1).sqrt()[:, None]",
        "uniform(seed, owners, turns, 1)[:, None]",
        "tests/data/transforms/test_surface.py",
    ),
    Mutation(
        "one neighbour too many",
        "core/sampling/hops.py",
        "ranks < most",
        "ranks <= most",
        "tests/core/test_sampling_draws.py",
    ),
    Mutation(
        "neighbours in the order of their rows",
        "core/sampling/hops.py",
        "order = draws.argsort()",
        "order = torch.arange(len(draws))",
        "tests/core/test_sampling_draws.py",
    ),
    Mutation(
        "an answer that is given twice",
        "data/transforms/links.py",
        "new = (~answered[reverse]).nonzero().squeeze(1)",
        "new = (answered[reverse] | ~answered[reverse]).nonzero().squeeze(1)",
        "tests/data/transforms/test_links_of_graphs.py",
    ),
    Mutation(
        "a mirror that turns triangles inside out",
        "data/transforms/turns.py",
        'torch.where(turned[:, None], faces["vertices"].flip(1), faces["vertices"])',
        'faces["vertices"]',
        "tests/data/transforms/test_places.py",
    ),
    Mutation(
        "turns that are not spread evenly",
        "data/transforms/turns.py",
        "turns = turns * upper.diagonal(dim1=1, dim2=2).sign()[:, None]",
        "turns = turns * 1.0",
        "tests/data/transforms/test_places.py",
    ),
    Mutation(
        "a walk along links that a node receives",
        "data/transforms/encodings.py",
        "chances = 1 / links.reversed.degrees.clamp(min=1).double()",
        "chances = 1 / links.degrees.clamp(min=1).double()",
        "tests/data/transforms/test_links_of_graphs.py",
    ),
    Mutation(
        "crops that begin at the same place",
        "data/transforms/parts.py",
        "start = (uniform(number, items, column) * (room + 1)).long()",
        "start = (uniform(number, items[:1], column) * (room + 1)).long()",
        "tests/data/transforms/test_places.py",
    ),
    Mutation(
        "rows that are not in order of time",
        "data/readers/csv.py",
        "(times[rows], numbers))",
        "(rows, numbers))",
        "tests/data/readers/test_csv.py",
    ),
    Mutation(
        "a series whose channels are mixed up",
        "data/readers/series.py",
        "enumerate(dimensions)], 1)",
        "enumerate(dimensions)], 0).reshape(-1, len(dimensions))",
        "tests/data/readers/test_series.py",
    ),
    Mutation(
        "a download that is taken whatever its checksum",
        "data/catalog/download.py",
        "if wanted is not None and (found := digest(self.part, kind)) != wanted:",
        "if wanted is None and (found := digest(self.part, kind)) != wanted:",
        "tests/data/catalog/test_download.py",
    ),
    Mutation(
        "a redirect that is followed wherever it leads",
        "data/catalog/download.py",
        'if scheme not in ("http", "https") or',
        'if scheme == "gopher" or',
        "tests/data/catalog/test_download.py",
    ),
    Mutation(
        "a set that every process prepares",
        "data/catalog/catalog.py",
        "found = None if refresh else self.opened()",
        "found = None",
        "tests/data/catalog/test_procedures.py",
    ),
    Mutation(
        "a family of molecules that trains although it does not fit",
        "data/catalog/splits.py",
        "if len(train) + len(family) <= limits[0]:",
        "if len(train) <= limits[0]:",
        "tests/data/catalog/test_splits.py",
    ),
    Mutation(
        "labels that are not counted from the smallest",
        "data/readers/tu.py",
        "one_hot(label - low, high - low + 1)",
        "one_hot(label, high + 1)",
        "tests/data/readers/test_tu.py",
    ),
    Mutation(
        "tested papers in ascending order",
        "data/readers/planetoid.py",
        "whole[:known], whole[test] = rows, last",
        "whole[:known], whole[np.sort(test)] = rows, last",
        "tests/data/readers/test_planetoid.py",
    ),
    Mutation(
        "a pickle that may name anything",
        "data/readers/pickles.py",
        "self.demand(name in KNOWN,",
        "self.demand(bool(name),",
        "tests/data/readers/test_planetoid.py",
    ),
    Mutation(
        "a link that does not turn with its parent",
        "data/readers/robots.py",
        'pos[parents] + _turned(rotation[parents], self.edges["origin"][ready])',
        'pos[parents] + self.edges["origin"][ready]',
        "tests/data/readers/test_urdf.py",
    ),
    Mutation(
        "a joint back that is told from no joint forth",
        "data/readers/robots.py",
        "self.types + len(JOINT_TYPES)",
        "self.types",
        "tests/data/readers/test_urdf.py",
    ),
    Mutation(
        "a mesh from anywhere",
        "data/readers/mjcf.py",
        "if odd or not path.is_relative_to(home):",
        "if odd:",
        "tests/data/readers/test_mjcf.py",
    ),
    Mutation(
        "bonds of a molecule listed in one direction twice",
        "data/interop/chemistry/features.py",
        "np.stack([second, first], 1).ravel()",
        "np.stack([second, second], 1).ravel()",
        "tests/data/interop/test_chemistry.py",
    ),
    Mutation(
        "isotopes that do not come back",
        "data/interop/chemistry/rdkit.py",
        'int(rare["isotope"][row]) if "isotope" in rare else 0',
        "0",
        "tests/data/interop/test_chemistry.py",
    ),
    Mutation(
        "a table's row for the wrong molecule, once one is left out",
        "data/readers/molecules.py",
        "rows = [table[block.number - 1] for block, _ in found]",
        "rows = list(table[: len(found)])",
        "tests/data/readers/test_molecules.py",
    ),
    Mutation(
        "an undirected edge that is heard one way only",
        "data/interop/networks.py",
        "ends[:, proper].flip(0)",
        "ends[:, proper]",
        "tests/data/interop/test_networks.py",
    ),
    Mutation(
        "a matrix from column to row",
        "data/interop/dense.py",
        "cells = places[links.senders] * width + places[links.receivers] % max(width, 1)",
        "cells = places[links.receivers] * width + places[links.senders] % max(width, 1)",
        "tests/data/interop/test_sequences.py",
    ),
    Mutation(
        "a packed sequence in the order of its lengths",
        "data/interop/sequences.py",
        "rows = offsets_of(widths)[steps] + ranks[topology.item_ids]",
        "rows = offsets_of(widths)[steps] + topology.item_ids",
        "tests/data/interop/test_sequences.py",
    ),
    Mutation(
        "nodes of another kind counted over the whole batch",
        "data/interop/hetero.py",
        "senders = ends[0] - source.topology.node_offsets[items]",
        "senders = ends[0]",
        "tests/data/interop/test_hetero.py",
    ),
    Mutation(
        "an attribute of edges that is taken for one of nodes",
        "data/interop/attributes.py",
        "fitting = self._by_item(name, fitting)",
        "fitting = list(fitting)",
        "tests/data/interop/test_pyg.py",
    ),
    Mutation(
        "a table in the order of its rows",
        "data/interop/pandas.py",
        "frame, counts = frame.iloc[order], ",
        "frame, counts = frame, ",
        "tests/data/interop/test_tables.py",
    ),
    Mutation(
        "a scene whose parts stand at the origin",
        "data/interop/trimesh.py",
        "yield shape.apply_transform(transform), ",
        "yield shape, ",
        "tests/data/interop/test_meshes.py",
    ),
    Mutation(
        "voxels sorted by the wrong axis",
        "data/interop/open3d.py",
        "order = np.lexsort(places.T[::-1])",
        "order = np.lexsort(places.T)",
        "tests/data/interop/test_meshes.py",
    ),
    Mutation(
        "the largest row where a norm turns the order around",
        "engine/kernels/maxima.py",
        "torch.where(scale.detach() < 0, -1.0, 1.0)",
        "torch.ones_like(scale)",
        "tests/laws/test_lowering.py",
    ),
)


def survives(mutation: Mutation, copy: Path) -> bool:
    """Whether the tests of a copy of the project pass although the line is broken; it is mended afterwards."""
    file = copy / "geonets" / mutation.file
    text = file.read_text()
    if text.count(mutation.right) != 1:
        raise SystemExit(
            f"{mutation.file} must hold this once: {mutation.right!r}; it holds it {text.count(mutation.right)} times."
        )
    file.write_text(text.replace(mutation.right, mutation.wrong))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", mutation.tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    file.write_text(text)
    if done.returncode not in (0, 1):
        raise SystemExit(f"pytest did not run ({done.returncode}):\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def main() -> int:
    """Try all mutations, or those whose description holds the word given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only mutations whose description holds it")
    parser.add_argument("--jobs", type=int, default=1, help="how many are tried at a time (1)")
    options = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if options.word in mutation.what]
    survivors = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(options.jobs):  # one for each job: what its first run compiles serves the next
            copy = Path(folder, str(number))
            for name in ("geonets", "tests"):
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "pyproject.toml", copy)
            copies.put(copy)

        def tried(mutation: Mutation) -> bool:
            copy = copies.get()
            try:
                return survives(mutation, copy)
            finally:
                copies.put(copy)

        for mutation, alive in zip(chosen, pool.map(tried, chosen), strict=True):
            survivors += [mutation] if alive else []
            print(f"{'SURVIVED' if alive else 'caught':<9}{mutation.what} ({mutation.file})", flush=True)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} caught")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(main())
