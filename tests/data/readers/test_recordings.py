"""Sound, volumes, IDX and CIFAR: as other libraries read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from messages.recordings import idx, wav

import geonets as gn

DATA = Path(os.environ.get("GEONETS_DATA", "no such folder"))
DRAW = np.random.default_rng(0)
real = pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is unset")


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8"])
def test_wav_equals_scipy(dtype: str, tmp_path: Path) -> None:
    from scipy.io import wavfile

    samples = DRAW.normal(0, 1, (50, 2)) if dtype[0] == "f" else DRAW.integers(0, 200, (50, 2))
    wavfile.write(tmp_path / "a.wav", 44100, samples.astype(dtype))
    sound = gn.read(tmp_path / "a.wav")
    assert sound.globals["sample_rate"].tolist() == [44100]
    assert torch.equal(sound.x, torch.from_numpy(wavfile.read(tmp_path / "a.wav")[1].copy()))


def test_wav_of_24_bits_keeps_sign_and_size(tmp_path: Path) -> None:
    numbers = [0, 1, -1, 2**23 - 1, -(2**23)]
    samples = b"".join(number.to_bytes(3, "little", signed=True) for number in numbers)
    (tmp_path / "a.wav").write_bytes(wav(bits=24, samples=samples))
    assert gn.read(tmp_path / "a.wav").x.flatten().tolist() == numbers


@pytest.mark.parametrize(
    ("suffix", "subtype", "dtype"), [("flac", "PCM_16", torch.int16), ("wav", "ULAW", torch.float32)]
)
def test_compressed_sound(suffix: str, subtype: str, dtype: torch.dtype, tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, DRAW.normal(0, 0.1, (90_000, 2)), 8000, subtype=subtype)
    sound = gn.read(path)
    assert (sound.x.dtype, sound.x.shape) == (dtype, (90_000, 2))
    expected = soundfile.read(path, dtype="int16" if dtype == torch.int16 else "float32")[0]
    assert torch.equal(sound.x, torch.from_numpy(expected))


@real
def test_digits_spoken() -> None:
    import wave

    paths = sorted((DATA / "sequences/fsdd").glob("*.wav"))
    assert len(paths) == 800
    for path in paths:
        with wave.open(str(path)) as file:
            frames, rate = file.getnframes(), file.getframerate()
        sound = gn.read(path)
        assert (sound.num_nodes, sound.globals["sample_rate"].item()) == (frames, rate)


@real
@pytest.mark.parametrize("name", [path.name for path in (DATA / "volumes").glob("*.nii*")] or ["none"])
def test_volumes_equal_nibabel(name: str) -> None:
    from nibabel.loadsave import load

    other: Any = load(DATA / "volumes" / name)
    volume = gn.read(DATA / "volumes" / name)
    values = np.asanyarray(other.dataobj)
    x = volume.x.reshape(*volume.topology.sizes.sizes[0].tolist())
    x = x.movedim(0, 3) if values.ndim == 4 else x
    np.testing.assert_array_equal(x.numpy(), values)
    np.testing.assert_array_equal(volume.globals["affine"][0], other.affine)
    np.testing.assert_allclose(volume.globals["voxel_size"][0], other.header.get_zooms()[:3])


def test_volumes_of_vectors_and_colours(tmp_path: Path) -> None:
    import nibabel

    vectors = DRAW.normal(size=(2, 3, 4, 1, 3)).astype(np.float32)
    nibabel.Nifti1Image(vectors, np.eye(4)).to_filename(tmp_path / "a.nii")
    field = gn.read(tmp_path / "a.nii")
    assert field.topology.sizes.sizes.tolist() == [[2, 3, 4]]
    np.testing.assert_array_equal(field.x, vectors.reshape(24, 3))
    colours = DRAW.integers(0, 255, (2, 3, 4, 3), np.uint8).view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nibabel.Nifti1Image(colours, np.eye(4)).to_filename(tmp_path / "b.nii")
    assert gn.read(tmp_path / "b.nii").x.shape == (24, 3)


@real
@pytest.mark.parametrize(("name", "count"), [("train", 60_000), ("t10k", 10_000)])
def test_mnist(name: str, count: int) -> None:
    images = gn.read(DATA / f"images/mnist/{name}-images-idx3-ubyte.gz", labels=f"{name}-labels-idx1-ubyte.gz")
    assert (len(images), images.x.shape, images.x.dtype) == (count, (count * 784, 1), torch.uint8)
    assert images.y.unique().tolist() == list(range(10))


def test_idx_of_other_axes(tmp_path: Path) -> None:
    for shape, nodes, x in (((7,), 7, (7,)), ((7, 3), 7, (7, 3)), ((2, 4, 5, 3), 40, (40, 3))):
        (tmp_path / "a").write_bytes(idx(*shape))
        found = gn.read(tmp_path / "a")
        assert (len(found), found.num_nodes, found.x.shape) == (shape[0], nodes, x)


def test_cifar(tmp_path: Path) -> None:
    planes = DRAW.integers(0, 255, (2, 3, 32, 32), np.uint8)
    rows = [
        np.array([label], np.uint8).tobytes() + image.tobytes() for label, image in zip((3, 9), planes, strict=True)
    ]
    (tmp_path / "a.bin").write_bytes(b"".join(rows))
    images = gn.read(tmp_path / "a.bin")
    assert images.y.tolist() == [3, 9]
    assert torch.equal(images[1].x.reshape(32, 32, 3).movedim(2, 0), torch.from_numpy(planes[1]))
    (tmp_path / "b.bin").write_bytes(bytes([19, 99]) + rows[0][1:])
    fine = gn.read(tmp_path / "b.bin", classes=100)
    assert (fine.globals["coarse"].item(), fine.y.item()) == (19, 99)
