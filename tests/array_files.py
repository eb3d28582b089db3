"""Valid files of arrays, images, recordings, volumes and tables, from which mutants are made."""

from __future__ import annotations

import io

import numpy as np
from messages.arrays import npy, npz
from messages.recordings import frame, idx, image, nifti, wav

NUMBERS = np.arange(60.0).reshape(20, 3)
RECORDS = np.zeros(5, [("height", "<f4"), ("colour", "u1", (3,))])
SERIES = "# of two channels\n@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true a b\n@data\n"


def hdf5() -> bytes:
    """Groups, attributes, links, and arrays stored in one piece and in compressed chunks."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["x"] = NUMBERS
        file.create_dataset("deep/er/y", data=np.arange(2000) % 7, chunks=(100,), compression="gzip", shuffle=True)
        file["deep"].attrs["unit"] = "m"
        file["deep/bits"] = np.array([True, False])
        file["soft"] = h5py.SoftLink("/x")
        file["deep/again"] = file["deep"]
    return content.getvalue()


def sound(format: str, subtype: str) -> bytes:
    import soundfile

    content = io.BytesIO()
    soundfile.write(content, np.sin(np.arange(400.0))[:, None], 8000, subtype, format=format)
    return content.getvalue()


ARRAYS: dict[str, dict[str, bytes]] = {
    "npy": {"records.npy": npy(RECORDS), "columns.npy": npy(np.asfortranarray(NUMBERS.astype(">i4")))},
    "npz": {"packed.npz": npz(("x.npy", npy(NUMBERS)), ("y.npy", npy(np.arange(20))), compression=8)},
    "hdf5": {"groups.h5": hdf5()},
    "image": {
        "pages.tif": image("RGB", "TIFF", (frame("RGB"),)),
        "deep.png": image("I;16"),
        "frames.gif": image("P", "GIF", (frame("P"),)),
        "picture.bmp": image("RGB", "BMP"),
        "picture.webp": image("RGB", "WEBP"),
        "picture.ppm": image("RGB", "PPM"),
        "picture.jpg": image("CMYK", "JPEG"),
    },
    "nifti": {"volume.nii": nifti(), "series.nii": nifti((2, 3, 4, 2))},
    "wav": {"plain.wav": wav(), "long.wav": wav(channels=2, bits=24, samples=bytes(range(12)))},
    "sound": {
        "tone.flac": sound("FLAC", "PCM_16"),
        "tone.ogg": sound("OGG", "VORBIS"),
        "tone.wav": sound("WAV", "ULAW"),
    },
    "idx": {"images": idx(2, 3, 4), "labels": idx(7)},
    "cifar": {"batch.bin": b"".join(bytes([label]) + bytes(range(256)) * 12 for label in range(3))},
    "csv": {"words.csv": b'dst;src;"w;x"\n1;0;2.5\n2;0;-1e3\n2;1;NA\n'},
    "ts": {
        "classes.ts": f"{SERIES}1,2,3:4,5,6:b\n7:8:a\n".encode(),
        "target.ts": b"@targetLabel true\n@data\n1,2:0.5\n",
    },
    "text": {"text.txt": "to be, or not\n\u00f1\U0001f642".encode()},
}
