"""MOL2: Tripos' molecules with atom types and partial charges."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.readers.molecules import Block, Record, built, is_finite, lines_of, parsed_block, read_records
from geonets.data.readers.source import Source

MARK = "@<TRIPOS>"


def read_mol2(
    source: Source, *, hydrogens: bool | None = None, features: str = "rdkit", pos: bool | None = None
) -> Structure:
    """Molecules with bonds, `pos` in angstrom, and `nodes["partial_charge"]` if all of them have charges.

    Names and atom types are in `meta`. RDKit reads the atom types that Corina writes.

    Args:
        source: the file.
        hydrogens: as in `gn.from_rdkit`, which knows these options: the file's own unless given.
        features: as in `gn.molecule`.
        pos: as in `gn.from_rdkit`.

    Raises:
        ReadError: if there are not as many atoms or bonds as announced, or an entry is none.

    Reference: Tripos, "Mol2 file format", 2005.
    """
    return read_records(source, _blocks(source), _record, built(hydrogens, features, pos), None, "raise")


def _blocks(source: Source) -> Iterator[Block[list[str]]]:
    lines = lines_of(source)
    starts = [at for at, line in enumerate(lines) if line.startswith(f"{MARK}MOLECULE")]
    for number, (start, end) in enumerate(zip(starts, [*starts, len(lines)][1:], strict=True), 1):
        yield Block(source, number, start + 1, lines[start:end])


def _record(block: Block[list[str]]) -> Record:
    words = block.content[2].split() if len(block.content) > 2 else []
    counts = [*words[:2], "0"][:2]
    if not words or not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in counts):
        got = repr(block.content[2]) if words else "nothing"
        raise block.error("announce atoms and bonds as whole numbers", got, 2, "Correct the counts.")
    num_atoms, num_bonds = map(int, counts)
    atoms = _section(block, "ATOM", num_atoms)
    for at in atoms:
        entries = block.content[at].split()
        if len(entries) < 6 or not all(is_finite(entry) for entry in [*entries[2:5], *entries[8:9]]):
            rule = "have a name, three coordinates and a type for each atom"
            raise block.error(rule, repr(block.content[at]), at, "Correct the atom.")
    for at in _section(block, "BOND", num_bonds):
        ends = block.content[at].split()[1:4]
        if len(ends) < 3 or not all(end.isascii() and end.isdigit() for end in ends[:2]):
            raise block.error(
                "have two atoms and a type for each bond", repr(block.content[at]), at, "Correct the bond."
            )
        if not all(1 <= int(end) <= num_atoms for end in ends[:2]):
            rule = f"have bonds between atoms 1 to {num_atoms}"
            raise block.error(rule, repr(block.content[at]), at, "Correct the bond.")
    chem = require("rdkit.Chem", "rdkit")
    parse = functools.partial(chem.MolFromMol2Block, removeHs=False)
    mol = parsed_block(block, parse, "\n".join(block.content) + "\n", lambda atom: atoms[atom])
    name = block.content[1].strip()
    types = [block.content[at].split()[5] for at in atoms]
    return Record(mol, {**({"name": name} if name else {}), "atom_types": types})


def _section(block: Block[list[str]], name: str, count: int) -> list[int]:
    """The lines of a section's entries, once there are as many as announced."""
    start = next((at for at, line in enumerate(block.content) if line.startswith(MARK + name)), None)
    found: list[int] = []
    for at, line in enumerate(block.content[start + 1 :] if start is not None else [], (start or 0) + 1):
        if line.startswith("@"):
            break
        if line.strip() and not line.startswith("#"):
            found.append(at)
    if len(found) != count:
        rule, got = f"have the {count} entries of {MARK}{name} that it announces", f"{len(found)} lines"
        raise block.error(rule, got, start or 2, "Correct the counts, or fetch the whole file.")
    return found
