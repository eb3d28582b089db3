"""Mutants of valid files: whatever is done to a file, a reader loads it or raises our error, quickly and in bounds."""

from __future__ import annotations

import itertools
import os
import random
import resource
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from apart import printed
from limits import limited

SPARE_BYTES = 2 << 30
NUMBERS = (b"0", b"-1", b"1", b"255", b"65536", b"2147483648", b"4294967296", b"9223372036854775807", b"1e400", b"nan")
BYTES = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\n",
    b" ",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x00\x00\x00\x80",
    b"\xff" * 8,
)


def mutants(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` broken copies of the seeds: bytes flipped, cut, doubled, exchanged, numbers replaced, two files spliced."""
    draw = random.Random(seed)
    for _ in range(count):
        content = bytearray(draw.choice(seeds))
        for _ in range(draw.choice((1, 1, 1, 2, 4))):
            _mutate(content, seeds, draw)
        yield bytes(content)


def _mutate(content: bytearray, seeds: Sequence[bytes], draw: random.Random) -> None:
    at = draw.randrange(len(content) + 1)
    near = draw.randrange(min(len(content), 200) + 1)  # headers are where counts are
    match draw.randrange(9):
        case 0 if content:
            content[at % len(content)] ^= 1 << draw.randrange(8)
        case 1:
            del content[at:]
        case 2:
            del content[at : at + draw.choice((1, 2, 4, 64))]
        case 3:
            content[at:at] = content[at : at + draw.choice((1, 4, 64, 512))]
        case 4:
            content[near : near + draw.randrange(5)] = draw.choice(BYTES)
        case 5:
            digits = [place for place, byte in enumerate(content[:4096]) if chr(byte).isdigit()]
            if digits:
                place = draw.choice(digits)
                stop = place
                while stop < len(content) and chr(content[stop]).isdigit():
                    stop += 1
                content[place:stop] = draw.choice(NUMBERS)
        case 6:
            content[at : at + draw.choice((1, 4, 8))] = draw.choice(BYTES)
        case 7:
            other = draw.choice(seeds)
            content[at:] = other[draw.randrange(len(other) + 1) :]
        case _:
            lines = bytes(content).split(b"\n")
            first, second = draw.randrange(len(lines)), draw.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            content[:] = b"\n".join(lines)


def fuzz(
    format: str, seeds: Sequence[Path], *, count: int, suffix: str = "", seed: int = 0, **options: Any
) -> list[str]:
    """Read mutants of valid files in a process of its own; what went wrong, a line each."""
    order = {"format": format, "seeds": [str(path) for path in seeds], "count": count, "seed": seed}
    order |= {"suffix": suffix or seeds[0].suffix, "options": options}
    out, err, code = printed(read_mutants, order)
    found = [line.removeprefix("finding: ") for line in out.splitlines() if line.startswith("finding: ")]
    if code:
        found.append(f"exit {code} {out.splitlines()[-1:]} {err[-800:]}")
    return found


def in_place(seeds: Sequence[Path], file: Path, count: int, seed: int) -> Iterator[None]:
    """Put one mutant after another where it is read; of a folder one member is broken at a time.

    What comes first is not broken: it loads, and what it needs is imported before memory is limited.
    """
    if not seeds[0].is_dir():
        contents = [path.read_bytes() for path in seeds]
        for content in itertools.chain(contents, mutants(contents, count, seed)):
            file.write_bytes(content)
            yield
        return
    members = {path.relative_to(seeds[0]): path.read_bytes() for path in sorted(seeds[0].rglob("*")) if path.is_file()}
    for name, content in members.items():
        (file / name).parent.mkdir(parents=True, exist_ok=True)
        (file / name).write_bytes(content)
    yield
    streams = [(name, mutants([content], count, seed + n)) for n, (name, content) in enumerate(members.items())]
    for number in range(count):
        name, stream = streams[number % len(streams)]
        (file / name).write_bytes(next(stream))
        yield
        (file / name).write_bytes(members[name])


def read_mutants(order: dict[str, Any]) -> None:
    """Print a line before each mutant, and one for each finding."""
    import geonets as gn

    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder, "work")
        inside.mkdir()
        os.chdir(inside)
        file = inside / f"mutant{order['suffix']}"
        seeds = [Path(path) for path in order["seeds"]]
        ready = in_place(seeds, file, order["count"], order["seed"])
        for _ in range(1 if seeds[0].is_dir() else len(seeds)):
            next(ready)
            gn.read(file, format=order["format"], **order["options"])
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + SPARE_BYTES, resource.RLIM_INFINITY))
        for number, _ in enumerate(ready):
            print(f"mutant {number} of seed {order['seed']}", flush=True)
            try:
                with limited():
                    gn.read(file, format=order["format"], **order["options"])
            except gn.GeonetsError as error:
                if not (getattr(error, "source", None) and getattr(error, "place", None)):
                    print(f"finding: mutant {number}: no file or place in {type(error).__name__}: {error}", flush=True)
            except BaseException as error:  # whatever is not ours is a finding
                print(f"finding: mutant {number}: {type(error).__name__}: {str(error)[:200]!r}", flush=True)
            strays = [path.name for path in inside.iterdir() if path != file]
            if strays or len(os.listdir(folder)) != 1:
                print(f"finding: mutant {number}: wrote {strays}", flush=True)
        os.chdir("/")
