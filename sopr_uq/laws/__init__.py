"""Power laws in polarizability: fitting, comparing, predicting."""

from sopr_uq.inference.emcee_power_law import EnsembleSettings
from sopr_uq.inference.power_law import NutsSettings
from sopr_uq.laws.agreement import Agreement, SamplersDisagree, compare_samples, require_agreement
from sopr_uq.laws.confront import confront
from sopr_uq.laws.curve import law_curve
from sopr_uq.laws.ensembles import Ensemble
from sopr_uq.laws.fit import FitSettings, fit_laws, sampling_faults
from sopr_uq.laws.law import DEFAULT_PRIORS, LAWS, QUANTITIES, Law, Priors
from sopr_uq.laws.load import load_ensemble, open_laws, save_laws
from sopr_uq.laws.predict import Target, as_target, parse_target, predict, predictive_draws
from sopr_uq.laws.published import least_squares, published_analysis
from sopr_uq.laws.reserve import doubtful_elements, reservations, smoothed_elements
from sopr_uq.laws.sampling import Sampling
from sopr_uq.laws.view import exponent_density, law_view, left_out_view, pulls

__all__ = [
    "DEFAULT_PRIORS",
    "LAWS",
    "QUANTITIES",
    "Agreement",
    "Ensemble",
    "EnsembleSettings",
    "FitSettings",
    "Law",
    "NutsSettings",
    "Priors",
    "SamplersDisagree",
    "Sampling",
    "Target",
    "as_target",
    "compare_samples",
    "confront",
    "doubtful_elements",
    "exponent_density",
    "fit_laws",
    "law_curve",
    "law_view",
    "least_squares",
    "left_out_view",
    "load_ensemble",
    "open_laws",
    "parse_target",
    "predict",
    "predictive_draws",
    "published_analysis",
    "pulls",
    "require_agreement",
    "reservations",
    "sampling_faults",
    "save_laws",
    "smoothed_elements",
]
