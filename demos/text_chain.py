"""Promise: a text is a chain of letters; an LSTM that reads it in order learns to write.

The text is Python's own language reference, which ships with Python. The twins must fail: one reads each letter by
itself (no memory), the other reads and writes the same letters in shuffled order (nothing to remember).

Run `python demos/text_chain.py`.
"""

from __future__ import annotations

import math
import random
import textwrap
import time
from pydoc_data.topics import topics
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets as gn
from geonets.training import fit, predict

LETTERS = "\n abcdefghijklmnopqrstuvwxyz.,:;!?'\"()[]{}<>=+-*/_0123456789"
WINDOW, WIDTH, EPOCHS = 128, 128, 6


class Writer(gn.nn.Layer):
    """The next letter, from all letters before it: embed, remember, guess."""

    def __init__(self, remembers: bool = True) -> None:
        super().__init__()
        self.embed = gn.nn.PerNode(nn.Embedding(len(LETTERS), WIDTH // 2))
        self.memory = gn.nn.LSTM(WIDTH // 2, WIDTH) if remembers else gn.nn.MLP([WIDTH // 2, WIDTH, WIDTH])
        self.guess = gn.nn.Linear(WIDTH, len(LETTERS))

    def forward(self, text: gn.Structure) -> gn.Structure:
        return self.guess(self.memory(self.embed(text)))

    def write(self, beginning: str, length: int, temperature: float = 0.6) -> str:
        """Go on letter by letter; the state travels from call to call."""
        written, state, unread = beginning, None, numbers(beginning)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for _ in range(length):
                step: Any = self.embed(gn.chain([unread.unsqueeze(-1)]).replace(x=unread))
                rows, state = self.memory(step, state, return_state=True)
                odds = (self.guess(rows).x[-1] / temperature).softmax(0)
                unread = torch.multinomial(odds, 1, generator=generator)
                written += LETTERS[int(unread)]
        return written


def numbers(text: str) -> Tensor:
    """Each letter's place in the alphabet."""
    return torch.tensor([LETTERS.index(letter) for letter in text])


def windows(text: str) -> gn.Structure:
    """Chains of letters, each with the letter that follows as its target."""
    places = numbers(text)
    count = (len(places) - 1) // WINDOW
    here, following = places[: count * WINDOW], places[1 : count * WINDOW + 1]
    return gn.Structure(gn.Chain(WINDOW, count), nodes={"x": here, "y": following})


def reference_text(length: int) -> str:
    """The pages on Python's syntax in one string, small letters only."""
    pages = "\n".join(topics[name] for name in sorted(topics)).lower()
    return "".join(letter for letter in pages if letter in LETTERS)[:length]


def nats(model: gn.nn.Layer, text: gn.Structure) -> float:
    return functional.cross_entropy(predict(model, text), text.y).item()


def main() -> None:
    torch.set_num_threads(1)  # layers this small gain nothing from a second core
    torch.manual_seed(0)
    text = reference_text(300_000)
    shuffled = "".join(random.Random(0).sample(text, len(text)))
    worlds = {
        "LSTM, in order": (Writer(), text),
        "each letter alone": (Writer(remembers=False), text),
        "LSTM, letters shuffled": (Writer(), shuffled),
    }
    print(f"{len(text):,} letters of Python's language reference; nats a letter on the last tenth, which no model saw")
    print(f"  {'guessing blindly':<24}{math.log(len(LETTERS)):6.2f}")
    found = {}
    for name, (model, source) in worlds.items():
        cut = len(source) * 9 // 10
        start = time.perf_counter()
        fit(
            model,
            windows(source[:cut]),
            functional.cross_entropy,
            epochs=EPOCHS,
            batch_size=32,
            lr=1e-2,
            schedule="one_cycle",
            progress=name,
        )
        found[name] = nats(model, windows(source[cut:]))
        print(f"  {name:<24}{found[name]:6.2f}   {time.perf_counter() - start:.0f} s")
    writer, ordered = worlds["LSTM, in order"][0], found["LSTM, in order"]
    sample = textwrap.fill(writer.write("the statement ", 300), 100)
    print(f"\nthe plan\n{gn.explain_plan(writer, windows(text[:1000]))}\n\na sample\n{sample}\n")
    kept = ordered < 1.6 and min(value for name, value in found.items() if name != "LSTM, in order") > ordered + 0.5
    print("promise kept: order carries more than half a nat a letter" if kept else "promise BROKEN")


if __name__ == "__main__":
    main()
