"""Images of several sizes on one canvas."""

from __future__ import annotations

import pytest
import torch

import geonets as gn

SIZES = [(4, 5), (6, 3), (1, 1), (5, 4), (0, 3), (3, 6)]


@pytest.mark.parametrize("stride", [1, 2, (2, 3)])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_window_sees_its_own_image_only_where_neighbours_share_their_padding(
    stride: int | tuple[int, int], padding: int
) -> None:
    layer = gn.nn.Conv2d(2, 3, 3, stride, padding).double()
    images = [gn.grid(torch.randn(1, *size, 2, dtype=torch.double)) for size in SIZES if min(size) + 2 * padding > 2]
    whole = gn.batch(images)
    (step,) = gn.explain_plan(layer, whole)
    assert step.plan.name == "conv_on_canvas"
    torch.testing.assert_close(layer(whole).x, torch.cat([layer(image).x for image in images]), atol=1e-12, rtol=0)
