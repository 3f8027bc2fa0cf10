"""Independent tasks, done side by side: in turn, in processes here, or on a Dask cluster."""

from sopr_uq.executor.cluster import DaskCluster
from sopr_uq.executor.dask_here import DaskHere
from sopr_uq.executor.here import InTurn
from sopr_uq.executor.processes import Processes
from sopr_uq.executor.protocol import Executor, Lost, cores

__all__ = ["DaskCluster", "DaskHere", "Executor", "InTurn", "Lost", "Processes", "cores"]
