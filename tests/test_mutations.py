"""The mutations still break lines that are there; `python tests/mutations.py` sees whether they are caught."""

from __future__ import annotations

import pytest
from mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_a_mutation_breaks_one_line_that_is_there(mutation: Mutation) -> None:
    assert (ROOT / "geonets" / mutation.file).read_text().count(mutation.right) == 1
    assert mutation.wrong != mutation.right
    assert (ROOT / mutation.tests).exists()
