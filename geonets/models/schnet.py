"""`SchNet`: the energy of a molecule from its atoms and the distances between them."""

from __future__ import annotations

from torch import Tensor, nn

from geonets.core.errors import StructureError
from geonets.core.neighborhoods import Neighborhood, Radius
from geonets.core.options import one_of
from geonets.core.structure import Structure
from geonets.nn import GaussianSmearing, Readout, SchNetInteraction, ShiftedSoftplus
from geonets.nn.layer import Layer, features
from geonets.nn.molecule.distances import pair_lengths


class SchNet(Layer):
    """`y = reduce_i W_2 ssp(W_1 h_i)` after `T` interactions `h <- h + interaction(h)`, begun with what element it is.

    Keys and results of PyG's `SchNet`, whose weights load as they are. The result does not change when the molecule is
    turned, mirrored or shifted, and is smooth in `pos`: `-torch.autograd.grad(y.sum(), pos)` are forces, and losses on
    forces have gradients.

    Args:
        hidden_channels: of an atom.
        num_filters: of a convolution.
        num_interactions: `T`.
        num_gaussians: over which a distance is smeared.
        cutoff: the distance at which atoms have stopped to hear each other, in the unit of `pos`.
        readout: over the atoms: `"add"` (for energies) or `"mean"`.
        neighborhood: who hears whom; all atoms within the cutoff unless given.

    Returns:
        A Structure with one node an item, and one channel.

    Raises:
        OptionError: for another readout.
        StructureError: if there are no positions, or the first column of `x` does not hold atomic numbers below 100.

    Reference: Schuett et al., "SchNet: a continuous-filter convolutional neural network for modeling quantum
        interactions", 2017, figure 2 and equation 5.

    Example:
        >>> import torch, geonets as gn
        >>> water = torch.tensor([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], requires_grad=True)
        >>> atoms = gn.points([water], x=[torch.tensor([[8.0], [1.0], [1.0]])])
        >>> energy = gn.models.SchNet(hidden_channels=16, num_filters=16, num_interactions=2)(atoms).x
        >>> forces = -torch.autograd.grad(energy.sum(), water)[0]
        >>> energy.shape, forces.shape, bool(forces.sum(0).abs().max() < 1e-5)
        (torch.Size([1, 1]), torch.Size([3, 3]), True)
    """

    def __init__(
        self,
        hidden_channels: int = 128,
        num_filters: int = 128,
        num_interactions: int = 6,
        num_gaussians: int = 50,
        cutoff: float = 10.0,
        readout: str = "add",
        neighborhood: Neighborhood | None = None,
    ) -> None:
        super().__init__()
        one_of("readout", readout, ("add", "mean"))
        self.neighborhood = Radius(cutoff) if neighborhood is None else neighborhood
        self.embedding = nn.Embedding(100, hidden_channels, padding_idx=0)
        self.distance_expansion = GaussianSmearing(0.0, cutoff, num_gaussians)
        self.interactions = nn.ModuleList(
            [
                SchNetInteraction(hidden_channels, num_gaussians, num_filters, cutoff, self.neighborhood)
                for _ in range(num_interactions)
            ]
        )
        self.lin1 = nn.Linear(hidden_channels, hidden_channels // 2)
        self.act = ShiftedSoftplus()
        self.lin2 = nn.Linear(hidden_channels // 2, 1)
        for linear in (self.lin1, self.lin2):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
        self.readout = Readout("sum" if readout == "add" else readout)

    def forward(self, structure: Structure) -> Structure:
        """The energies; the first column of `x` holds atomic numbers, as that of `gn.molecule` does."""
        state = structure.replace(x=self.embedding(self._numbers(structure)))
        distances, pair = pair_lengths(structure, self.neighborhood, "SchNet")
        smeared = self.distance_expansion(distances)
        for interaction in self.interactions:
            assert isinstance(interaction, SchNetInteraction)
            state = state.replace(x=state.x + interaction.filtered(state, distances, smeared, pair).x)
        return self.readout(state.replace(x=self.lin2(self.act(self.lin1(state.x)))))

    def _numbers(self, structure: Structure) -> Tensor:
        numbers = features(structure)[:, 0].long()
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < self.embedding.num_embeddings:
            raise StructureError(
                f"`structure.x` must hold atomic numbers from 0 to 99 in its first column; got {int(numbers.min())} .. "
                f"{int(numbers.max())}. Put them there: structure.replace(x=numbers[:, None])."
            )
        return numbers
