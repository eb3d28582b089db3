"""Where torch's modules expect the channels: the one thing that two of them in a row can disagree about in silence."""

from __future__ import annotations

import dataclasses
import re

from torch import nn

from geonets.core.errors import UnsupportedError

CHANNELS_FIRST = re.compile(r"(?:Conv\w*|\w+Pool|InstanceNorm)([123])d|BatchNorm([23])d")
CHANNELS_LAST = re.compile(r"Linear|LayerNorm|RMSNorm|Embedding|RNN|LSTM|GRU|MultiheadAttention|Transformer\w+")


@dataclasses.dataclass(frozen=True)
class Layout:
    """What is known of a tensor on its way through a `torch.nn.Sequential`.

    Args:
        axes: how many axes an item has besides its channels; None where nothing tells.
        channels_first: whether channels come before these axes, as convolutions have it; None where nothing tells.
    """

    axes: int | None = None
    channels_first: bool | None = None

    def after(self, module: nn.Module, place: str) -> Layout:
        """What is known behind a module of torch's.

        Raises:
            UnsupportedError: if it reads channels along another axis than the module before it wrote them.
        """
        name = type(module).__name__
        if isinstance(module, nn.Flatten):  # one row an item
            return Layout()
        if isinstance(module, nn.Sequential):
            layout = self
            for part, inner in module.named_children():
                layout = layout.after(inner, f"{place}.{part}")
            return layout
        first = CHANNELS_FIRST.fullmatch(name)
        if first is None and CHANNELS_LAST.fullmatch(name) is None:
            return self
        if self.channels_first not in (None, first is not None):
            raise UnsupportedError(
                f"`{place}` must read channels where the module before it wrote them; got {name}, for which torch puts "
                f"channels {'first' if first else 'last'}. Pool items to one row first, or use a 1 x 1 convolution."
            )
        return Layout(int(first[1] or first[2]) if first else self.axes, first is not None)
