"""What an event study of one's own returns found: frames, means across events, tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.engine.diagnostics import overall, per_event
from eventstudy.engine.flags import flags_of
from eventstudy.engine.inputs import Placed, Refusal
from eventstudy.engine.ledger import ledger
from eventstudy.engine.limits import cars_to_stop, stops
from eventstudy.engine.longrun import buy_and_hold, calendar_time
from eventstudy.engine.means import mean_of_days, mean_of_windows
from eventstudy.engine.regression import regress, slopes
from eventstudy.engine.rows import results_of_tests, rows_of_tests, tested_columns, told_frame
from eventstudy.engine.written import Written
from eventstudy.errors import OptionError
from eventstudy.facts import fact
from eventstudy.gate.values import Accepted
from eventstudy.inference import TESTS, Test, TestResult
from eventstudy.inference.section import Section
from eventstudy.kernel.estimate import Abnormal
from eventstudy.kernel.sample import Sample
from eventstudy.kernel.sections import residuals, section_of
from eventstudy.models import ChosenModel
from eventstudy.models.regressions import Covariance
from eventstudy.options import keyword_names, keywords, one_of, spelled, window_of
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EventStudy(Written):
    """Estimates of every usable event and tests across them; frames are handed out fresh.

    Attributes
    ----------
    model : ChosenModel
        The normal-return model and its options.
    sample : Sample
        The usable events, placed on the returns.
    abnormal : Abnormal
        Their abnormal returns.
    refusals : tuple of Refusal
        The others, each with its reason.
    placed : Placed
        Where every event that was given stands.
    had : mapping of str to int
        Observations of each estimation window that was looked at, by event_id.
    accepted : frozenset of str
        What the caller vouched for.
    """

    model: ChosenModel
    sample: Sample
    abnormal: Abnormal
    refusals: tuple[Refusal, ...]
    placed: Placed
    had: Mapping[str, int]
    accepted: frozenset[Accepted] = frozenset()

    @classmethod
    def of(
        cls,
        sample: Sample,
        abnormal: Abnormal,
        *,
        model: ChosenModel,
        placed: Placed,
        accepted: frozenset[Accepted],
        min_estimation: int,
    ) -> EventStudy:
        """Set events without enough observations, or without an estimate, apart.

        A model without parameters needs no observations: events with few of them stay, without a standard error.
        """
        few = abnormal.nobs < min_estimation
        broken = ~few & ~np.isfinite(abnormal.sigma)
        if not abnormal.param_names:
            abnormal = replace(abnormal, sigma=np.where(few, np.nan, abnormal.sigma))
            few = np.zeros(few.shape, dtype=bool)
        told = [
            Refusal(str(event), fact("too_few_observations.of_event", nobs=count, least=min_estimation))
            for event, count in zip(abnormal.event_ids[few], abnormal.nobs[few], strict=True)
        ]
        told += [Refusal(str(event), fact("not_estimable", model=model.name)) for event in abnormal.event_ids[broken]]
        keep = ~(few | broken)
        kept = sample if keep.all() else sample.only(np.flatnonzero(keep))
        had = dict(zip(abnormal.event_ids.astype(str), map(int, abnormal.nobs), strict=True))
        return cls(model, kept, abnormal.take(keep), (*placed.refusals, *told), placed, had, accepted)

    @property
    def event_window(self) -> Window:
        """The smallest window that holds every event's event window."""
        return self.abnormal.event_window

    @property
    def params(self) -> pd.DataFrame:
        """By event_id: parameters, sigma, df_resid, nobs."""
        import pandas as pd

        found = self.abnormal
        frame = pd.DataFrame(found.params, index=self._index(), columns=list(found.param_names))
        return frame.assign(sigma=found.sigma, df_resid=found.df_resid, nobs=found.nobs)

    @property
    def ar(self) -> pd.DataFrame:
        """Abnormal returns, event_id x relative day; NaN where the asset did not trade."""
        return self._days(self.abnormal.ar)

    @property
    def ar_se(self) -> pd.DataFrame:
        """Forecast-error standard errors of `ar`."""
        return self._days(self.abnormal.standard_errors)

    @property
    def sar(self) -> pd.DataFrame:
        """Standardised abnormal returns AR / (s C)."""
        return self._days(self.abnormal.ar / self.abnormal.standard_errors)

    @property
    def exclusions(self) -> pd.DataFrame:
        """Events that are not in the results: event_id, reason, detail, and the code and values of the detail."""
        return told_frame("reason", [(refusal.event_id, refusal.why) for refusal in self.refusals])

    @property
    def flags(self) -> pd.DataFrame:
        """What a reader must know of events in the results: event_id, flag, detail, and its code and values."""
        return told_frame("flag", list(flags_of(self.sample, self.abnormal, self.placed, self.accepted)))

    @property
    def events(self) -> pd.DataFrame:
        """The ledger: a row for every event that was given.

        Columns: event_id, asset, date (as given), session (day 0), used (in the results), why (code), detail and values
        of that code, sessions_moved, estimation_asked and estimation_had (sessions and observations), and ids of other
        events of the asset whose event windows meet this one's: others_in_event_window, others_in_estimation_window.
        """
        return ledger(self.sample, self.placed, self.had, {one.event_id: one.why for one in self.refusals})

    @property
    def characteristics(self) -> pd.DataFrame:
        """The columns of the events that ``characteristics=`` listed, by event_id; for `regress`."""
        return self.placed.characteristics.loc[list(self._index())]

    @spelled
    def car(self, window: tuple[int, int]) -> pd.DataFrame:
        """CAR of every event over a window: car, std_error, statistic, df, pvalue, ci_low, ci_high.

        The standard error has the full prediction-error covariance. An event with a missing day in the
        window has NaN: windows are never shortened.
        """
        return self._tested(*self.abnormal.car(self._window(window)))

    @spelled
    def car_to_open(self) -> pd.DataFrame:
        """CAR of every event from day 0 to its first close off a price limit: ``last_day`` and the columns of `car`.

        Up to that close the returns sum to what they would have been without limits, if what a limit cuts off
        moves on to the next session. The window depends on the data, so t and p are indicative only. NaN, and
        ``last_day`` -1, where the event window ends before there is such a close.

        Raises
        ------
        OptionError
            Where the study was not told of price limits (``at_limit=``).
        """
        stop = stops(self.sample, self.abnormal)
        frame = self._tested(*cars_to_stop(self.abnormal, stop))
        frame.insert(0, "last_day", stop)
        return frame

    def _tested(self, value: NDArray[np.float64], std_error: NDArray[np.float64]) -> pd.DataFrame:
        import pandas as pd

        columns = tested_columns("car", value, std_error, self.abnormal.df_resid)
        return pd.DataFrame(columns, index=self._index())

    @spelled
    def aar(self, *, by: str | None = None) -> pd.DataFrame:
        """Mean abnormal return of each relative day, weighted where events have weights, with its cross-sectional t.

        Parameters
        ----------
        by : {None, "group"}
            One row per relative day, or per group and relative day.

        Returns
        -------
        DataFrame
            aar, std_error (by the spread of the events, `eventstudy.abnormal.weighted_mean`), statistic, df (n - 1),
            pvalue (two-sided), ci_low, ci_high (95 %), n (events with a return that day). Events of one date are
            not independent, and this t takes them so: see `test`.
        """
        return mean_of_days(self.abnormal.ar, self.sample.weight, self.sample.group, self.event_window, by)

    @spelled
    def caar(self, window: tuple[int, int], *, by: str | None = None) -> pd.DataFrame:
        """Mean CAR over a window, for all events or by group, with the columns of `aar`.

        Events with a missing day are out of n.
        """
        value, _ = self.abnormal.car(self._window(window))
        return mean_of_windows(value, self.sample.weight, self.sample.group, by)

    def test(self, name: str | Test, window: tuple[int, int] = (0, 0), **options: Any) -> TestResult:
        """One significance test across events over a window.

        Parameters
        ----------
        name : str or Test
            A name of `eventstudy.inference.TESTS`, or a test of one's own (docs/extending.md).
        window : pair of int
            First and last relative day.
        **options
            ``alternative`` ("two-sided", "greater", "less"), ``variant``, and what the test itself takes.

        Raises
        ------
        OptionError
            For a test, window, option or value that there is not.
        """
        if isinstance(name, Test):
            return name(self._section(window, history=name.history), **options)
        one_of("test", name, (*TESTS, "calendar_time"))
        if name == "calendar_time":
            keywords("the test calendar_time", options, keyword_names(calendar_time))
            return calendar_time(self.sample, self.model, self._window(window), **options)
        return TESTS[name](self._section(window, history=TESTS[name].history), **options)

    def test_results(self, window: tuple[int, int] = (0, 0), **options: Any) -> dict[str, TestResult]:
        """Every test over a window as records, by name; options as in `tests`."""
        sections = {history: self._section(window, history=history) for history in (True, False)}
        return results_of_tests({name: sections[test.history] for name, test in TESTS.items()}, options)

    def tests(self, window: tuple[int, int] = (0, 0), **options: Any) -> pd.DataFrame:
        """Every test over a window, a row each; a test that cannot be run says why in ``unavailable``.

        Parameters
        ----------
        window : pair of int
            First and last relative day.
        **options
            As in `test`; each test takes those that it has, and at least one must have each.
        """
        return rows_of_tests(self.test_results(window, **options))

    @spelled
    def bhar(self, window: tuple[int, int], *, kind: Literal["simple", "log"] = "simple") -> pd.Series:
        """Buy-and-hold abnormal returns over a window, by event_id; `kind` says what the returns are.

        Against the benchmark, the mean of the peers or the weighted donors; with total returns where a risk-free rate
        was subtracted. `OptionError` for models without such a reference (`mean`, `factor`).
        """
        import pandas as pd

        values = buy_and_hold(self.sample, self.model, self._window(window), kind=kind)
        return pd.Series(values, index=self._index(), name="bhar")

    def bhar_test(
        self, window: tuple[int, int], *, kind: Literal["simple", "log"] = "simple", **options: Any
    ) -> TestResult:
        """Skewness-adjusted test of the mean buy-and-hold abnormal return (Lyon, Barber and Tsai 1999)."""
        values = self.bhar(window, kind=kind).to_numpy()
        known = np.isfinite(values)
        section = replace(
            self._section(window, history=False),
            car=values[known],
            position=self.abnormal.position[known],
            weight=self.sample.weight[known],
            left_out=int((~known).sum()),
        )
        return TESTS["skewness_adjusted_t"](section, **options)

    @spelled
    def regress(
        self,
        characteristics: pd.DataFrame,
        window: tuple[int, int] = (0, 0),
        *,
        covariance: Covariance = "HC3",
        clusters: pd.Series | None = None,
    ) -> pd.DataFrame:
        """CARs on characteristics: coefficients with robust or clustered standard errors.

        Events on one date are not independent; use `slope_distribution` for them.

        Parameters
        ----------
        characteristics : DataFrame
            Numbers, rows by event_id; events without a CAR or a characteristic are left out (`attrs`).
        window : pair of int
            First and last relative day of the CARs.
        covariance : {"HC3", "HC2", "HC1", "HC0", "nonrobust", "cluster"}
            Of the coefficients, by statsmodels' names.
        clusters : Series, optional
            Cluster by event_id, for ``covariance="cluster"``.

        Raises
        ------
        OptionError
            For another covariance, or ``"cluster"`` without clusters.
        InputError
            For rows that are not by event_id, text, infinite values, collinear characteristics, or too few events.
        """
        return regress(self.car(window)["car"], characteristics, covariance=covariance, clusters=clusters)

    @spelled
    def slope_distribution(
        self, characteristics: pd.DataFrame, day: int = 0, *, days: int | None = None
    ) -> pd.DataFrame:
        """Slopes of one date's abnormal returns on exposures, against the same slopes on pre-event days.

        Parameters
        ----------
        characteristics : DataFrame
            Exposures by event_id.
        day : int
            The relative day.
        days : int, optional
            How many of the last estimation days make the reference; all by default.
        """
        day = self._window((day, day)).first
        blocks = list(residuals(self.sample, self.model))
        order = np.argsort(np.concatenate([block.rows for block in blocks]), kind="stable")
        resid = np.concatenate([block.resid for block in blocks])[order]
        return slopes(self.sample, self.ar[day], resid, characteristics, days=days)

    @spelled
    def diagnostics(self) -> pd.DataFrame:
        """Residual checks by event_id; see `eventstudy.engine.diagnostics.per_event`."""
        return per_event(self.sample, self.model)

    @spelled
    def overall(self, day: int = 0) -> pd.Series:
        """Across events: mean residual correlation on shared dates, and the event-day variance ratio.

        The ratio is the cross-sectional variance of the standardised abnormal returns of a relative day over
        its expectation without an event: above 1 the event itself adds variance, and tests that take the
        estimation window's variance reject too often.
        """
        return overall(self.section((day, day)))

    def section(self, window: tuple[int, int]) -> Section:
        """The cross-section that tests see: the events with everything observed in the window."""
        return self._section(window, history=True)

    def _section(self, window: tuple[int, int], *, history: bool) -> Section:
        return section_of(self.sample, self.abnormal, self.model, self._window(window), history=history)

    def _window(self, window: tuple[int, int]) -> Window:
        chosen = window_of("window", window)
        if not self.event_window.covers(chosen):
            raise OptionError(fact("option.window_outside", window=chosen, event_window=self.event_window))
        return chosen

    def _index(self) -> pd.Index[str]:
        import pandas as pd

        return pd.Index(self.abnormal.event_ids, name="event_id", dtype="str")

    def _days(self, values: NDArray[np.float64]) -> pd.DataFrame:
        import pandas as pd

        days = pd.Index(list(self.event_window.days), name="relative_day")
        return pd.DataFrame(values.copy(), self._index(), days)
