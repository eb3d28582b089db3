"""ResNet-18: torchvision's keys, a plain-torch twin, and what no plain-torch network does."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import geonets as gn


class PlainBlock(nn.Module):
    """A basic block in plain torch, under torchvision's names."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.downsample = shortcut if stride > 1 or before != after else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (hidden + (x if self.downsample is None else self.downsample(x))).relu()


class PlainResNet18(nn.Module):
    """Table 1 of He et al. 2016 in plain torch, under torchvision's names."""

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        before = 64
        for number, width in enumerate((64, 128, 256, 512), start=1):
            stride = 1 if number == 1 else 2
            self.add_module(
                f"layer{number}", nn.Sequential(PlainBlock(before, width, stride), PlainBlock(width, width, 1))
            )
            before = width
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        for number in (1, 2, 3, 4):
            x = getattr(self, f"layer{number}")(x)
        return self.fc(x.mean((2, 3)))


@pytest.fixture(scope="module")
def plain() -> PlainResNet18:
    torch.manual_seed(0)
    net = PlainResNet18(10).double()
    net.train()
    net(torch.randn(4, 3, 40, 40, dtype=torch.float64))  # running statistics of their own
    return net.eval()


@pytest.fixture(scope="module")
def ours(plain: PlainResNet18) -> gn.models.ResNet18:
    net = gn.models.ResNet18(10).double().eval()
    net.load_state_dict(plain.state_dict())
    return net


def test_keys_and_number_of_weights_are_those_of_the_published_network() -> None:
    """122 entries and 11,689,512 weights, as torchvision's documentation counts them."""
    net = gn.models.ResNet18()
    assert list(net.state_dict()) == list(PlainResNet18().state_dict())
    assert len(net.state_dict()) == 122
    assert sum(weight.numel() for weight in net.parameters()) == 11_689_512


def test_the_same_weights_give_the_same_answers_and_gradients(plain: PlainResNet18, ours: gn.models.ResNet18) -> None:
    images = torch.randn(2, 3, 45, 60, dtype=torch.float64, requires_grad=True)
    expected = plain(images)
    found = ours(gn.grid(images, channels_first=True)).x
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)
    grads = [
        torch.autograd.grad(out.square().sum(), [images, *net.parameters()])
        for out, net in ((found, ours), (expected, plain))
    ]
    for mine, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-9, rtol=1e-9)


def test_images_of_different_sizes_share_a_batch(plain: PlainResNet18, ours: gn.models.ResNet18) -> None:
    images = [torch.randn(*size, 3, dtype=torch.float64) for size in ((33, 47), (64, 64), (40, 32))]
    expected = torch.cat([plain(image.movedim(-1, 0)[None]) for image in images])
    torch.testing.assert_close(ours(gn.grid(images)).x, expected, atol=1e-10, rtol=1e-10)


def test_the_features_of_each_stage(plain: PlainResNet18, ours: gn.models.ResNet18) -> None:
    maps = ours.maps(gn.grid(torch.randn(1, 64, 96, 3, dtype=torch.float64)))
    assert [part.topology.uniform for part in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert [part.x.shape[1] for part in maps] == [64, 128, 256, 512]


def test_on_a_torus_there_is_no_border(ours: gn.models.ResNet18) -> None:
    """Translations by the whole stride change nothing at all; on a plain image they do."""
    images = torch.randn(2, 64, 96, 3, dtype=torch.float64)
    moved = images.roll((32, 64), (1, 2))
    on_torus = [ours(gn.grid(x, periodic=True)).x for x in (images, moved)]
    on_plane = [ours(gn.grid(x)).x for x in (images, moved)]
    torch.testing.assert_close(on_torus[0], on_torus[1], atol=1e-10, rtol=1e-10)
    assert (on_plane[0] - on_plane[1]).abs().max() > 1e-3


def test_on_a_torus_it_is_the_network_on_an_endless_tiling(plain: PlainResNet18, ours: gn.models.ResNet18) -> None:
    """Far from the border of 15 x 15 copies the plain network sees what ours sees on one."""
    image = torch.randn(32, 32, 3, dtype=torch.float64)
    tiled = image.repeat(15, 15, 1).movedim(-1, 0)[None]
    stem = functional.max_pool2d(plain.bn1(plain.conv1(tiled)).relu(), 3, 2, 1)
    maps = [stem]
    for number in (1, 2, 3, 4):
        maps.append(getattr(plain, f"layer{number}")(maps[-1]))
    middle = plain.fc(maps[-1][:, :, 7, 7])
    torch.testing.assert_close(ours(gn.grid([image], periodic=True)).x, middle, atol=1e-9, rtol=1e-9)


def test_a_masked_image_is_its_part(plain: PlainResNet18, ours: gn.models.ResNet18) -> None:
    """A mask that is a rectangle at a multiple of the stride leaves the image that was cut out, whatever lies outside."""
    image = torch.randn(1, 128, 128, 3, dtype=torch.float64)
    mask = torch.zeros(128, 128, dtype=torch.bool)
    mask[32:96, 64:128] = True
    part = gn.grid(image).nodes_where(mask.flatten())
    expected = plain(image[:, 32:96, 64:128].movedim(-1, 1))
    torch.testing.assert_close(ours(part).x, expected, atol=1e-10, rtol=1e-10)


def test_any_mask_hides_what_it_hides(ours: gn.models.ResNet18) -> None:
    image = torch.randn(1, 64, 64, 3, dtype=torch.float64)
    mask = (torch.arange(64)[:, None] - 32) ** 2 + (torch.arange(64) - 32) ** 2 < 30**2
    changed = torch.where(mask[None, :, :, None], image, image + 10.0)
    before, after = (ours(gn.grid(x).nodes_where(mask.flatten())).x for x in (image, changed))
    assert torch.equal(before, after)
    assert (before - ours(gn.grid(image)).x).abs().max() > 1e-3
