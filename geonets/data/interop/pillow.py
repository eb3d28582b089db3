"""Images from and to Pillow (PIL), of every mode, as they are: nothing is scaled, clipped or converted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from geonets.core.errors import DtypeError, ReadError, ShapeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.core.topology import Grid
from geonets.data.constructors import grid
from geonets.data.interop.refusals import field_of, refuse_losses

SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")
"""Modes of 16 bits; they become int32, which torch computes with."""

MODES = {
    (torch.bool, 1): "1",
    (torch.uint8, 1): "L",
    (torch.uint8, 2): "LA",
    (torch.uint8, 3): "RGB",
    (torch.uint8, 4): "RGBA",
    (torch.int32, 1): "I",
    (torch.float32, 1): "F",
}
"""The mode of an image that does not remember its own."""

OWN = ("mode", "palette", "palette_mode", "transparency")
"""What a record says of the image itself; the rest travels in `image.info["meta"]`."""


def from_pil(images: Any, *, y: Any = None, **levels: Any) -> Structure:
    """PIL images as grids with channels last, one node a pixel; sizes may differ.

    `x` has the numbers that the image holds: bool of mode 1, uint8 of L, LA, RGB, RGBA, CMYK, YCbCr, HSV, LAB, int32 of
    I and I;16, float32 of F, and of P the numbers of the palette's entries. `meta` holds the mode and the palette.

    Args:
        images: one image, or a list of images of modes with the same channels.
        y: `(B, ...)` one target an image.
        **levels: further fields: `nodes=`, `globals=` as in `Structure`.

    Raises:
        DtypeError: if it is no PIL image.
        ReadError: if an image has several frames, of which all but one would be lost.
        ShapeError: if the channels differ.

    Example:
        >>> from PIL import Image
        >>> from_pil([Image.new("RGB", (4, 3)), Image.new("RGB", (2, 5))])
        Structure of Grid(2 items of 3 x 2 .. 5 x 4 nodes along (y, x))
          nodes   x           (22, 3) uint8
    """
    pil = require("PIL.Image", "pillow")
    pixels, meta = [], []
    for item, image in enumerate(images if isinstance(images, list | tuple) else [images]):
        if not isinstance(image, pil.Image):
            raise DtypeError(f"`images` must be PIL images; got {type(image).__name__} (item {item}). Use gn.grid.")
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            raise ReadError(
                f"`images` must have one frame each; got {frames} (item {item}). "
                "Pass them one by one: [frame.copy() for frame in PIL.ImageSequence.Iterator(image)]."
            )
        array = np.array(image)
        array = array.astype(np.int32) if image.mode in SIXTEEN else array
        pixels.append(torch.from_numpy(array).reshape(image.height, image.width, -1 if array.size else _depth(image)))
        meta.append(_record(image))
    return grid(pixels, axes=("y", "x"), y=y, meta=meta, **levels)


def to_pil(structure: Structure) -> Any:
    """Grids as PIL images: of the mode that `meta` remembers, else of the mode that dtype and channels say.

    Args:
        structure: over a grid of two axes, with `x` of a dtype that a mode has.

    Returns:
        One image for one item; a list of images for several.

    Raises:
        StructureError: if it is no grid of two axes, has other fields, or has numbers that 16 bits do not hold.
        ShapeError: if no mode has this dtype and so many channels.

    Example:
        >>> to_pil(grid(torch.zeros(1, 3, 4, 3, dtype=torch.uint8))).mode
        'RGB'
    """
    pil = require("PIL.Image", "pillow")
    topology = structure.topology
    if not isinstance(topology, Grid) or topology.num_axes != 2:
        raise StructureError(f"`structure` must be a grid of two axes for PIL; got {topology!r}. Pass images.")
    field_of(structure, "nodes", "x")
    refuse_losses(structure, "PIL", axes=("y", "x"), nodes=("x",))
    images = [_image(pil, item, number) for number, item in enumerate(structure)]
    return images[0] if len(images) == 1 else images


def _record(image: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"mode": image.mode}
    if image.palette is not None and image.mode in ("P", "PA"):
        record |= {"palette": image.getpalette(image.palette.mode), "palette_mode": image.palette.mode}
    clear = image.info.get("transparency")
    if clear is not None:
        record["transparency"] = list(clear) if isinstance(clear, bytes | tuple) else clear
    return record | image.info.get("meta", {})


def _depth(image: Any) -> int:
    return len(image.getbands())


def _image(pil: Any, item: Structure, number: int) -> Any:
    height, width = item.topology.sizes.sizes[0].tolist()
    pixels, meta = item.x.detach().cpu(), (item.meta or ({},))[0]
    channels = pixels.shape[1] if pixels.ndim == 2 else 0
    mode = meta.get("mode")
    if mode in SIXTEEN and pixels.dtype == torch.int32 and channels == 1:
        if pixels.numel() and (int(pixels.min()) < 0 or int(pixels.max()) >= 2**16):
            raise StructureError(
                f"`x` must lie between 0 and 65535 for mode {mode}; got {int(pixels.min())} .. {int(pixels.max())} "
                f"(item {number}). Scale it, or forget the mode: structure.replace(meta=None)."
            )
        array = pixels.numpy().astype(">u2" if mode == "I;16B" else "<u2")
    elif mode is None or (torch.uint8, channels) != (pixels.dtype, len(pil.new(mode, (1, 1)).getbands())):
        mode, array = MODES.get((pixels.dtype, channels)), pixels.numpy()
        if mode is None:
            raise ShapeError(
                f"`x` must have a dtype and channels that a PIL mode has; got {pixels.dtype} of shape "
                f"{tuple(pixels.shape)} (item {number}). Convert it first: (255 * x).to(torch.uint8), 1 to 4 channels."
            )
    else:
        array = pixels.numpy()
    array = np.packbits(array.reshape(height, width), axis=1) if mode == "1" else array
    image = pil.frombytes(mode, (width, height), array.tobytes())
    if "palette" in meta and mode in ("P", "PA"):
        image.putpalette(meta["palette"], meta.get("palette_mode", "RGB"))
    if "transparency" in meta:
        clear = meta["transparency"]
        image.info["transparency"] = clear if isinstance(clear, int) else _clear(mode, clear)
    rest = {name: value for name, value in meta.items() if name not in OWN}
    image.info |= {"meta": rest} if rest else {}
    return image


def _clear(mode: str, clear: list[int]) -> Any:
    return bytes(clear) if mode == "P" else tuple(clear)
