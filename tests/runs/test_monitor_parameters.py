"""The parameter file of monitoring states every parameter with its default."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from coordlib.parameters import Monitoring, SeedDiscovery


@pytest.mark.parametrize(
    ("file", "model"), [("monitor.yml", Monitoring), ("seed-discovery.yml", SeedDiscovery)]
)
def test_a_parameter_file_names_every_parameter_and_states_its_default(
    project: Path, file: str, model: type[Monitoring] | type[SeedDiscovery]
):
    path = project / "params" / file
    assert set(yaml.safe_load(path.read_text(encoding="utf-8"))) == set(model.model_fields)
    assert model.from_yaml(path) == model()


def test_the_demo_files_are_valid(project: Path):
    assert Monitoring.from_yaml(project / "params" / "demo" / "monitor.yml").daily_requests == 200
    assert SeedDiscovery.from_yaml(project / "params" / "demo" / "seed-discovery.yml").hashtags
