"""Rigid bodies from configurations of atoms and back, and the mesh; HOOMD-blue is not needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sopr_uq.engine.electrostatics import MESH_ACCURACY
from sopr_uq.engine.hoomd_bodies import RigidKind, conjugate_momenta, spins_of, superposed
from sopr_uq.engine.hoomd_mesh import mesh_error, mesh_points
from sopr_uq.engine.lattice import thermal_velocities, wrapped
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Configuration, Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.topology import Topology
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero
from sopr_uq.rng import stream
from sopr_uq.units import COULOMB, FS_PER_TIME, thermal_energy

COUNT, EDGE = 400, 14.0
WATER = molecule_of(MoleculeSettings(name="water", model="spce"))
NITROGEN = molecule_of(MoleculeSettings(name="N2", model="n2"))
HANDED = Molecule(
    "handed",
    (Site("C", 12.0), Site("H", 1.0), Site("F", 19.0), Site("Cl", 35.5), Site("H", 1.0)),
    ((0.0, 0.0, 0.0), (1.0, 0.2, 0.1), (-0.4, 1.2, -0.3), (0.1, -0.7, 1.5), (-0.3, -0.5, -0.9)),
)
SHAPES = {"water": WATER, "nitrogen": NITROGEN, "handed": HANDED}


@pytest.fixture(params=SHAPES)
def box(request):
    """Molecules in a box with velocities of a temperature, whose parts are rigid or not."""
    substance = Substance((SHAPES[request.param],))
    topology, rng = Topology.of(substance, (COUNT,)), stream(1, request.param)
    positions = topology.placed(rng.random((COUNT, 3)) * EDGE, rng)
    velocities = thermal_velocities(topology.masses, 300.0, rng)
    configuration = Configuration(wrapped(positions, EDGE), velocities, EDGE)
    return RigidKind.of(substance.molecules[0], topology.members(0)), topology, configuration


def put_together(kind, state):
    """Positions and velocities of the atoms of bodies, in the order of their tags."""
    turns = Rotation.from_quat(state.turns, scalar_first=True).as_matrix()
    places = state.centres[:, None] + np.einsum("nij,sj->nsi", turns, kind.places)
    swings = kind.swings(state.turns, state.spins)
    x, v = np.empty((2, kind.atoms.size, 3))
    x[kind.atoms], v[kind.atoms] = places, state.velocities[:, None] + swings
    return x, v


def test_bodies_lie_where_their_atoms_are(box):
    kind, topology, configuration = box
    x, _ = put_together(kind, kind.taken_apart(configuration))
    way = x - configuration.positions
    np.testing.assert_allclose(way - EDGE * np.rint(way / EDGE), 0.0, atol=1e-9)
    assert [topology.substance.sites[t].name for t in topology.types[kind.atoms[0]]] == list(
        kind.sites
    )
    assert (np.diff(kind.atoms, axis=1) > 0).all()


def test_rigid_motion_survives(box):
    """What is taken apart and put together again a second time is what it was."""
    kind, topology, configuration = box
    x, v = put_together(kind, kind.taken_apart(configuration))
    once = Configuration(wrapped(x, EDGE), v, EDGE)
    again = kind.taken_apart(once)
    _, second = put_together(kind, again)
    np.testing.assert_allclose(second, v, atol=1e-12)
    first, second = topology.bonds[0]
    rate = np.einsum("ni,ni->n", x[second] - x[first], v[second] - v[first])
    np.testing.assert_allclose(rate, 0.0, atol=1e-12)
    drawn = configuration.velocities
    assert np.abs(drawn - v).max() > 1e-4, "negative control: what was drawn stretches bonds"
    np.testing.assert_allclose(topology.means(v), topology.means(drawn), atol=1e-12)


def test_velocities_of_atoms_leave_bodies_their_temperature(box):
    """Translation and rotation each have ½ k_B T for every degree of freedom: 5 σ, 10⁻⁶."""
    kind, topology, configuration = box
    state = kind.taken_apart(configuration)
    heat = thermal_energy(300.0) / FS_PER_TIME**2
    moved = kind.masses.sum() * state.velocities**2 / heat
    turning = kind.moments > 0
    spun = (state.spins**2)[:, turning] / kind.moments[turning] / heat
    assert turning.sum() == topology.substance.molecules[0].freedom - 3
    for each in (moved, spun):
        assert abs(each.mean() - 1.0) < 5.0 * np.sqrt(2.0 / each.size)
    stretched = replace(configuration, velocities=1.2 * configuration.velocities)
    hot = kind.masses.sum() * kind.taken_apart(stretched).velocities ** 2 / heat
    assert abs(hot.mean() - 1.0) > 5.0 * np.sqrt(2.0 / hot.size), "negative control"


def test_energy_and_angular_momentum_are_those_of_the_atoms(box):
    kind, _, configuration = box
    state = kind.taken_apart(configuration)
    swings = kind.swings(state.turns, state.spins)
    turning = kind.moments > 0
    found = np.sum((state.spins**2)[:, turning] / kind.moments[turning], axis=1)
    np.testing.assert_allclose(np.einsum("s,nsi->n", kind.masses, swings**2), found, rtol=1e-9)
    turns = Rotation.from_quat(state.turns, scalar_first=True)
    arms = np.einsum("nij,sj->nsi", turns.as_matrix(), kind.places)
    whole = np.einsum("s,nsi->ni", kind.masses, np.cross(arms, swings))
    np.testing.assert_allclose(whole, turns.apply(state.spins), atol=1e-12)
    momenta = conjugate_momenta(state.turns, state.spins)
    np.testing.assert_allclose(spins_of(state.turns, momenta), state.spins, atol=1e-12)
    np.testing.assert_allclose(np.sum(momenta * state.turns, axis=1), 0.0, atol=1e-12)


def test_superposition_turns_and_never_reflects():
    kind = RigidKind.of(HANDED, np.arange(5)[None])
    rng = stream(2, "turns")
    turns = Rotation.random(50, rng).as_matrix()
    arms = np.einsum("nij,sj->nsi", turns, kind.places)
    np.testing.assert_allclose(superposed(kind.places, kind.masses, arms), turns, atol=1e-9)
    found = superposed(kind.places, kind.masses, -arms)
    np.testing.assert_allclose(np.linalg.det(found), 1.0)
    near = np.einsum("nij,sj->nsi", found, kind.places) + arms
    assert np.abs(near).max() > 0.1, "negative control: a mirror image fits no rotation"


def water(particles, cutoff=9.0):
    substance = Substance((WATER,))
    setup = Setup(
        substance, StatePoint(298.0, 0.0334, WATER.mass),
        dict.fromkeys(substance.pairs, Zero()), 1,
    )  # fmt: skip
    return make_plan(EngineSettings(particles=particles, cutoff=cutoff), setup)


def test_the_mesh_is_as_coarse_as_its_error_allows():
    plan = water(500)
    points = mesh_points(plan)
    assert mesh_error(plan, points) < MESH_ACCURACY * COULOMB < mesh_error(plan, points - 3)
    # of one spacing errors are of one size, whatever the box
    larger = water(4000)
    assert mesh_error(larger, 2 * points) == pytest.approx(mesh_error(plan, points), rel=0.02)
    assert mesh_points(water(500, cutoff=7.0)) > points
