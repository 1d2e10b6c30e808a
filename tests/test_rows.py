"""One row a model and a vendor: what a row says is what its functions do, and nothing about it is said elsewhere."""

import inspect
from importlib import import_module
from importlib.metadata import version

import numpy as np
import pytest

from eventstudy.engine.study import event_study
from eventstudy.errors import OptionError
from eventstudy.inference import TESTS
from eventstudy.models import MODELS
from eventstudy.sources.vendors import vendors
from eventstudy.sources.vendors.wire import vendor_of
from eventstudy.spec.fields import VENDORS
from eventstudy.texts import LANGS, load_texts


def options_of(fit):
    parameters = inspect.signature(fit).parameters.values()
    return {one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_name_for_readers(name, lang):
    assert load_texts(lang)(f"model.{name}").strip()


@pytest.mark.parametrize("row", MODELS.values(), ids=list(MODELS))
def test_the_options_of_a_model_are_those_of_its_function(row):
    shifts = {"lags", "leads"} if row.shifted else set()
    assert set(row.options) == options_of(row.fit) | shifts


@pytest.mark.parametrize("row", MODELS.values(), ids=list(MODELS))
def test_a_model_that_needs_something_is_refused_without_it(row, frames):
    returns, events = frames
    if row.needs is None:
        assert event_study(returns, events, model=row.name, event_window=(0, 0)).params.shape[0] == len(events)
        return
    with pytest.raises(
        OptionError, match=f"^model='{row.name}' needs {'benchmark' if row.needs == 'benchmark' else 'factors'}=$"
    ):
        event_study(returns, events, model=row.name, event_window=(0, 0))


@pytest.mark.parametrize("row", MODELS.values(), ids=list(MODELS))
def test_only_an_estimated_model_has_parameters(row, frames):
    returns, events = frames
    given = {} if row.needs is None else {"benchmark": "M"} if row.needs == "benchmark" else {"factors": returns[["M"]]}
    found = event_study(returns, events, model=row.name, event_window=(0, 0), **given)
    estimates = found.params.columns.difference(["sigma", "df_resid", "nobs"])
    assert (len(estimates) > 0) == row.estimated


def test_the_schema_of_study_files_names_every_model_and_test():
    from eventstudy.schemas import study_schema

    for kind, rows in (("models", MODELS), ("tests", TESTS)):
        plain, optioned, _ = study_schema()["properties"][kind]["items"]["anyOf"]
        assert plain["enum"] == optioned["propertyNames"]["enum"] == list(rows)


@pytest.fixture(scope="module")
def frames():
    """Returns of two assets and a market on 300 sessions, and an event each."""
    import pandas as pd

    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, 300)
    values = np.column_stack([market, *(market + rng.normal(0, 0.02, 300) for _ in range(2))])
    returns = pd.DataFrame(values, index=pd.bdate_range("2024-01-01", periods=300), columns=["M", "A", "B"])
    events = pd.DataFrame({"asset": ["A", "B"], "date": [returns.index[280], returns.index[285]]})
    return returns, events


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendor_is_its_file_and_its_place_in_the_order(name):
    row = next(row for row in vendors() if row.name == name)
    assert [one.name for one in vendors()] == list(VENDORS)
    assert row is import_module(f"eventstudy.sources.vendors.{name}").VENDOR
    assert all(vendor_of(f"api.{host}") == name for host in VENDORS[name]) and VENDORS[name]
    assert version(row.library) and row.title and row.adjustment
