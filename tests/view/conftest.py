"""Structures to look at, a browser to look with, and whether Open3D can draw."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import networkx
import numpy as np
import pytest
import torch

import geonets as gn

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-logging=stderr",
    "--hide-scrollbars",
    "--virtual-time-budget=8000",
    "--window-size=900,1600",
)
"""WebGL in software, nothing from the network, and time that passes as fast as the page is drawn."""


@pytest.fixture
def caffeine() -> gn.Structure:
    return gn.molecule("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")


@pytest.fixture
def club() -> gn.Structure:
    return gn.from_networkx(networkx.karate_club_graph())


@pytest.fixture
def cloud() -> gn.Structure:
    return gn.points([torch.randn(40, 3), torch.randn(60, 3)])


@pytest.fixture
def tetrahedron() -> gn.Structure:
    return gn.mesh(torch.eye(4, 3), torch.tensor([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]))


@pytest.fixture(scope="session")
def open3d() -> None:
    """Skip where Open3D cannot load or draw."""
    try:
        module = importlib.import_module("open3d")
    except (ImportError, OSError) as error:
        pytest.skip(f"Open3D cannot load ({error}): apt-get install libegl1 libgl1 libusb-1.0-0")
    visualizer = module.visualization.Visualizer()
    drawable = visualizer.create_window(width=64, height=64, visible=False)
    visualizer.destroy_window()
    if not drawable:
        pytest.skip("Open3D finds no OpenGL: apt-get install libegl1 libgl1")


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[[Path], tuple[np.ndarray, list[str]]]:
    """Open a page in headless Chromium: its pixels, and the errors that its console shows."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"no browser on PATH: one of {', '.join(BROWSERS)}")

    def shoot(page: Path) -> tuple[np.ndarray, list[str]]:
        from PIL import Image

        picture = tmp_path / "screenshot.png"
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [browser, *FLAGS, profile, f"--screenshot={picture}", page.resolve().as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        with Image.open(picture) as image:
            pixels = np.asarray(image.convert("RGB"))
        return pixels, [line for line in console if re.search(r"Error|Refused|violates|Failed", line)]

    return shoot


@pytest.fixture
def loads() -> Callable[[str], list[str]]:
    """What a page would load from elsewhere: every `src` and `href` that is no data and no place on the page itself."""

    def found(page: str) -> list[str]:
        markup = re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", page, flags=re.DOTALL)
        links = re.findall(r"""\b(?:src|href|action|poster|data)\s*=\s*["']([^"']*)""", markup)
        links += re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", markup)
        return [str(link) for link in links if not str(link).startswith(("#", "data:"))]

    return found
