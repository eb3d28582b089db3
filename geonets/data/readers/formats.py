"""The formats that `read` knows: how each is recognised, and which module reads it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any, final

from geonets.core.structure import Structure
from geonets.data.readers.edgelist import is_edge_list
from geonets.data.readers.points import looks_like_points
from geonets.data.readers.source import Source
from geonets.data.readers.xyzmol import looks_like_molecule

Guess = Callable[[Source], bool]


@final
@dataclasses.dataclass(frozen=True)
class Format:
    """One file format.

    Args:
        name: what `read(path, format=...)` calls it.
        about: what it holds, in a few words.
        suffixes: of its files, in lower case, with the dot.
        module: of this folder, with the function `read_<name>`.
        content: whether a file looks like it from within; None where only the suffix tells.
        sure: whether `content` is proof, so that the suffix need not fit.
    """

    name: str
    about: str
    suffixes: tuple[str, ...]
    module: str
    content: Guess | None = None
    sure: bool = False

    @property
    def reader(self) -> Callable[..., Structure]:
        """The function that reads it: `reader(source, **options)`."""
        module = importlib.import_module(f"geonets.data.readers.{self.module}")
        return getattr(module, f"read_{self.name}")

    @property
    def options(self) -> dict[str, Any]:
        """The reader's own options with their defaults."""
        parameters = inspect.signature(self.reader).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


def starts(*signatures: bytes) -> Guess:
    """Whether a file begins with one of some bytes."""
    return lambda source: not source.is_folder and source.head(64).startswith(signatures)


def has(word: bytes, within: int = 4096) -> Guess:
    """Whether a word stands near the beginning of a file."""
    return lambda source: not source.is_folder and word in source.head(within)


def holds(*patterns: str) -> Guess:
    """Whether a folder holds a file of one of some names, itself or in its folder `raw`."""
    return lambda source: (
        source.is_folder and any(any((source.path / at).glob(pattern)) for pattern in patterns for at in ("", "raw"))
    )


def is_tar(source: Source) -> bool:
    """Whether a file is a tar archive, or compressed in a way that tar files are."""
    return not source.is_folder and (source.head(512)[257:262] == b"ustar" or source.head(6).startswith(TIGHT))


def near(at: int, *signatures: bytes) -> Guess:
    """Whether one of some bytes stands at a place of a file."""
    return lambda source: not source.is_folder and source.head(4096)[at:].startswith(signatures)


def is_idx(source: Source) -> bool:
    """Whether a file begins with two zeros, one of six types, and one to four axes."""
    head = b"" if source.is_folder else source.head(4)
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 4


IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm")
SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
TIGHT = (b"BZh", b"\xfd7zXZ\0")
POINTS = (".xyz", ".txt", ".pts", ".asc")
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")
TARS = (".tar", ".tgz", ".tbz2", ".txz", ".bz2", ".xz")
FORMATS: tuple[Format, ...] = (
    Format("off", "meshes, as text", (".off",), "off", starts(b"OFF"), sure=True),
    Format("ply", "meshes and point clouds", (".ply",), "ply", starts(b"ply\n", b"ply\r"), sure=True),
    Format("pcd", "point clouds", (".pcd",), "pcd", starts(b"# .PCD", b"VERSION"), sure=True),
    Format("stl", "meshes", (".stl",), "stl", starts(b"solid")),
    Format("gltf", "scenes of meshes", (".glb", ".gltf"), "gltf", starts(b"glTF"), sure=True),
    Format("obj", "meshes, as text", (".obj",), "obj"),
    Format("zip", "an archive with one of these in it", (".zip",), "archive", starts(b"PK"), sure=False),
    Format("tar", "an archive with one of these in it", TARS, "archive", is_tar, sure=True),
    Format("npy", "one NumPy array", (".npy",), "npy", starts(b"\x93NUMPY"), sure=True),
    Format("npz", "several NumPy arrays", (".npz",), "npz"),
    Format("safetensors", "tensors by name", (".safetensors", ".geonets"), "safetensors", near(8, b"{")),
    Format("pickle", "nothing that is read: pickles can run code", PICKLES, "pickled"),
    Format(
        "hdf5", "arrays in groups", (".h5", ".hdf5", ".hdf", ".he5"), "hdf5", starts(b"\x89HDF\r\n\x1a\n"), sure=True
    ),
    Format("tu", "graphs: a folder of TUDataset", (), "tu", holds("*_graph_indicator.txt"), sure=True),
    Format("planetoid", "a network: a folder of Planetoid", (), "planetoid", holds("ind.*.graph"), sure=True),
    Format("smiles", "molecules, as strings with names or in a table", (".smi", ".smiles", ".ism"), "smiles"),
    Format(
        "sdf", "molecules with bonds and properties", (".sdf", ".sd", ".mol", ".mdl"), "sdf", has(b"M  END"), sure=False
    ),
    Format("graphml", "networks, as XML", (".graphml",), "graphml", has(b"<graphml"), sure=True),
    Format("gml", "networks, as nested lists", (".gml",), "gml"),
    Format("urdf", "robots: links and joints", (".urdf", ".xml"), "urdf", has(b"<robot")),
    Format("mjcf", "robots: MuJoCo's models", (".xml", ".mjcf"), "mjcf", has(b"<mujoco")),
    Format("mol2", "molecules with partial charges", (".mol2", ".ml2"), "mol2", has(b"@<TRIPOS>MOLECULE"), sure=True),
    Format("pdb", "proteins and other molecules", (".pdb", ".ent"), "pdb"),
    Format("xyzmol", "atoms without bonds", (".xyz",), "xyzmol", looks_like_molecule),
    Format("edgelist", "networks, as lines", (".edges", ".edgelist", ".txt", ".tsv"), "edgelist", is_edge_list),
    Format("points", "point clouds, as lines of numbers", POINTS, "points", looks_like_points),
    Format("image", "images", IMAGES, "image", starts(*SIGNS), sure=True),
    Format("nifti", "volumes", (".nii",), "nifti", near(344, b"n+1\0"), sure=True),
    Format("wav", "recordings", (".wav", ".wave"), "sound", near(8, b"WAVE"), sure=True),
    Format("sound", "recordings, compressed", (".flac", ".ogg", ".mp3", ".aiff", ".aif", ".au"), "sound"),
    Format("idx", "the images and labels of MNIST", (".idx",), "idx", is_idx, sure=True),
    Format("csv", "tables", (".csv", ".tsv"), "csv"),
    Format("ts", "time series of the UEA and UCR archives", (".ts",), "series"),
    Format("text", "characters", (), "text"),
    Format("cifar", "the images of CIFAR, binary version", (".bin",), "cifar"),
)
"""Every format; where several claim a file by its content, the first is taken."""
