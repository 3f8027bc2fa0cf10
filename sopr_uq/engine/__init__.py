"""From pair potentials to radial distribution functions and their sampling errors.

:mod:`.protocol` says what an engine takes and gives, :mod:`.factory` makes one,
and :mod:`.parallel` runs several simulations at once.
"""
