"""Child-sum tree-LSTM rewritten plainly from Tai, Socher & Manning 2015, equations 2-8, one step a height."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TreeLSTM(nn.Module):
    """Nodes of one height at once, whatever tree they are of; weights as `torch.nn.LSTM` names and orders them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(width, hidden)

    def forward(self, x: Tensor, children: list[Tensor], parents: list[Tensor], levels: list[Tensor]) -> Tensor:
        """The states of all nodes.

        Args:
            x: `(N, C)`.
            children: of each height but the lowest, the children of its nodes.
            parents: likewise, which of the height's nodes each child belongs to.
            levels: the nodes of each height, leaves first.
        """
        w_x, w_h, b_x, b_h = self.lstm.parameters()
        given = x @ w_x.t() + b_x + b_h
        states, cells = x.new_zeros(len(x), self.hidden), x.new_zeros(len(x), self.hidden)
        for height, nodes in enumerate(levels):
            i, f, g, o = given[nodes].chunk(4, 1)
            c = i.new_zeros(i.shape)
            if height:
                below, above = children[height - 1], parents[height - 1]
                h, known = states[below], cells[below]
                wi, wf, wg, wo = w_h.chunk(4)
                summed = torch.zeros_like(i).index_add(0, above, h)
                i, g, o = i + summed @ wi.t(), g + summed @ wg.t(), o + summed @ wo.t()
                forget = torch.sigmoid(f[above] + h @ wf.t())
                c = c.index_add(0, above, forget * known)
            c = c + i.sigmoid() * g.tanh()
            states, cells = states.index_copy(0, nodes, o.sigmoid() * c.tanh()), cells.index_copy(0, nodes, c)
        return states
