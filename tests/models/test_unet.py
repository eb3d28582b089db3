"""`UNet`: the claims of demos/one_unet.py over three seeds, and its parts."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
import torch

import geonets as gn

DEMOS = Path(__file__).parent.parent.parent / "demos"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("kind", ["chain", "image", "volume", "cloud", "graph"])
def test_a_unet_does_what_neither_twin_does(kind: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEMOS))
    monkeypatch.delitem(sys.modules, "scenes", raising=False)
    demo = runpy.run_path(str(DEMOS / "one_unet.py"))
    _, answers = demo["trial"](kind, seed)
    assert demo["kept"](answers), {name: found[:2] for name, found in answers.items()}


def test_twins_have_as_many_parameters() -> None:
    def size(**options: object) -> int:
        net = gn.models.UNet(3, 2, **options)  # pyright: ignore[reportArgumentType]
        return sum(weight.numel() for weight in net.parameters())

    assert size() == size(coarsen=lambda width: gn.nn.Coarsen(gn.Coarser(1)))
    assert size(skip=False) < size()


def test_a_unet_of_one_level_is_its_convolutions() -> None:
    net = gn.models.UNet(3, 2, widths=(4,), conv=lambda i, o: gn.nn.Conv1d(i, o, 3, padding=1)).eval()
    x = torch.randn(1, 9, 3)
    torch.testing.assert_close(net(gn.chain(x)).x, net.head(net.across(gn.chain(x))).x)


def test_images_of_odd_and_different_sizes_need_no_padding() -> None:
    net = gn.models.UNet(3, 2, conv=lambda i, o: gn.nn.Conv2d(i, o, 3, padding=1))
    images = gn.grid([torch.randn(13, 9, 3), torch.randn(8, 17, 3)])
    out = net(images)
    assert out.topology is images.topology
    out.x.square().sum().backward()
    assert all(weight.grad is not None and bool(weight.grad.isfinite().all()) for weight in net.parameters())
