"""What all tests share: one thread, a stated seed, the plan to run under, and the folder of real data."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import geonets as gn

LAWS = Path(__file__).parent / "laws"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plan",
        choices=("fastest", "reference"),
        default="fastest",
        help="reference: run the tests in tests/laws, and those marked `law`, in the slow message-passing form, where "
        "they must hold as well; fastest (default): by the kernels that the planner chooses",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "law: a law of an operation, which must also hold under --plan=reference")
    torch.set_num_threads(1)  # several workers share the cores
    if "GEONETS_CACHE" not in os.environ:
        cache = tempfile.mkdtemp(prefix="geonets-cache-")
        os.environ["GEONETS_CACHE"] = cache
        config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))


@pytest.fixture(autouse=True)
def stated_seed() -> None:
    torch.default_generator.manual_seed(0)  # a thousandth of what torch.manual_seed takes, which asks for devices


@pytest.fixture(autouse=True)
def chosen_plan(request: pytest.FixtureRequest) -> Iterator[None]:
    """Enter `gn.reference()` around a law test when `--plan=reference` asks for it."""
    is_law = LAWS in request.path.parents or request.node.get_closest_marker("law") is not None
    if is_law and request.config.getoption("--plan") == "reference":
        with gn.reference():
            yield
    else:
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that ask for it are skipped where there is none."""
    folder = os.environ.get("GEONETS_DATA")
    if not folder:
        pytest.skip("GEONETS_DATA is not set: it must name the folder of real data sets")
    if not Path(folder).is_dir():
        pytest.skip(f"GEONETS_DATA names no folder: {folder}")
    return Path(folder)
