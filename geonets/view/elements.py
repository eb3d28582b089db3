"""How atoms are drawn: the colours of Corey, Pauling and Koltun, as Jmol completed them."""

from __future__ import annotations

ELEMENT_COLORS = {
    "H": "#e8e8e8",
    "Li": "#cc80ff",
    "B": "#ffb5b5",
    "C": "#5f6670",
    "N": "#3050f8",
    "O": "#ee1c1c",
    "F": "#7fd850",
    "Na": "#ab5cf2",
    "Mg": "#7fe000",
    "Al": "#bfa6a6",
    "Si": "#dfb78a",
    "P": "#ff8000",
    "S": "#e8c81e",
    "Cl": "#1fd01f",
    "K": "#8f40d4",
    "Ca": "#3dc400",
    "Ti": "#bfc2c7",
    "Cr": "#8a99c7",
    "Mn": "#9c7ac7",
    "Fe": "#e06633",
    "Co": "#f090a0",
    "Ni": "#50d050",
    "Cu": "#c88033",
    "Zn": "#7d80b0",
    "As": "#bd80e3",
    "Se": "#ffa100",
    "Br": "#a62929",
    "Ag": "#a0a6b0",
    "Sn": "#668080",
    "I": "#940094",
    "Pt": "#b8b8c8",
    "Au": "#e8c020",
    "Hg": "#a8a8c0",
}
"""Carbon is slate, and white and yellow are a little darker than Jmol's, to be seen on light and on dark."""

OTHER_ELEMENT = "#e060a0"
