"""Looking at structures: one scene, two faces (a window or picture, and an offline HTML page); and reports."""

from geonets.view.report import Report
from geonets.view.scene import Scene
from geonets.view.show import view

__all__ = ["Report", "Scene", "view"]
