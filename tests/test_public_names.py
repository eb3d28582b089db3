"""What users may rely on: the public names, an example for each, and an import that loads nothing unasked."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import geonets as gn

PUBLIC = {
    "geonets": """
        GeonetsError
        Chain Grid SparseGrid Set Graph Product Topology EdgeList
        Structure Level batch
        Relation Lag LagBuckets Offset HopDistance
        Neighborhood Stencil Links WithLoops WithoutLoops Predecessors KNN Radius Complete Cross Hub Near Itself
        Coarser Blocks Voxels Farthest Top Independent Back Along Strong Between
        Window Transposed ByType Coarser Blocks Voxels Farthest Top Independent Back Along Strong
        chain grid points graph mesh tree voxels molecule from_networkx to_networkx from_pyg to_pyg from_trimesh
        from_dense to_dense from_nested to_nested from_packed to_packed from_padded to_padded
        from_pil to_pil from_scipy to_scipy from_rdkit to_rdkit Hetero from_hetero to_hetero
        to_trimesh from_open3d to_open3d from_pandas to_pandas from_pandas_edgelist
        connect relate keep_sparse interpolate sample_surface sample_neighbors neighbor_batches explain_plan reference read robot view
        dataset Dataset
        windows jacobian_spectrum
        save load Shards ItemDataset BudgetSampler
        from_torch to_torch
    """,
    "geonets.nn": """
        Layer Sequential PerNode FromPyG Across Along MessagePassing
        Linear SparseLinear MLP Embedding Dropout BatchNorm LayerNorm GroupNorm InstanceNorm ReLU LeakyReLU ELU GELU SiLU Softplus Tanh Sigmoid
        Coarsen Refine Interpolate TopKPooling
        Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d RGCNConv KPConv
        MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d Readout
        RNN LSTM GRU RNNCell LSTMCell GRUCell
        Recurrent NaryTreeLSTM RNN2d LSTM2d GRU2d RNN3d LSTM3d GRU3d
        GCNConv SAGEConv GINConv GINEConv GATConv PointNetConv MultiheadAttention
        GATv2Conv TransformerConv GPSConv
        GraphConv NNConv ResGatedGraphConv GatedGraphConv EdgeConv DynamicEdgeConv PNAConv ChebConv APPNP SGConv
        TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder TransformerDecoder SinusoidalEncoding
        SetAttentionBlock InducedSetAttentionBlock PoolingByMultiheadAttention
        DeepSets VirtualNode JumpingKnowledge GNBlock
        GaussianSmearing ShiftedSoftplus CFConv SchNetInteraction EGNNConv
        PointTransformerConv SetAbstraction FeaturePropagation
    """,
    "geonets.models": "MLP PointNet PointNet2 ResNet18 SchNet UNet",
    "geonets.data.transforms": """
        compose center normalize scale jitter rotate flip standardize one_hot degree join
        add_self_loops remove_self_loops to_undirected coalesce laplacian_encoding random_walk_encoding
        subsample random_crop largest_component
        connect relate keep_sparse interpolate sample_surface sample_neighbors neighbor_batches
    """,
    "geonets.check": """
        lowering permutation translation causality rotation batch_invariance gradients receptive_field symmetries
        Report ReceptiveField Place
    """,
}
"""A name that is added or taken away is a decision: it changes this list and CHANGELOG.md."""

REASONS = {
    "as torch's module of this name, on rows": """
        Dropout LayerNorm BatchNorm ReLU LeakyReLU ELU GELU SiLU Softplus Tanh Sigmoid
    """,
    "as MaxPool2d or LSTMCell, which have one": "MaxPool1d MaxPool3d AvgPool1d AvgPool2d AvgPool3d RNNCell GRUCell",
    "as RNN2d or LSTM2d, which have one": "GRU2d RNN3d LSTM3d GRU3d",
    "abstract: CONTRIBUTING.md and README.md show subclasses": "Layer Neighborhood Topology Relation",
    "an argument of layers, whose examples show it": """
        Stencil Links WithLoops WithoutLoops Predecessors KNN Radius Complete Cross Hub Near Itself
        Coarser Blocks Voxels Farthest Top Independent Back Between
        Coarser Blocks Voxels Farthest Top Independent Back Transposed ByType
    """,
    "raised, never called": "GeonetsError",
    "built by EdgeList.of, which has one": "EdgeList",
    "a part of Structure; gn.mesh shows one": "Level",
    "returned by checks, whose examples show them": "Report ReceptiveField Place",
}
"""Why a public name has no example in its docstring."""

WITHOUT_EXAMPLE = {name for names in REASONS.values() for name in names.split()}
NAMES = [(module, name) for module, names in PUBLIC.items() for name in names.split()]
HEAVY = [
    *("torch_geometric", "sklearn", "trimesh", "open3d", "rdkit", "networkx"),
    *("pandas", "scipy", "plotly", "matplotlib", "numba"),
]


def room(path: str) -> ModuleType:
    return importlib.import_module(path)


@pytest.mark.parametrize("path", PUBLIC)
def test_public_names_are_these(path: str) -> None:
    module = room(path)
    public = {n for n in dir(module) if not n.startswith("_") and not isinstance(getattr(module, n), ModuleType)}
    assert public == set(PUBLIC[path].split())


@pytest.mark.parametrize("path", ["geonets.nn", "geonets.models", "geonets.check", "geonets.data.transforms"])
def test_all_lists_the_public_names(path: str) -> None:
    assert set(room(path).__all__) == set(PUBLIC[path].split())


@pytest.mark.parametrize(("path", "name"), NAMES)
def test_public_name_is_explained_and_shown(path: str, name: str) -> None:
    text = getattr(room(path), name).__doc__ or ""
    assert text.strip(), f"{path}.{name} has no docstring"
    assert ("Example:" in text) != (name in WITHOUT_EXAMPLE), (
        f"{path}.{name} must have an Example in its docstring, or be named in REASONS; not both"
    )


def test_reasons_are_given_for_public_names_only() -> None:
    assert WITHOUT_EXAMPLE.issubset(name for _, name in NAMES)


def test_import_loads_nothing_heavy() -> None:
    before, after = loaded_by("import geonets", "import networkx")
    assert before == []
    assert after == ["networkx"]  # the question can be answered otherwise


def test_import_loads_no_room_of_ours() -> None:
    """Rooms are opened at the first use of a name: what the front door costs does not grow with the house."""
    program = "import sys, geonets as gn; ours = lambda: {name for name in sys.modules if name.startswith('geonets')}"
    program += "; print(len(ours())); gn.chain; print('geonets.data.constructors' in ours(), 'geonets.nn' in ours())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", "False"]


def test_room_opened_first_does_not_hide_the_function_of_its_name() -> None:
    program = "from geonets.view.page import figure; import geonets as gn; print(gn.view.__qualname__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["view"]


def test_errors_are_a_family() -> None:
    errors = [error for error in vars(gn.errors).values() if isinstance(error, type) and issubclass(error, Exception)]
    assert len(errors) > 5
    assert all(issubclass(error, gn.GeonetsError) for error in errors)


def loaded_by(*statements: str) -> list[list[str]]:
    """Which of the heavy packages a fresh process has loaded after each of some statements."""
    ask = f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    program = "\n".join(["import sys", *(f"{statement}; {ask}" for statement in statements)])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]
