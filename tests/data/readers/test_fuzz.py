"""No mutant of a valid file crashes, hangs, escapes, allocates by an announced count, or ends in a foreign error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from array_files import ARRAYS
from fuzzing import fuzz
from molecule_files import MOLECULES
from network_files import NETWORKS
from shape_files import SHAPES

FILES = Path(os.environ.get("GEONETS_DATA", "no such folder"), "..", "badinputs", "files").resolve()
SEEDS: dict[str, list[str]] = {
    "off": ["off/control.off"],
    "tar": ["tar/control.tar"],
    "zip": ["zip/control.zip"],
    "npy": ["npy/control.npy"],
    "npz": ["npz/control.npz"],
    "safetensors": ["safetensors/control.safetensors"],
    "hdf5": ["h5/control.h5"],
    "planetoid": ["planetoid/control"],
    "csv": ["csv/control.csv", "csv/bom.csv"],
    "image": ["img/control_png.png", "img/control_jpg.jpg", "img/one_bit.png"],
}
"""The valid files from which the mutants of a format are made."""

WRITTEN: dict[str, dict[str, bytes]] = {**SHAPES, **ARRAYS, **NETWORKS, **MOLECULES}
"""Further ones, by name, which are written where they are needed."""

FORMATS = sorted({*SEEDS, *WRITTEN})

OPTIONS: dict[str, dict[str, Any]] = {"csv": {"item": "src", "time": "dst", "missing": "drop"}}
"""What a format is read with."""

FEWER = {"hdf5": (10, 3000), "mjcf": (10, 3000), "sound": (10, 3000)}
"""How many mutants of a format are read, in a bounded and in a long run, where each takes a process of its own."""

pytestmark = pytest.mark.skipif(not FILES.exists(), reason="the folder of bad inputs is not beside GEONETS_DATA")


def seeds(format: str, folder: Path) -> list[Path]:
    """The valid files of a format."""
    for name, content in WRITTEN.get(format, {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return [FILES / name for name in SEEDS.get(format, ())] + sorted(folder.iterdir())


@pytest.mark.parametrize("format", FORMATS)
def test_mutants(format: str, tmp_path: Path) -> None:
    assert (
        fuzz(format, seeds(format, tmp_path), count=FEWER.get(format, (300, 20_000))[0], **OPTIONS.get(format, {}))
        == []
    )


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_many_mutants(format: str, tmp_path: Path) -> None:
    assert (
        fuzz(
            format,
            seeds(format, tmp_path),
            count=FEWER.get(format, (300, 20_000))[1],
            seed=1,
            **OPTIONS.get(format, {}),
        )
        == []
    )
