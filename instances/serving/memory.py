"""How many tokens a device's memory holds."""

from __future__ import annotations

from fractions import Fraction

from instances.errors import InputError

GIGABYTE = 10**9
KILOBYTE = 10**3


def kv_tokens(total: Fraction, model: Fraction, per_token: Fraction) -> int:
    """Return η = ⌊(M_max − M_model) / KV per token⌋.

    Parameters
    ----------
    total, model
        Memory of the device and what the model's weights take of it, in GB of 10⁹ bytes.
    per_token
        Keys and values of one token, in kB of 10³ bytes.

    Raises
    ------
    InputError
        If nothing is left for a single token.
    """
    if per_token <= 0:
        raise InputError("keys and values of more than 0 kB per token", str(per_token))
    tokens = int((total - model) * GIGABYTE / (per_token * KILOBYTE))
    if tokens < 1:
        raise InputError("memory for at least one token beside the model", f"{total - model} GB")
    return tokens
