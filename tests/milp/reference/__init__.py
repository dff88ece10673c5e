"""L(α, μ, κ) as FORMAT.md writes it, slowly: plain loops over ints and Fractions, every x tried.

Nothing of the package is used but the instance as data and the prices, whose columns are read as lists.
"""

from tests.milp.reference.box import NamedBox
from tests.milp.reference.reference import Reference

__all__ = ["NamedBox", "Reference"]
