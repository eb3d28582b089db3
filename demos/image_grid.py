"""Promise: an image is a grid of pixels; one Conv2d serves images of different sizes in one batch, without padding.

Real digits are pasted at random places into canvases of nine sizes. The twin must fail: its kernel is 1 x 1, so it sees
the inks of an image and not how they lie.

Run `python demos/image_grid.py`.
"""

from __future__ import annotations

import time

import torch
from torch.nn import functional

import geonets as gn
from geonets.training import accuracy, fit, predict

SIDES = (10, 13, 16)


def canvases(seed: int) -> gn.Structure:
    """scikit-learn's 1,797 digits, 8 x 8 pixels each, somewhere on a larger canvas."""
    from sklearn.datasets import load_digits

    pixels, target = load_digits(return_X_y=True)
    generator = torch.Generator().manual_seed(seed)
    images = []
    for digit in torch.as_tensor(pixels).float().reshape(-1, 8, 8) / 16:
        height, width = (SIDES[side] for side in torch.randint(len(SIDES), (2,), generator=generator).tolist())
        top = int(torch.randint(height - 7, (), generator=generator))
        left = int(torch.randint(width - 7, (), generator=generator))
        canvas = torch.zeros(height, width, 1)
        canvas[top : top + 8, left : left + 8, 0] = digit
        images.append(canvas)
    return gn.grid(images, y=torch.as_tensor(target))


def network(kernel_size: int) -> gn.nn.Sequential:
    """Two convolutions, then the sum over the canvas, whatever its size."""
    padding = kernel_size // 2
    return gn.nn.Sequential(
        gn.nn.Conv2d(1, 32, kernel_size, padding=padding),
        gn.nn.BatchNorm(32),
        gn.nn.ReLU(),
        gn.nn.MaxPool2d(2),
        gn.nn.Conv2d(32, 96, kernel_size, padding=padding),
        gn.nn.BatchNorm(96),
        gn.nn.ReLU(),
        gn.nn.Readout("sum"),
        gn.nn.Linear(96, 10),
    )


def main() -> None:
    torch.set_num_threads(1)  # layers this small gain nothing from a second core
    torch.manual_seed(0)
    images = canvases(seed=0)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    train, test = images[order[:1437]], images[order[1437:]]
    print(f"{images}\n\naccuracy on {len(test)} digits that no model saw")
    found = {}
    for name, model in {"3 x 3 kernels": network(3), "1 x 1 kernels": network(1)}.items():
        start = time.perf_counter()
        fit(
            model,
            train,
            functional.cross_entropy,
            epochs=15,
            batch_size=64,
            lr=1e-2,
            schedule="one_cycle",
            progress=name,
        )
        found[name] = accuracy(predict(model, test), test.y)
        print(f"  {name:<16}{found[name]:.3f}   {time.perf_counter() - start:.0f} s")
    print(f"\nthe plan\n{gn.explain_plan(network(3), test)}\n")
    kept = found["3 x 3 kernels"] >= 0.95 and found["1 x 1 kernels"] <= 0.4
    print("promise kept: pixels that hear their neighbours read digits, of any canvas" if kept else "promise BROKEN")


if __name__ == "__main__":
    main()
