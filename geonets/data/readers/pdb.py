"""PDB: the Protein Data Bank's atoms, by RDKit; every model is an item."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.interop.chemistry import residues
from geonets.data.readers.molecules import Block, Record, built, is_finite, lines_of, parsed_block, read_records
from geonets.data.readers.source import Source

ATOMS = ("ATOM  ", "HETATM")
COORDINATES = (slice(30, 38), slice(38, 46), slice(46, 54))
BESIDE = ("CONECT", "COMPND", "TER")


def read_pdb(
    source: Source,
    *,
    connect: bool = True,
    hydrogens: bool | None = None,
    features: str = "rdkit",
    pos: bool | None = None,
) -> Structure:
    """Atoms with `pos` in angstrom and bonds: of known residues, of `CONECT`, and between near atoms.

    Names, residues, chains, occupancies and B factors are in `meta`, `"residues"`. Of alternative locations the first
    is read. Atoms whose hydrogens are not in the file count them as `num_hydrogens`.

    Args:
        source: the file.
        connect: bonds between atoms that are near each other.
        hydrogens: as in `gn.from_rdkit`, which knows these options: the file's own unless given.
        features: as in `gn.molecule`.
        pos: as in `gn.from_rdkit`.

    Raises:
        ReadError: if a coordinate is no number, or an atom has more bonds than it can.

    Reference: wwPDB, "Atomic coordinate entry format", version 3.3, 2012.
    """

    def record(block: Block[list[str]]) -> Record:
        return _record(block, connect)

    return read_records(source, _models(source), record, built(hydrogens, features, pos), None, "raise")


def _models(source: Source) -> Iterator[Block[list[str]]]:
    """The lines of each model, or of the file, in which other models' atoms are left empty."""
    lines = lines_of(source)
    starts = [at for at, line in enumerate(lines) if line.startswith("MODEL ")] or [0]
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True), 1):
        end = next((at for at in range(start, stop) if lines[at].startswith("ENDMDL")), stop)
        after = [line if line.startswith("CONECT") else "" for line in lines[end:]]
        before = [line if line.startswith("COMPND") else "" for line in lines[:start]]
        yield Block(source, number, 1, [*before, *lines[start:end], *after])


def _record(block: Block[list[str]], connect: bool) -> Record:
    atoms = [at for at, line in enumerate(block.content) if line.startswith(ATOMS)]
    for at in atoms:
        line = block.content[at]
        if not all(is_finite(line[columns]) for columns in COORDINATES):
            raise block.error("have three coordinates for each atom", repr(line), at, "Correct columns 31 to 54.")
    chem = require("rdkit.Chem", "rdkit")
    parse = functools.partial(chem.MolFromPDBBlock, removeHs=False, proximityBonding=connect)
    kept = [line for line in block.content if line.startswith((*ATOMS, *BESIDE))]
    text = "\n".join(kept).encode("ascii", "replace").decode()  # RDKit would cut letters of several bytes
    mol = parsed_block(block, parse, f"{text}\nEND\n", lambda atom: atoms[min(atom, len(atoms) - 1)])
    if not mol.GetNumConformers():
        raise block.error("have atoms", "none", "the whole file", "Check that it is a PDB file.")
    mol.GetConformer().Set3D(True)  # RDKit takes a flat one for a drawing
    chem.AssignStereochemistryFrom3D(mol)
    name = mol.GetProp("_Name") if mol.HasProp("_Name") else ""
    return Record(mol, {**({"name": name} if name else {}), **residues(mol)})
