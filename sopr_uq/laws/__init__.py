"""Power laws in polarizability: fitting, comparing, predicting."""

from sopr_uq.laws.agreement import Agreement, SamplersDisagree, compare_samples, require_agreement
from sopr_uq.laws.confront import confront
from sopr_uq.laws.curve import law_curve
from sopr_uq.laws.ensembles import Ensemble
from sopr_uq.laws.fit import FitSettings, fit_laws
from sopr_uq.laws.law import DEFAULT_PRIORS, LAWS, QUANTITIES, Law, Priors
from sopr_uq.laws.load import load_ensemble, open_laws, save_laws
from sopr_uq.laws.predict import Target, as_target, parse_target, predict, predictive_draws
from sopr_uq.laws.published import least_squares, published_analysis
from sopr_uq.laws.sampling import Sampling

__all__ = [
    "DEFAULT_PRIORS",
    "LAWS",
    "QUANTITIES",
    "Agreement",
    "Ensemble",
    "FitSettings",
    "Law",
    "Priors",
    "SamplersDisagree",
    "Sampling",
    "Target",
    "as_target",
    "compare_samples",
    "confront",
    "fit_laws",
    "law_curve",
    "least_squares",
    "load_ensemble",
    "open_laws",
    "parse_target",
    "predict",
    "predictive_draws",
    "published_analysis",
    "require_agreement",
    "save_laws",
]
