"""Which keys the tables of a configuration may have."""

from __future__ import annotations

from pydantic import BaseModel

from sopr_uq.errors import InputError

SHA256 = r"^[0-9a-f]{64}$"
"""What a hash looks like."""


def require_keys(model: BaseModel, what: str, needed: set[str], allowed: set[str]) -> None:
    """Refuse a model that lacks a needed key or sets one that does not belong to it."""
    given = {name for name in type(model).model_fields if getattr(model, name) is not None}
    missing = sorted(needed - given)
    surplus = sorted((given & model.model_fields_set) - allowed)
    if missing or surplus:
        wanted = f"{what} with {' and '.join(sorted(needed))}"
        found = [f"no {name}" for name in missing] + [f"{name} as well" for name in surplus]
        raise InputError("keys", wanted, ", ".join(found))
