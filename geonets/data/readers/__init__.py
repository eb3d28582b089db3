"""Files that others wrote, one format a file, over the library that reads it best."""

from geonets.data.readers.formats import FORMATS, Format
from geonets.data.readers.read import read
from geonets.data.readers.robots import JOINT_TYPES, robot
from geonets.data.readers.source import Source

__all__ = ["FORMATS", "JOINT_TYPES", "Format", "Source", "read", "robot"]
