"""Layers: parameters and a spec. Each takes a `Structure` and returns one; names are torch's and PyG's."""

from geonets.nn.attention import (
    InducedSetAttentionBlock,
    MultiheadAttention,
    PoolingByMultiheadAttention,
    SetAttentionBlock,
    SinusoidalEncoding,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from geonets.nn.axes import Across, Along
from geonets.nn.cloud import FeaturePropagation, PointNetConv, PointTransformerConv, SetAbstraction
from geonets.nn.coarsening import Coarsen, Interpolate, Refine
from geonets.nn.containers import Sequential
from geonets.nn.convolution import Conv1d, Conv2d, Conv3d
from geonets.nn.graph import GATConv, GATv2Conv, GCNConv, GINConv, GINEConv, GPSConv, SAGEConv, TransformerConv
from geonets.nn.graph_network import GNBlock
from geonets.nn.hub import DeepSets, VirtualNode
from geonets.nn.jumping import JumpingKnowledge
from geonets.nn.layer import Layer
from geonets.nn.message_passing import MessagePassing
from geonets.nn.molecule import CFConv, EGNNConv, GaussianSmearing, SchNetInteraction, ShiftedSoftplus
from geonets.nn.nodewise import (
    ELU,
    GELU,
    MLP,
    Dropout,
    Embedding,
    LeakyReLU,
    Linear,
    PerNode,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from geonets.nn.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from geonets.nn.pooling import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d, Readout
from geonets.nn.pyg import FromPyG
from geonets.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from geonets.nn.topk import TopKPooling

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "Across",
    "Along",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm",
    "CFConv",
    "Coarsen",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "DeepSets",
    "Dropout",
    "EGNNConv",
    "Embedding",
    "FeaturePropagation",
    "FromPyG",
    "GATConv",
    "GATv2Conv",
    "GCNConv",
    "GINConv",
    "GINEConv",
    "GNBlock",
    "GPSConv",
    "GRUCell",
    "GaussianSmearing",
    "GroupNorm",
    "InducedSetAttentionBlock",
    "InstanceNorm",
    "Interpolate",
    "JumpingKnowledge",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MessagePassing",
    "MultiheadAttention",
    "PerNode",
    "PointNetConv",
    "PointTransformerConv",
    "PoolingByMultiheadAttention",
    "RNNCell",
    "ReLU",
    "Readout",
    "Refine",
    "SAGEConv",
    "SchNetInteraction",
    "Sequential",
    "SetAbstraction",
    "SetAttentionBlock",
    "ShiftedSoftplus",
    "SiLU",
    "Sigmoid",
    "SinusoidalEncoding",
    "Softplus",
    "Tanh",
    "TopKPooling",
    "TransformerConv",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "VirtualNode",
]
