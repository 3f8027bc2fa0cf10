"""Figures: ``plot_*(dataset, ax) -> ax`` draw onto axes; ``*_sheet`` and ``*_figure`` are whole."""

from sopr_uq.figures.budget import plot_error_budget
from sopr_uq.figures.calibration import (
    calibration_sheet,
    plot_coverage,
    plot_intervals,
    plot_rank_ecdf,
    plot_states,
    plot_truths,
    plot_z,
)
from sopr_uq.figures.curve import plot_curve
from sopr_uq.figures.laws import plot_exponents, plot_law, plot_left_out, plot_pulls
from sopr_uq.figures.laws_sheet import (
    budget_sheet,
    exponent_figure,
    laws_sheet,
    left_out_sheet,
    pulls_figure,
    residual_sheet,
    structure_sheet,
    well_sheet,
)
from sopr_uq.figures.liquids import (
    plot_blips,
    plot_integrands,
    plot_potentials,
    plot_rdfs,
    plot_residual,
    plot_well,
)
from sopr_uq.figures.measured import plot_measured
from sopr_uq.figures.refinement import plot_course, plot_potential, plot_prior, plot_rdf
from sopr_uq.figures.sheet import refinement_sheet, save
from sopr_uq.figures.simulated import plot_property, plot_simulated_curve
from sopr_uq.figures.style import style

__all__ = [
    "budget_sheet",
    "calibration_sheet",
    "exponent_figure",
    "laws_sheet",
    "left_out_sheet",
    "plot_blips",
    "plot_course",
    "plot_coverage",
    "plot_curve",
    "plot_error_budget",
    "plot_exponents",
    "plot_integrands",
    "plot_intervals",
    "plot_law",
    "plot_left_out",
    "plot_measured",
    "plot_potential",
    "plot_potentials",
    "plot_prior",
    "plot_property",
    "plot_pulls",
    "plot_rank_ecdf",
    "plot_rdf",
    "plot_rdfs",
    "plot_residual",
    "plot_simulated_curve",
    "plot_states",
    "plot_truths",
    "plot_well",
    "plot_z",
    "pulls_figure",
    "refinement_sheet",
    "residual_sheet",
    "save",
    "structure_sheet",
    "style",
    "well_sheet",
]
