"""Archives: one mesh in each that is valid."""

from __future__ import annotations

READY = ("tar", "zip")
CHECKS = {
    "tar/control": lambda s: s.num_nodes == 4 and len(s.levels["faces"]["vertices"]) == 4,
    "zip/control": lambda s: s.num_nodes == 4 and len(s.levels["faces"]["vertices"]) == 4,
}
