"""Parameters have one home, and wrong ones are refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordlib import check_parameters, parameters
from coordlib.errors import FileFormatError, ParameterError, UnknownParameterError
from coordlib.parameters import DailyMonitoring, EvidenceRule, LinkSharing, Parameters
from coordlib.runs import discovery_query
from coordlib.runs.notebooks import MODELS, notebook_defaults


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_notebooks_parameters_cell_states_the_models_defaults(project: Path, name: str):
    model = MODELS[name]
    assert notebook_defaults(project / "notebooks" / name) == model().for_notebook()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_parameter_file_of_a_notebook_states_the_models_defaults(project: Path, name: str):
    file = project / "params" / (name.split("-", 1)[1].removesuffix(".ipynb") + ".yml")
    assert MODELS[name].from_yaml(file) == MODELS[name]()


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownParameterError, match=r"'time_windw' .did you mean 'time_window'"):
        DailyMonitoring.load({"time_windw": 60})


@pytest.mark.parametrize(
    "wrong", [{"time_window": -1}, {"edge_weight": 1.5}, {"edge_weight": "much"}, {"date": "soon"}]
)
def test_a_value_outside_its_range_is_refused_by_name(wrong: dict[str, object]):
    with pytest.raises(ParameterError, match=next(iter(wrong))) as caught:
        DailyMonitoring.load(wrong)
    assert "\n" not in str(caught.value)


def test_a_parameter_file_that_is_not_a_mapping_is_refused(tmp_path: Path):
    file = tmp_path / "p.yml"
    file.write_text("- 1\n- 2\n")
    with pytest.raises(FileFormatError, match="expected 'name: value' lines"):
        DailyMonitoring.from_yaml(file)
    with pytest.raises(FileFormatError, match="no such file"):
        DailyMonitoring.from_yaml(tmp_path / "absent.yml")


@pytest.mark.parametrize("name", ["time_windw", "edge_weigth", "min_participations"])
def test_a_misspelt_parameter_in_the_notebook_is_refused_with_the_nearest(name: str) -> None:
    """Bare papermill adds it as one more variable and goes on with the default."""
    with pytest.raises(UnknownParameterError, match=f"'{name}' \\(did you mean"):
        check_parameters(DailyMonitoring, {"time_window": 60, name: 5})


def test_the_other_names_of_a_notebook_are_its_own() -> None:
    names = {
        "time_window": 60,
        "cl": object(),
        "day": "x",
        "folder": "y",
        "__name__": "z",
        "date_": lambda: 1,
    }
    assert check_parameters(DailyMonitoring, names)["time_window"] == 60


def test_a_parameter_papermill_brought_is_refused_when_no_cell_has_it() -> None:
    """`papermill -p window 60` adds a variable nobody reads."""
    cells = {"In": ["", "time_window = 120", "# Parameters\nwindow = 60\n"], "time_window": 120, "window": 60}
    with pytest.raises(UnknownParameterError, match="'window' \\(did you mean 'time_window'"):
        check_parameters(DailyMonitoring, cells)
    own = {
        "In": ["", "my_own = 1\ntime_window = 120", "# Parameters\nmy_own = 2\n"],
        "time_window": 120,
        "my_own": 2,
    }
    assert check_parameters(DailyMonitoring, own)["time_window"] == 120


def test_a_notebook_that_lost_its_tag_does_not_report_another_day() -> None:
    """nteract/papermill#637: without the tag the given values run first, and the notebook's own take them back."""
    cells = {"In": ["", '# Parameters\ndate = "2026-09-01"\n', "date = None"], "date": None}
    with pytest.raises(
        ParameterError, match=r"date: given, and set again .* give the cell .* the tag 'parameters'"
    ):
        check_parameters(DailyMonitoring, cells)
    again = {"In": ["", "date = None", '# Parameters\ndate = "2026-09-01"\n', "date = None"], "date": None}
    assert check_parameters(DailyMonitoring, again)["date"] is None


def test_the_cells_go_on_with_the_checked_values() -> None:
    """A number written as text passed the check and failed four cells later."""
    cells = {"edge_weight": "0.9", "time_window": 60}
    assert check_parameters(DailyMonitoring, cells)["edge_weight"] == 0.9
    assert cells == {"edge_weight": 0.9, "time_window": 60}


@pytest.mark.parametrize(
    "model",
    [one for one in vars(parameters).values() if isinstance(one, type) and issubclass(one, Parameters)],
)
def test_parameters_made_directly_are_told_in_one_line_too(model: type[Parameters]) -> None:
    with pytest.raises(ParameterError, match=f"{model.__name__}: unknown parameter 'nonsense'"):
        model(nonsense=1)
    for name in model.model_fields:
        with pytest.raises(ParameterError, match=f"^{model.__name__}: {name}"):
            model(**{name: object()})


def test_a_wrong_value_of_parameters_made_directly_names_the_part_it_is_in() -> None:
    with pytest.raises(ParameterError, match=r"^LinkSharing: time_window = 0: "), pytest.warns(FutureWarning):
        LinkSharing(coordination_interval=0)  # type: ignore[call-arg]
    with pytest.raises(ParameterError, match=r"evidence\.q = 7"):
        DailyMonitoring(evidence={"q": 7})  # type: ignore[arg-type]
    assert DailyMonitoring(evidence=EvidenceRule(q=0.01)).evidence.q == 0.01


def test_a_discovery_query_takes_its_old_arguments_with_a_warning() -> None:
    asked = parameters.SeedDiscovery(hashtags=["tea"])
    with pytest.warns(FutureWarning, match="parameters is now asked"):
        assert discovery_query(parameters=asked) == discovery_query(asked)  # type: ignore[call-arg]
    with pytest.warns(FutureWarning, match="give the stored discovery alone"):
        discovery_query(parameters.SeedDiscovery(), asked)  # type: ignore[arg-type]
