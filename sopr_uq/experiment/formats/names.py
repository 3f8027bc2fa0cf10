"""What the name of a column says about it."""

from __future__ import annotations

import re

from sopr_uq.experiment.formats.table import Column

_UNITS = {
    "inverse_angstrom": "1/angstrom", "inverse_nm": "1/nm",
    "angstrom-1": "1/angstrom", "angstrom^-1": "1/angstrom", "1/angstrom": "1/angstrom",
    "nm-1": "1/nm", "nm^-1": "1/nm", "1/nm": "1/nm", "angstrom": "angstrom", "ang": "angstrom",
    "a": "angstrom", "nm": "nm", "pm": "pm", "a-1": "1/angstrom", "a^-1": "1/angstrom",
    "1/a": "1/angstrom", "kcal_per_mol": "kcal/mol", "kcal/mol": "kcal/mol",
    "kj_per_mol": "kJ/mol", "kj/mol": "kJ/mol", "k": "K", "kelvin": "K", "ev": "eV",
    "mev": "meV", "bohr": "bohr",
}  # fmt: skip
_ABSCISSAE = {
    "r": ("r", "distance", "radius", "dist", "bins", "bin", "bin_centers", "bincenters", "x_r"),
    "q": ("q", "k", "wavenumber", "wave_number", "momentum_transfer"),
}
_ORDINATES = {
    "g": ("g", "g(r)", "gr", "g_r", "rdf", "pair_distribution_function", "pcf"),
    "h": ("h", "h(r)", "g-1", "g(r)-1", "hr"),
    "G": ("G", "G(r)", "Gr", "D(r)"),
    "t": ("t(r)", "T(r)"),
    "rdf": ("4pir2rhog", "n(r)", "RDF(r)"),
    "s": ("s", "s(q)", "sq", "s(k)", "s_q", "structure_factor", "i(q)"),
    "s-1": ("s-1", "s(q)-1", "h(q)", "i"),
    "q(s-1)": ("q(s-1)", "q[s(q)-1]", "q(s(q)-1)", "q*(s-1)"),
    "f": ("f",),
    "error": (
        *("error", "err", "errors", "sigma_g", "sigma_s", "std", "sd", "stderr", "uncertainty"),
        *("dg", "dg(r)", "ds", "ds(q)", "dgr", "esd", "e", "dy"),
        # a standard uncertainty, as metrologists write it
        *("u(g)", "u(g(r))", "u(s)", "u(s(q))", "u(f)", "u(f(q))"),
        *(f"{sd}({of})" for sd in ("sigma", "σ") for of in ("g", "g(r)", "s", "s(q)", "f", "f(q)")),
    ),
    "potential": ("v", "u", "v(r)", "u(r)", "energy", "potential", "pot"),
    "force": ("force", "f(r)", "fprime"),
    "other": ("coord", "coordination", "count", "counts", "n", "row", "index", "flag", "dr", "dq"),
}
_BRACKETED = re.compile(r"(?P<name>.*?)\s*(?:\[(?P<a>[^\[\]]*)\]|\((?P<b>[^()]*)\)|/\s*(?P<c>\S+))")
_SUFFIXED = re.compile(r"(?P<name>[A-Za-z]+)_(?P<unit>[A-Za-z_]+)")
_PARTIAL = re.compile(r"(?P<head>g|s|h|f|dg|ds|error)_(?P<pair>[A-Za-z][A-Za-z0-9+-]*)")
_TEX = re.compile(r"[\s${}\\]|\^(?=\{)")


def column_of(name: str) -> Column:
    r"""Return what a column is, as far as its name tells.

    ``r_angstrom``, ``r (nm)``, ``Q / Å⁻¹``, ``G($\AA^{-2}$)``, ``error`` and
    their kin are understood; ``G`` and ``g`` differ.
    """
    name = name.strip().strip("\"'").strip()
    for bare, unit in _readings(name):
        quantity = quantity_named(bare)
        if quantity:
            return Column(name, quantity, unit)
    return Column(name)


def quantity_named(name: str) -> str:
    """Return the quantity that a name without a unit stands for, or nothing."""
    plain = name.strip().replace(" ", "")
    for quantity, names in (*_ABSCISSAE.items(), *_ORDINATES.items()):
        # G is 4πρr(g − 1) and g is g: for these the case matters.
        exact = quantity in ("G", "t", "g", "rdf")
        if plain in names or (not exact and plain.casefold() in names):
            return quantity
    partial = _PARTIAL.fullmatch(plain)
    if partial is not None and not unit_of(partial["pair"]):
        return {"dg": "error", "ds": "error"}.get(partial["head"], partial["head"])
    return "g" if plain in ("RDF", "Rdf", "PCF", "GR") else ""


def unit_of(text: str) -> str:
    """Return the canonical name of a unit, or nothing."""
    plain = _TEX.sub("", text).casefold().strip("_")
    plain = plain.replace("⁻¹", "-1").replace("−", "-").replace("å", "angstrom")
    plain = plain.replace("aa", "angstrom").replace("angstroms", "angstrom")
    plain = plain.replace("kj/mole", "kj/mol").replace("kcal/mole", "kcal/mol")
    return _UNITS.get(plain.replace("**", "^"), "")


def _readings(name: str) -> list[tuple[str, str]]:
    """Return the ways to part a name into quantity and unit, the longest name first."""
    found = [(name, "")]
    suffixed = _SUFFIXED.fullmatch(name)
    if suffixed is not None and unit_of(suffixed["unit"]):
        found.append((suffixed["name"], unit_of(suffixed["unit"])))
    bracketed = _BRACKETED.fullmatch(name)
    if bracketed is not None:
        inside = bracketed["a"] or bracketed["b"] or bracketed["c"] or ""
        found.append((bracketed["name"], unit_of(inside)))
    return found
