"""The structure of simple liquids and their mixtures as pure mathematics.

Transforms between g(r) and S(q), the Ornstein–Zernike equation
(:mod:`.ornstein_zernike`) and its linear response (:mod:`.response`), what a
finite box, a bin or a finite range of Q does to a curve, and thermodynamics
from g(r). Arrays go in and come out; nothing here knows a measurement.
"""
