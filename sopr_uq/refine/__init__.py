"""The inverse problem: liquids, the field of unknown potentials, one loop, small rules."""
