"""Molecular dynamics with HOOMD-blue, on a GPU where there is one."""

from __future__ import annotations

from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Configuration, Progress, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import EngineUnavailable
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential


def unavailable() -> str | None:
    """Say why HOOMD-blue cannot be used here, or None if it can."""
    try:
        import hoomd  # noqa: F401
    except ImportError as error:
        return (
            f"HOOMD-blue cannot be imported ({error}). Try: the conda-forge environment of "
            "environment.yml, or engine.name = 'lammps'."
        )
    return None


def has_gpu() -> bool:
    """Whether HOOMD-blue is installed and finds a GPU."""
    if unavailable():
        return False
    import hoomd

    return bool(hoomd.version.gpu_enabled and hoomd.device.GPU.get_available_devices())


class HoomdEngine:
    """Molecular dynamics with HOOMD-blue.

    Parameters
    ----------
    settings : EngineSettings

    Raises
    ------
    EngineUnavailable
        If HOOMD-blue is not installed.
    """

    name = "hoomd"

    def __init__(self, settings: EngineSettings) -> None:
        reason = unavailable()
        if reason:
            raise EngineUnavailable(reason)
        self.settings = settings

    def run(
        self,
        potential: Potential,
        state: StatePoint,
        *,
        seed: int,
        start: Configuration | None = None,
        progress: Progress | None = None,
    ) -> Simulation:
        """Simulate; see :meth:`sopr_uq.engine.protocol.Engine.run`."""
        make_plan(self.settings, potential, state, seed, start)
        raise EngineUnavailable("HOOMD-blue runs are not implemented yet")
