"""The configuration of a refinement: read, resolved, checked as a whole, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sopr_uq.disk import write_atomic
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.catalogue import curve, system_entries
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import Ingredients
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.registry import shipped_system
from sopr_uq.experiment.settings import (
    BaseSettings,
    PairSettings,
    ReferenceSettings,
    SystemSettings,
    number_density,
)
from sopr_uq.experiment.states import StateSettings, build_states
from sopr_uq.experiment.system import System, build_system
from sopr_uq.provenance import sha256
from sopr_uq.refine import presets
from sopr_uq.refine.belief import PriorSettings, without_meaning
from sopr_uq.refine.of_rules import refuse_unused, unused_keys
from sopr_uq.refine.presets import PresetName
from sopr_uq.refine.settings import RefineSettings, RuleName
from sopr_uq.revision import code
from sopr_uq.workflow.check import check_tables
from sopr_uq.workflow.observe import DEFAULT_RULE, add_pressure, choose_kinds, parse_kinds
from sopr_uq.workflow.overrides import overrides_by_key, put, resolve
from sopr_uq.workflow.source import anchor, dicts, read_source
from sopr_uq.workflow.translate import faults_of

CONFIG = "config.toml"
"""The file of a configuration, in the folder of what it determines."""

_RESOLVED_BY = "# Resolved by sopr-uq "


_OF_RULES: dict[str, type[BaseModel]] = {"refine": RefineSettings, "prior": PriorSettings}
"""Tables with keys that only some rules use."""


class Config(BaseModel):
    """Everything that determines a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: SystemSettings = Field(description="a table [system]")
    reference: ReferenceSettings | None = Field(
        None, description="a table [reference], of an element"
    )
    molecule: tuple[MoleculeSettings, ...] = Field(
        (), description="tables [[molecule]]: what a liquid is made of"
    )
    pair: tuple[PairSettings, ...] = Field(
        (), description="tables [[pair]]: the starting potential of each pair of types of sites"
    )
    base: BaseSettings | None = Field(
        None, description="a table [base]: a many-body potential that acts besides the pairs"
    )
    observe: tuple[ObserveSettings, ...] = Field(description="at least one table [[observe]]")
    state: tuple[StateSettings, ...] = Field(
        (), description="tables [[state]]: further state points that share the potential"
    )
    engine: EngineSettings = EngineSettings()
    refine: RefineSettings = RefineSettings()
    prior: PriorSettings = PriorSettings()
    preset: PresetName = Field("desktop", description="the collection of settings to begin with")
    seed: int = Field(1, ge=0, lt=2**63, description="seed of every random choice")

    @field_validator("observe")
    @classmethod
    def _something_is_observed(
        cls, observe: tuple[ObserveSettings, ...]
    ) -> tuple[ObserveSettings, ...]:
        if not observe:
            raise ValueError("at least one table [[observe]]: none")
        return observe

    def build_system(self) -> System:
        """Read, check and assemble the liquid; see `sopr_uq.experiment.build_system`."""
        return build_system(self.system, self.ingredients, self.observe)

    def build_states(self, makeup: Makeup) -> tuple[Liquid, ...]:
        """Read the further state points; see `sopr_uq.experiment.states`."""
        return build_states(self.system, makeup, self.state)

    @property
    def ingredients(self) -> Ingredients:
        """The tables that say what the liquid is made of."""
        return Ingredients(self.reference, self.molecule, self.pair, self.base)


def load_config(
    source: str | Path,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    preset: str | None = None,
    observe: str | None = None,
) -> Config:
    """Read and resolve a configuration, and check all of it, data files included.

    Parameters
    ----------
    source : str or Path
        The name of a shipped system, or the path of a TOML file; paths in the
        file are relative to it.
    overrides : mapping, or iterable of str, optional
        Values by dotted key, or ``KEY=VALUE`` texts as after ``--set``; paths
        among them are relative to the current folder.
    preset : str, optional
        ``desktop`` or ``published``; explicit values win over it.
    observe : str, optional
        Kinds of measurements to use, such as ``g,pressure``; by default those
        of the file, or of a shipped system its g(r) and, for the newton rule,
        its pressure.

    Returns
    -------
    Config
        With every default filled in and the hash of every file.

    Raises
    ------
    InputErrors
        With every fault: its key, what was expected, what was found.
    """
    faults = Faults()
    tables: dict[str, Any] = {}
    with faults.caught():
        tables = read_source(source)
    faults.raise_any()
    for key, value in overrides_by_key(faults, overrides).items():
        with faults.caught():
            put(tables, key, value)
    anchor(tables, Path.cwd())
    if preset is not None:
        tables["preset"] = preset
    shipped = str(source) if source in system_entries() else None
    # a pressure that nobody wrote down is that at the number density
    _complete_compositions(tables)
    _complete_densities(tables)
    with faults.caught():
        if observe is not None:
            choose_kinds(tables, parse_kinds(observe), shipped)
        elif shipped is not None:
            add_pressure(tables)
    below = {} if shipped is None else {"prior": dict(shipped_system(shipped).prior)}
    return _checked(faults, _resolved(faults, below, tables))


def _complete_compositions(tables: dict[str, Any]) -> None:
    """Fill in what a composition leaves no choice about, and mass densities, in place."""
    system, molecules = tables.get("system"), dicts(tables.get("molecule"))
    if not isinstance(system, dict) or not molecules:
        return
    name = molecules[0].get("name")
    if len(molecules) == 1 and "composition" not in system and isinstance(name, str):
        system["composition"] = {name: 1.0}
    for state in dicts(tables.get("state")):
        if "composition" in system:
            state.setdefault("composition", system["composition"])
    with suppress(ValueError):
        tables["system"] = number_density(system, system, molecules)


def _complete_densities(tables: dict[str, Any]) -> None:
    """Turn mass densities of further state points into number densities, in place."""
    for index, state in enumerate(dicts(tables.get("state"))):
        with suppress(ValueError):
            # [system] has the mass; a unit that nobody knows is named with the other faults
            system = dicts([tables.get("system")])
            molecules = tables.get("molecule")
            tables["state"][index] = number_density(state, system[0] if system else {}, molecules)


def dump_config(config: Config, path: Path | str) -> None:
    """Write a configuration as TOML; `load_config` of it gives the same configuration."""
    header = f"{_RESOLVED_BY}{code()}; sopr-uq refine with this file repeats the run.\n"
    tables = _without_blanks(without_unused(config.model_dump(mode="json", exclude_none=True)))
    write_atomic(Path(path), (header + tomli_w.dumps(tables)).encode())


def without_unused(tables: dict[str, Any]) -> dict[str, Any]:
    """Drop from resolved tables the defaults of keys that rule and liquid do not use."""
    rule = tables.get("refine", {}).get("rule", DEFAULT_RULE)
    vain = _without_meaning(tables)
    prior = tables.get("prior", {})
    tables = tables | {"prior": {k: v for k, v in prior.items() if not k.startswith(vain)}}
    return tables | {
        name: _used(model, rule, tables.get(name, {})) for name, model in _OF_RULES.items()
    }


def _without_meaning(tables: dict[str, Any]) -> tuple[str, ...]:
    """Return how the names of numbers of ``[prior]`` begin that say nothing of the liquid."""
    told, based = dicts(tables.get("pair")), bool(tables.get("base"))
    pairs = [PairSettings.model_validate(pair) for pair in told]
    return without_meaning(
        mixture=len(pairs) > 1 or len(dicts(tables.get("molecule"))) > 1,
        whole=not based and (not pairs or any(p.refine and not p.corrected for p in pairs)),
        corrected=based or any(pair.corrected for pair in pairs),
    )


def resolved_by(path: Path | str) -> str:
    """Return the code that :func:`dump_config` wrote a file with; nothing for another's file."""
    first = Path(path).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    if not first.startswith(_RESOLVED_BY):
        return ""
    return first.removeprefix(_RESOLVED_BY).partition(";")[0]


def _without_blanks(value: Any) -> Any:
    """Drop the keys of empty texts and lists, which say nothing but to another's calculator."""
    if isinstance(value, list):
        return [_without_blanks(inner) for inner in value]
    if isinstance(value, dict):
        return {
            key: inner if key == "arguments" else _without_blanks(inner)
            for key, inner in value.items()
            if inner not in ("", [])
        }
    return value


def _resolved(faults: Faults, shipped: dict[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    """Lay what the user says over what ships and the preset, each reduced to what the rule uses."""
    below = {**shipped, **_preset_values(tables)}
    refine = tables.get("refine", {})
    if not isinstance(refine, dict):
        return resolve(below, tables)
    rule = str(refine.get("rule", below.get("refine", {}).get("rule", DEFAULT_RULE)))
    if rule not in get_args(RuleName.__value__):
        return resolve(below, tables)
    above = dict(tables)
    for name, model in _OF_RULES.items():
        if isinstance(given := above.get(name, {}), dict):
            above[name] = refuse_unused(faults, model, rule, name, given)
        below[name] = _used(model, rule, below.get(name, {}))
    return resolve(below, above)


def _used(model: type[BaseModel], rule: str, table: dict[str, Any]) -> dict[str, Any]:
    vain = unused_keys(model, rule)
    return {key: value for key, value in table.items() if key not in vain}


def _preset_values(tables: Mapping[str, Any]) -> dict[str, Any]:
    name = tables.get("preset", "desktop")
    # A name that does not exist is named as a fault with all the others.
    return presets.preset(name) if name in get_args(PresetName.__value__) else {}


def _checked(faults: Faults, tables: dict[str, Any]) -> Config:
    config: Config | None = None
    try:
        config = Config.model_validate(tables)
    except ValidationError as error:
        for fault in faults_of(error, Config):
            faults.add(fault)
    check_tables(faults, tables)
    faults.raise_any()
    assert config is not None
    return _hashed(config)


def _hashed(config: Config) -> Config:
    """Return the configuration with the SHA-256 of every file it names."""
    reference = None if config.reference is None else _with_hash(config.reference)
    pair = tuple(_with_hash(each) for each in config.pair)
    state = tuple(s.model_copy(update={"observe": _all_hashed(s.observe)}) for s in config.state)
    observe = _all_hashed(config.observe)
    molecule = tuple(_with_hash(each) for each in config.molecule)
    changed = {"reference": reference, "pair": pair, "observe": observe, "state": state}
    found = config.model_copy(update={**changed, "molecule": molecule})
    if config.base is None:
        return found
    return found.model_copy(update={"base": _with_hashes(config.base)})


def _with_hash[R: (ReferenceSettings, PairSettings, MoleculeSettings)](reference: R) -> R:
    if reference.file is None:
        return reference
    return reference.model_copy(update={"sha256": sha256(reference.file)})


def _with_hashes(base: BaseSettings) -> BaseSettings:
    found = Base.of(base.style, base.files, base.elements, arguments=base.arguments)
    return base.model_copy(update={"sha256": found.sha256})


def _all_hashed(observe: Iterable[ObserveSettings]) -> tuple[ObserveSettings, ...]:
    return tuple(o.model_copy(update=_hashes(o)) for o in observe)


def _hashes(observe: ObserveSettings) -> dict[str, str]:
    found = {}
    if observe.curve is not None:
        found["sha256"] = curve(observe.curve).sha256
    if observe.file is not None:
        found["sha256"] = sha256(observe.file)
    if observe.covariance is not None:
        found["covariance_sha256"] = sha256(observe.covariance)
    return found
