"""One small molecule in every format: seeds of mutants, and known answers."""

from __future__ import annotations

ATOMS = [
    ("C", -1.3833, 0.3299, -0.1951),
    ("C", -0.4113, -0.7723, 0.1956),
    ("F", -0.9569, -1.4418, 1.2516),
    ("C", 0.8969, -0.1358, 0.5748),
    ("C", 1.6184, 0.4078, -0.3818),
    ("O", 2.8290, 1.0272, -0.2145),
    ("H", -0.8345, 1.2778, -0.1312),
    ("H", -2.1834, 0.3801, 0.5743),
    ("H", -1.7695, 0.1094, -1.2002),
    ("H", -0.2692, -1.4239, -0.6830),
    ("H", 1.2506, -0.1159, 1.5975),
    ("H", 1.2132, 0.3576, -1.3880),
]
"""An enolate with one stereo centre, one double bond and one charge."""

BONDS = [(1, 2), (2, 3), (2, 4), (4, 5), (5, 6), (1, 7), (1, 8), (1, 9), (2, 10), (4, 11), (5, 12)]
SMILES = "C[C@H](F)/C=C/[O-]"
CHARGE = {5: -1}
TYPES = {"C": "C.3", "F": "F", "O": "O.3", "H": "H"}


def order(bond: tuple[int, int]) -> int:
    return 2 if bond == (4, 5) else 1


def mol(properties: str = "") -> str:
    head = f"enolate\n  by hand          3D\n\n{len(ATOMS):3}{len(BONDS):3}  0  0  0  0  0  0  0  0999 V2000\n"
    atoms = "".join(f"{x:10.4f}{y:10.4f}{z:10.4f} {e:<3} 0  0  0  0  0  0  0  0  0  0  0  0\n" for e, x, y, z in ATOMS)
    bonds = "".join(f"{a:3}{b:3}{order((a, b)):3}  0\n" for a, b in BONDS)
    return f"{head}{atoms}{bonds}M  CHG  1   6  -1\nM  END\n{properties}"


def sdf(*energies: str) -> str:
    return "".join(mol(f">  <energy>\n{energy}\n\n$$$$\n") for energy in energies)


def v3000() -> str:
    def charge(number: int) -> str:
        return f" CHG={CHARGE[number]}" if number in CHARGE else ""

    atoms = [f"{n + 1} {e} {x} {y} {z} 0{charge(n)}" for n, (e, x, y, z) in enumerate(ATOMS)]
    bonds = [f"{n} {order(bond)} {bond[0]} {bond[1]}" for n, bond in enumerate(BONDS, 1)]
    lines = ["BEGIN CTAB", f"COUNTS {len(ATOMS)} {len(BONDS)} 0 0 0", "BEGIN ATOM", *atoms, "END ATOM"]
    lines += ["BEGIN BOND", *bonds, "END BOND", "END CTAB"]
    body = "".join(f"M  V30 {line}\n" for line in lines)
    return f"enolate\n  by hand          3D\n\n  0  0  0     0  0            999 V3000\n{body}M  END\n"


def mol2() -> str:
    kinds = [TYPES[e] if n not in (3, 4) else "C.2" for n, (e, *_) in enumerate(ATOMS)]
    atoms = "".join(
        f"{n + 1} {e}{n + 1} {x} {y} {z} {kind} 1 LIG {n / 10}\n"
        for n, ((e, x, y, z), kind) in enumerate(zip(ATOMS, kinds, strict=True))
    )
    bonds = "".join(f"{n} {a} {b} {order((a, b))}\n" for n, (a, b) in enumerate(BONDS, 1))
    head = f"# by hand\n@<TRIPOS>MOLECULE\nenolate\n{len(ATOMS)} {len(BONDS)} 1 0 0\nSMALL\nUSER_CHARGES\n\n"
    return f"{head}@<TRIPOS>ATOM\n{atoms}@<TRIPOS>BOND\n{bonds}"


def pdb(models: int = 1) -> str:
    atoms = "".join(
        f"HETATM{n:5} {e + str(n):<4} LIG B   7    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.50          {e:>2}\n"
        for n, (e, x, y, z) in enumerate(ATOMS, 1)
    ).replace(" O\n", " O1-\n")
    bonds = "".join(f"CONECT{a:5}{b:5}\n" * order((a, b)) for a, b in BONDS)
    body = "".join(f"MODEL {n:8}\n{atoms}ENDMDL\n" for n in range(1, models + 1)) if models > 1 else atoms
    return f"HEADER    BY HAND\nREMARK   1 TEXT\n{body}{bonds}END\n"


def xyz(frames: int = 1) -> str:
    atoms = "".join(f"{e} {x} {y} {z}\n" for e, x, y, z in ATOMS)
    return f"{len(ATOMS)}\nenolate\n{atoms}" * frames


MOLECULES: dict[str, dict[str, bytes]] = {
    "smiles": {"a.smi": f"{SMILES} enolate\nc1cc[nH]c1\n[13CH3:2][N+](=O)[O-] salt\nC%12CC%12.[Na+]\n".encode()},
    "sdf": {"a.sdf": sdf("1.5", "2.5").encode(), "v3000.sdf": v3000().encode()},
    "mol2": {"a.mol2": mol2().encode()},
    "pdb": {"a.pdb": pdb().encode(), "models.pdb": pdb(2).encode()},
    "xyzmol": {"a.xyz": xyz(2).encode()},
}
