"""Free spoken digits: which digit is said, by a speaker whom the network never heard."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional
from trial import measured

import geonets as gn
from geonets.training import accuracy, predict

SCORE, SEEDS = "accuracy, speaker left out", 3
WINDOW, HOP, BANDS, LOWEST = 256, 80, 40, 60.0
"""Of the spectra: samples, samples, number, hertz."""
EPOCHS, BATCH, LR, DECAY = 25, 32, 3e-3, 2e-2


def rows(folder: Path, seeds: range) -> list[Row]:
    """Dilated convolutions over time, and the twin that sees a set of moments without order."""
    spectra, digits, speakers = recordings(folder / "sequences" / "fsdd")

    def tested(kernel: int, seed: int) -> float:
        found = []
        for place, speaker in enumerate(sorted(set(speakers))):
            known = [number for number, who in enumerate(speakers) if who != speaker]
            unknown = [number for number, who in enumerate(speakers) if who == speaker]
            model = learned(kernel, spectra, digits, known, 10 * seed + place)
            test = gn.chain([spectra[number] for number in unknown], y=digits[unknown])
            found.append(accuracy(predict(model, test), test.y))
        return sum(found) / len(found)

    return [
        measured("Conv1d, dilated", lambda seed: tested(5, seed), seeds, (">=", 0.75), ""),
        measured("no order", lambda seed: tested(1, seed), seeds),
    ]


def recordings(folder: Path) -> tuple[list[Tensor], Tensor, list[str]]:
    """Logarithmic mel spectra `(T, BANDS)` of equal loudness, their digits and their speakers."""
    spectra, digits, speakers = [], [], []
    for file in sorted(folder.glob("*.wav")):
        digit, speaker, _ = file.stem.split("_")
        sound = gn.read(file)
        spectra.append(spectrum(sound.x[:, 0].float() / 2**15, int(sound.globals["sample_rate"])))
        digits.append(int(digit))
        speakers.append(speaker)
    return spectra, torch.tensor(digits), speakers


def spectrum(samples: Tensor, rate: int) -> Tensor:
    """What is heard in each band at each moment, in logarithms; the mean is 0 and the deviation 1."""
    samples = functional.pad(samples, (0, max(0, WINDOW - len(samples))))
    bent = torch.stft(samples, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True).abs().square()
    heard = (filters(rate) @ bent + 1e-6).log().T
    return (heard - heard.mean()) / (heard.std() + 1e-3)


def filters(rate: int) -> Tensor:
    """`(BANDS, WINDOW / 2 + 1)` triangles, equally wide in mel.

    Reference: O'Shaughnessy, "Speech communication: human and machine", 1987, p. 150.
    """
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (LOWEST, rate / 2))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    hertz = np.fft.rfftfreq(WINDOW, 1 / rate)[None]
    triangles = np.minimum((hertz - left) / (middle - left), (right - hertz) / (right - middle))
    return torch.from_numpy(np.maximum(0, triangles)).float()


def varied(heard: Tensor, generator: torch.Generator) -> Tensor:
    """As another might have said it: with longer or shorter vocal tract, slower or faster, brighter or duller."""
    tract, pace, tilt = torch.rand(3, generator=generator).tolist()
    moments = max(8, int(len(heard) * (0.75 + 0.6 * pace)))
    bands = (torch.arange(BANDS) * (0.82 + 0.36 * tract)).clamp(max=BANDS - 1) / (BANDS - 1) * 2 - 1
    when, which = torch.meshgrid(torch.linspace(-1, 1, moments), bands, indexing="ij")
    bent = functional.grid_sample(heard[None, None], torch.stack([which, when], -1)[None], align_corners=True)[0, 0]
    bent = bent + 0.6 * (tilt - 0.5) * torch.linspace(-1, 1, BANDS)
    deaf = int(torch.randint(0, BANDS - 5, (1,), generator=generator))
    bent[:, deaf : deaf + 5] = 0
    return bent + 0.1 * torch.randn(bent.shape, generator=generator)


def learned(kernel: int, spectra: list[Tensor], digits: Tensor, known: list[int], seed: int) -> nn.Module:
    """A network that heard every recording once an epoch, each time said otherwise."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = network(kernel)
    optimizer = torch.optim.AdamW(model.parameters(), LR, weight_decay=DECAY)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, EPOCHS * -(-len(known) // BATCH))
    for epoch in range(EPOCHS):
        model.train()
        heard = gn.chain([varied(spectra[number], generator) for number in known], y=digits[known])
        for batch in heard.batches(BATCH, shuffle=True, seed=epoch):
            optimizer.zero_grad()
            functional.cross_entropy(model(batch).x, batch.y, label_smoothing=0.1).backward()
            optimizer.step()
            rate.step()
    return model


def network(kernel: int) -> nn.Module:
    """Three convolutions, each reaching twice as far, and the loudest of what they find."""
    layers: list[nn.Module] = []
    for width, dilation in ((BANDS, 1), (96, 2), (96, 4)):
        convolution = gn.nn.Conv1d(width, 96, kernel, padding="same", dilation=dilation)
        layers += [convolution, gn.nn.BatchNorm(96), gn.nn.ReLU(), gn.nn.Dropout(0.2)]
    return gn.nn.Sequential(*layers, gn.nn.Readout("max"), gn.nn.Linear(96, 10))
