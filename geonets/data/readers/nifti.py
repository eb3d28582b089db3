"""NIfTI: volumes of medical imaging, 3-D and 4-D, read by nibabel."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import torch

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import grid
from geonets.data.readers.arrays import numbers
from geonets.data.readers.source import Source

AXES = ("x", "y", "z")


def read_nifti(source: Source) -> Structure:
    """A volume as a grid along (x, y, z), with time before these in a series; `x` has one channel unless said.

    The axes are those of nibabel, so that `globals["affine"]` takes their indices to millimetres; `voxel_size` is in
    the unit of space that `meta` names, `time_step` in that of time. Numbers stay as stored, unless the file
    scales them.

    Args:
        source: the file.

    Raises:
        MissingPackageError: if nibabel is not installed (extra `volumes`).
        ReadError: if the header is damaged or announces more than is there.

    Reference: Cox et al., "A (sort of) new image data format standard: NIfTI-1", 2004.
    """
    nibabel, content = require("nibabel", extra="volumes"), source.content
    loader = nibabel.Nifti2Image if content[4:8] == b"n+2\0" else nibabel.Nifti1Image
    log = logging.getLogger("nibabel.global")
    level = log.level
    try:
        log.setLevel(logging.CRITICAL)  # it prints what it finds odd in a header
        image = loader.from_bytes(content)
        header, affine = image.header, np.asarray(image.affine, np.float64)
        shape, dtype, start = tuple(map(int, image.shape)), header.get_data_dtype(), int(image.dataobj.offset)
        zooms, units = [float(zoom) for zoom in header.get_zooms()], header.get_xyzt_units()
    except Exception as error:  # damaged headers make nibabel raise whatever its fields lead to
        got = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise source.error("have an intact header", got, "byte 0", "Fetch or write it again.") from None
    finally:
        log.setLevel(level)
    if not 3 <= len(shape) <= 5 or not np.isfinite(affine).all():
        rule = "be a volume, a series of them, or one of vectors, in a finite place"
        raise source.error(rule, f"shape {shape}", "its header", "Write its parts as volumes.")
    size = math.prod(shape) * dtype.itemsize
    if size > len(content) - start or min(shape) < 0 or max(shape) >= 2**31 or start < 0:
        rule = f"hold the {size} bytes of an array of shape {shape}"
        raise source.error(rule, f"{len(content) - start}", f"byte {start}", "Fetch the whole file.")
    if not size:
        raise source.error("hold a volume", f"shape {shape}", "its header", "Fetch or write it again.")
    x = numbers(source, _values(image), "the voxels")
    x = x.reshape(*shape[:3], *(shape[3:4] or (1,)), -1)  # (x, y, z, time, C)
    series = len(shape) == 4 or shape[3:4] > (1,)
    x = x.movedim(3, 0).contiguous() if series else x.squeeze(3)
    fields = {"affine": torch.tensor(affine[None]), "voxel_size": torch.tensor([zooms[:3]], dtype=torch.float64)}
    if series:
        fields["time_step"] = torch.tensor([zooms[3]], dtype=torch.float64)
    meta = [{"space_unit": units[0], "time_unit": units[1]}]
    return grid([x], axes=("time", *AXES) if series else AXES, globals=fields, meta=meta)


def _values(image: Any) -> np.ndarray:
    """The voxels; those of colours, which are stored as records, with a channel axis."""
    values = np.asanyarray(image.dataobj)
    if values.dtype.names is None:
        return values
    return np.stack([values[name] for name in values.dtype.names], -1)
