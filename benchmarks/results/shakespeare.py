"""tinyshakespeare: the next character, after about a minute of learning on one core."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from table import Row
from torch import Tensor, nn
from torch.nn import functional
from trial import measured

import geonets as gn

State = tuple[Tensor, Tensor] | None
SCORE, SEEDS = "nats a character", 3
HIDDEN, EMBEDDED, ROWS, STEPS, EPOCHS, LR = 224, 64, 64, 64, 2, 1.2e-2


def rows(folder: Path, seeds: range) -> list[Row]:
    """An LSTM that reads on through the text, and the twin that forgets everything before the last character."""
    text = (folder / "sequences" / "text" / "tinyshakespeare_input.txt").read_text()
    number = {character: place for place, character in enumerate(sorted(set(text)))}
    numbers = torch.tensor([number[character] for character in text])
    cut = len(numbers) * 9 // 10
    train, test = numbers[:cut], numbers[cut:]

    def tested(model: nn.Module, seed: int) -> float:
        return learned(model, train, test, seed)

    def lstm(seed: int) -> float:
        torch.manual_seed(seed)
        return tested(Reader(len(number)), seed)

    def bigram(seed: int) -> float:
        torch.manual_seed(seed)
        return tested(Reader(len(number), memory=False), seed)

    return [
        measured("LSTM", lstm, seeds, ("<=", 1.65), "char-rnn, larger and longer: 1.4 to 1.5"),
        measured("the last character only", bigram, seeds),
    ]


class Reader(nn.Module):
    """Scores of the next character and the state to go on from, of `(B, T)` characters."""

    def __init__(self, characters: int, memory: bool = True) -> None:
        super().__init__()
        self.embedding = gn.nn.Embedding(characters, EMBEDDED)
        self.lstm = gn.nn.LSTM(EMBEDDED, HIDDEN) if memory else None
        self.out = gn.nn.Linear(HIDDEN if memory else EMBEDDED, characters)

    def forward(self, characters: Tensor, state: State) -> tuple[Tensor, State]:
        topology = gn.Chain(characters.shape[1], len(characters))
        embedded = self.embedding(gn.Structure(topology, {"x": characters.reshape(-1)}))
        if self.lstm is None:
            return self.out(embedded).x, None
        states, state = self.lstm(embedded, state, return_state=True)
        return self.out(states).x, state


def learned(model: nn.Module, train: Tensor, test: Tensor, seed: int) -> float:
    """The loss on the test text, after reading the training text in parallel rows."""
    read, following = in_rows(train, ROWS)
    pieces = read.shape[1] // STEPS
    optimizer = torch.optim.AdamW(model.parameters(), LR, betas=(0.9, 0.99))
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, EPOCHS * pieces, pct_start=0.1)
    for _ in range(EPOCHS):
        state = None
        for piece in range(pieces):
            part = slice(piece * STEPS, (piece + 1) * STEPS)
            scores, state = model(read[:, part], state)
            state = None if state is None else tuple(tensor.detach() for tensor in state)
            optimizer.zero_grad()
            functional.cross_entropy(scores, following[:, part].reshape(-1)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rate.step()
    return tested(model, test)


def tested(model: nn.Module, test: Tensor) -> float:
    """Mean loss of every character but the first of each of a few rows."""
    read, following = in_rows(test, 16)
    state, total = None, 0.0
    with torch.no_grad():
        for start in range(0, read.shape[1], 256):
            part = slice(start, start + 256)
            scores, state = model(read[:, part], state)
            total += functional.cross_entropy(scores, following[:, part].reshape(-1), reduction="sum").item()
    return total / math.prod(following.shape)


def in_rows(numbers: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The text cut into rows, and the character that follows each."""
    length = (len(numbers) - 1) // count * count
    return numbers[:length].reshape(count, -1), numbers[1 : length + 1].reshape(count, -1)
