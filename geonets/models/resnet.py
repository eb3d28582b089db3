"""`ResNet18`: the network whose weights everybody has, on grids of any size, on a torus, on a masked image."""

from __future__ import annotations

from torch import nn

from geonets.core.structure import Structure
from geonets.nn import BatchNorm, Conv2d, Linear, MaxPool2d, Readout, ReLU, Sequential
from geonets.nn.layer import Layer


class BasicBlock(Layer):
    """`y = relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))`, both kernels 3 x 3.

    Args:
        in_channels: channels of `x`.
        out_channels: channels of the result.
        stride: of the first convolution; the shortcut is a 1 x 1 convolution where width or size change.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = BatchNorm(out_channels)
        self.relu = ReLU()
        self.conv2 = Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = BatchNorm(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            shortcut = Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = Sequential(shortcut, BatchNorm(out_channels))

    def forward(self, structure: Structure) -> Structure:
        hidden = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(structure)))))
        shortcut = structure if self.downsample is None else self.downsample(structure)
        return self.relu(hidden.replace(x=hidden.x + shortcut.x))


class ResNet18(Layer):
    """Eighteen layers of residual blocks; keys and shapes of torchvision's `resnet18`, so its weights load as they are.

    Images of different sizes share a batch, each as if it were alone; on a torus (`periodic`) there is no border, on a
    masked image only the pixels that exist are seen.

    Args:
        num_classes: channels of the result.
        in_channels: channels of a pixel.

    Returns:
        A Structure with one node an item.

    Reference: He, Zhang, Ren & Sun, "Deep residual learning for image recognition", 2016, table 1 and figure 5.

    Example:
        >>> import torch, geonets as gn
        >>> photos = gn.grid([torch.rand(64, 64, 3), torch.rand(40, 75, 3)])
        >>> gn.models.ResNet18(num_classes=10).eval()(photos).x.shape
        torch.Size([2, 10])
    """

    def __init__(self, num_classes: int = 1000, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = BatchNorm(64)
        self.relu = ReLU()
        self.maxpool = MaxPool2d(3, stride=2, padding=1)
        self.layer1 = Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))
        self.layer3 = Sequential(BasicBlock(128, 256, stride=2), BasicBlock(256, 256))
        self.layer4 = Sequential(BasicBlock(256, 512, stride=2), BasicBlock(512, 512))
        self.avgpool = Readout("mean")
        self.fc = Linear(512, num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, structure: Structure) -> Structure:
        return self.fc(self.avgpool(self.maps(structure)[-1]))

    def maps(self, structure: Structure) -> list[Structure]:
        """The features after each of the four stages, for detection and segmentation on top."""
        found = [self.maxpool(self.relu(self.bn1(self.conv1(structure))))]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            found.append(stage(found[-1]))
        return found[1:]
