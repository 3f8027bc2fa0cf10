"""From settings to an engine."""

from __future__ import annotations

from sopr_uq.engine import hoomd, lammps
from sopr_uq.engine.plan import default_cutoff
from sopr_uq.engine.protocol import Engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.potentials import Potential


def make_engine(
    settings: EngineSettings,
    reference: Potential | None = None,
    temperature: float | None = None,
) -> Engine:
    """Make the engine that the settings name.

    Parameters
    ----------
    settings : EngineSettings
        ``auto`` means HOOMD-blue where it is installed and finds a GPU, and
        LAMMPS otherwise.
    reference : Potential, optional
        Its 3 σ becomes the cut-off if the settings give none, so that the
        cut-off stays the same while a potential is refined. Without it each run
        takes 3 σ of its own potential.
    temperature : float, optional
        In K; for a reference without a first zero, whose size is then taken
        where it exceeds k_B T.

    Raises
    ------
    EngineUnavailable
        If the engine is not installed.
    """
    if settings.cutoff is None and reference is not None:
        cutoff = default_cutoff(reference, temperature or 300.0)
        settings = settings.model_copy(update={"cutoff": cutoff})
    name = settings.name
    if name == "auto":
        name = "hoomd" if hoomd.has_gpu() else "lammps"
    if name == "lammps":
        return lammps.LammpsEngine(settings)
    if name == "hoomd":
        return hoomd.HoomdEngine(settings)
    return _instant(name, settings)


def _instant(name: str, settings: EngineSettings) -> Engine:
    # These carry the structure layer with them, which MD does not need.
    if name == "dilute":
        from sopr_uq.engine.dilute import DiluteEngine

        return DiluteEngine(settings)
    from sopr_uq.engine.integral_equation import IntegralEquationEngine

    return IntegralEquationEngine(settings, sampling_error=settings.sampling_error)


def available() -> dict[str, str | None]:
    """Say for each engine why it cannot be used here; None where it can."""
    return {
        "lammps": lammps.unavailable(),
        "hoomd": hoomd.unavailable(),
        "integral_equation": None,
        "dilute": None,
    }
