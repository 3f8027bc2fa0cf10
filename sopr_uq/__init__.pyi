from sopr_uq.derived import describe as describe
from sopr_uq.derived import structure_bands as structure_bands
from sopr_uq.derived.summary import summary as summary
from sopr_uq.experiment import element as element
from sopr_uq.experiment import elements as elements
from sopr_uq.experiment import load_curve as load_curve
from sopr_uq.experiment import load_system as load_system
from sopr_uq.experiment import read_curve as read_curve
from sopr_uq.experiment import systems as systems
from sopr_uq.experiment import to_dataset as to_dataset
from sopr_uq.laws import Ensemble as Ensemble
from sopr_uq.laws import FitSettings as FitSettings
from sopr_uq.laws import Sampling as Sampling
from sopr_uq.laws import Target as Target
from sopr_uq.laws import fit_laws as fit_laws
from sopr_uq.laws import law_curve as law_curve
from sopr_uq.laws import law_view as law_view
from sopr_uq.laws import load_ensemble as load_ensemble
from sopr_uq.laws import predictive_draws as predictive_draws
from sopr_uq.laws import published_analysis as published_analysis
from sopr_uq.laws import save_laws as save_laws
from sopr_uq.laws.predict import predict as predict
from sopr_uq.posterior.thin import thin as thin
from sopr_uq.workflow.citations import citations as citations
from sopr_uq.workflow.config import Config as Config
from sopr_uq.workflow.config import dump_config as dump_config
from sopr_uq.workflow.config import load_config as load_config
from sopr_uq.workflow.figures import save_figures as save_figures
from sopr_uq.workflow.laws import laws_of_runs as laws_of_runs
from sopr_uq.workflow.laws import read_laws as read_laws
from sopr_uq.workflow.markdown import report as report
from sopr_uq.workflow.result import load_result as load_result
from sopr_uq.workflow.run import resume as resume
from sopr_uq.workflow.run import run as run

__version__: str
__all__: list[str]
