"""What an event study of one's own returns found: frames, means across events, tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal import CONFIDENCE, interval, t_test
from eventstudy.engine import exports
from eventstudy.engine.diagnostics import overall, per_event
from eventstudy.engine.estimate import CHUNK, Abnormal, ChosenModel, fit_blocks
from eventstudy.engine.flags import flags_of
from eventstudy.engine.inputs import Placed, Refusal
from eventstudy.engine.ledger import ledger
from eventstudy.engine.limits import cars_to_stop, stops
from eventstudy.engine.longrun import buy_and_hold, calendar_time
from eventstudy.engine.means import weighted_mean
from eventstudy.engine.regression import regress, slopes
from eventstudy.engine.rows import TEST_FIELDS, result_row
from eventstudy.engine.sample import Sample, pieces
from eventstudy.errors import OptionError
from eventstudy.facts import Fact, fact
from eventstudy.gate.values import Accepted
from eventstudy.inference import TESTS, TestResult
from eventstudy.inference.section import EventDays, ResidualBlock, Section
from eventstudy.models.regressions import Covariance
from eventstudy.windows import Window

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
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
        """Set events without enough observations, or without an estimate, apart."""
        few = abnormal.nobs < min_estimation
        broken = ~few & ~np.isfinite(abnormal.sigma)
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
        return _told("reason", [(refusal.event_id, refusal.why) for refusal in self.refusals])

    @property
    def flags(self) -> pd.DataFrame:
        """What a reader must know of events in the results: event_id, flag, detail, and its code and values."""
        return _told("flag", list(flags_of(self.sample, self.abnormal, self.placed, self.accepted)))

    @property
    def events(self) -> pd.DataFrame:
        """The ledger: a row for every event that was given.

        Columns: event_id, asset, date (as given), session (day 0), used (whether it is in the results), why (code),
        detail and values of that code, sessions_moved, estimation_asked and estimation_had (sessions and observations
        of the estimation window), others_in_event_window and others_in_estimation_window (ids of other events of the
        asset in the results whose event windows meet this event's windows).
        """
        out = {refusal.event_id: refusal.why for refusal in self.refusals}
        return ledger(self.sample, self.placed, self.had, out)

    @property
    def characteristics(self) -> pd.DataFrame:
        """The columns of the events that ``characteristics=`` listed, by event_id; for `regress`."""
        return self.placed.characteristics.loc[list(self._index())]

    def car(self, window: tuple[int, int]) -> pd.DataFrame:
        """CAR of every event over a window: car, std_error, statistic, df, pvalue, ci_low, ci_high.

        The standard error has the full prediction-error covariance. An event with a missing day in the
        window has NaN: windows are never shortened.
        """
        return self._tested(*self.abnormal.car(self._window(window)))

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

        test = t_test(value, std_error, self.abnormal.df_resid)
        low, high = interval(value, std_error, test.df, CONFIDENCE)
        columns = {
            "car": value,
            "std_error": std_error,
            "statistic": test.statistic,
            "df": self.abnormal.df_resid,
            "pvalue": test.pvalue,
            "ci_low": low,
            "ci_high": high,
        }
        return pd.DataFrame(columns, index=self._index())

    def aar(self, *, by: str | None = None) -> pd.DataFrame:
        """Mean abnormal return of each relative day with its n; weighted where events have weights.

        Parameters
        ----------
        by : {None, "group"}
            One row per relative day, or per group and relative day.
        """
        import pandas as pd

        parts: list[pd.DataFrame] = []
        for label, rows in self._groups(by):
            mean, count = weighted_mean(self.abnormal.ar[rows], self.sample.weight[rows])
            days = pd.Index(list(self.event_window.days), name="relative_day")
            part = pd.DataFrame({"aar": mean, "n": count}, index=days)
            parts.append(part if by is None else pd.concat({label: part}, names=["group"]))
        return pd.concat(parts)

    def caar(self, window: tuple[int, int], *, by: str | None = None) -> pd.DataFrame:
        """Mean CAR over a window with its n, for all events or by group; events with a missing day are out of n."""
        import pandas as pd

        value, _ = self.abnormal.car(self._window(window))
        rows = {
            label: weighted_mean(value[chosen, None], self.sample.weight[chosen]) for label, chosen in self._groups(by)
        }
        frame = pd.DataFrame(
            {"caar": [float(mean[0]) for mean, _ in rows.values()], "n": [int(n[0]) for _, n in rows.values()]},
            index=pd.Index(list(rows), name="group"),
        )
        return frame if by is not None else frame.reset_index(drop=True)

    def test(self, name: str, window: tuple[int, int] = (0, 0), **options: Any) -> TestResult:
        """One significance test across events over a window.

        Parameters
        ----------
        name : str
            A name of `eventstudy.inference.TESTS`.
        window : pair of int
            First and last relative day.
        **options
            ``alternative`` ("two-sided", "greater", "less"), ``variant``, and what the test itself takes.
        """
        if name == "calendar_time":
            self._needs_benchmark("calendar-time portfolios")
            return calendar_time(self.sample, self._window(window), **options)
        if name not in TESTS:
            raise OptionError(f"there is no test {name!r}; allowed: {', '.join((*TESTS, 'calendar_time'))}")
        return TESTS[name](self.section(window), **options)

    def tests(self, window: tuple[int, int] = (0, 0), **options: Any) -> pd.DataFrame:
        """Every test over a window, a row each; a test that cannot be run says why in ``unavailable``."""
        import pandas as pd

        section = self.section(window)
        rows = {name: result_row(test(section, **options)) for name, test in TESTS.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(TEST_FIELDS)).rename_axis("test")

    def bhar(self, window: tuple[int, int], *, kind: Literal["simple", "log"] = "simple") -> pd.Series:
        """Buy-and-hold abnormal returns over a window, by event_id; `kind` says what the returns are."""
        import pandas as pd

        self._needs_benchmark("buy-and-hold abnormal returns")
        values = buy_and_hold(self.sample, self._window(window), kind=kind)
        return pd.Series(values, index=self._index(), name="bhar")

    def bhar_test(
        self, window: tuple[int, int], *, kind: Literal["simple", "log"] = "simple", **options: Any
    ) -> TestResult:
        """Skewness-adjusted test of the mean buy-and-hold abnormal return (Lyon, Barber and Tsai 1999)."""
        section = self.section(window)
        values = self.bhar(window, kind=kind).to_numpy()
        return TESTS["skewness_adjusted_t"](replace(section, car=values[np.isfinite(values)]), **options)

    def regress(
        self,
        characteristics: pd.DataFrame,
        window: tuple[int, int] = (0, 0),
        *,
        covariance: Covariance = "HC3",
        clusters: pd.Series | None = None,
    ) -> pd.DataFrame:
        """CARs on characteristics (rows by event_id): coefficients with HC3 or clustered standard errors.

        Events on one date are not independent; use `slope_distribution` for them.
        """
        return regress(self.car(window)["car"], characteristics, covariance=covariance, clusters=clusters)

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
        blocks = list(_residuals(self.sample, self.model))
        order = np.argsort(np.concatenate([block.rows for block in blocks]), kind="stable")
        resid = np.concatenate([block.resid for block in blocks])[order]
        return slopes(self.sample, self.ar[day], resid, characteristics, days=days)

    def diagnostics(self) -> pd.DataFrame:
        """Residual checks by event_id; see `eventstudy.engine.diagnostics.per_event`."""
        return per_event(self.sample, self.model)

    def overall(self, day: int = 0) -> pd.Series:
        """Across events: mean residual correlation on shared dates, and the event-day variance ratio.

        The ratio is the cross-sectional variance of the standardised abnormal returns of a relative day over
        its expectation without an event: above 1 the event itself adds variance, and tests that take the
        estimation window's variance reject too often.
        """
        return overall(self.section((day, day)))

    def summary(self, window: tuple[int, int] = (0, 0)) -> str:
        """What was studied and found, as text."""
        return exports.summary(self, window)

    def to_latex(self, window: tuple[int, int] = (0, 0)) -> str:
        """The tests over a window as a LaTeX table."""
        return exports.to_latex(self, window)

    def to_csv(self, folder: str | Path, window: tuple[int, int] = (0, 0)) -> tuple[Path, ...]:
        """Write every table as CSV into a folder."""
        return exports.to_csv(self, Path(folder), window)

    def to_parquet(self, folder: str | Path, window: tuple[int, int] = (0, 0)) -> tuple[Path, ...]:
        """Write every table as Parquet into a folder."""
        return exports.to_parquet(self, Path(folder), window)

    def to_excel(self, path: str | Path, window: tuple[int, int] = (0, 0)) -> Path:
        """Write every table as a sheet of one workbook."""
        return exports.to_excel(self, Path(path), window)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.summary())}</pre>"

    def section(self, window: tuple[int, int]) -> Section:
        """The cross-section that tests see: the events with everything observed in the window."""
        chosen = self._window(window)
        found = self.abnormal
        columns = found.columns(chosen)
        car, car_se = found.car(chosen)
        keep = np.isfinite(car_se)
        rows = np.flatnonzero(keep)
        sample = self.sample if keep.all() else self.sample.only(rows)
        return Section(
            window=chosen,
            ar=found.ar[keep, columns],
            ar_se=found.standard_errors[keep, columns],
            car=car[keep],
            car_se=car_se[keep],
            sigma=found.sigma[keep],
            df=found.df_resid[keep],
            nobs=found.nobs[keep],
            weight=self.sample.weight[keep],
            position=found.position[keep],
            left_out=int((~keep).sum()),
            residuals=lambda: _residuals(sample, self.model),
            whole=EventDays(
                window=self.event_window,
                ar=found.ar,
                ar_se=found.standard_errors,
                sigma=found.sigma,
                df=found.df_resid,
                nobs=found.nobs,
                position=found.position,
                residuals=lambda: _residuals(self.sample, self.model),
            ),
        )

    def _needs_benchmark(self, what: str) -> None:
        if not self.sample.names:
            raise OptionError(f"{what} need a benchmark; this study has none")

    def _window(self, window: tuple[int, int]) -> Window:
        chosen = Window(*window)
        if chosen.first > chosen.last or not self.event_window.covers(chosen):
            raise OptionError(f"the window {chosen} is not inside the event window {self.event_window}")
        return chosen

    def _index(self) -> pd.Index[str]:
        import pandas as pd

        return pd.Index(self.abnormal.event_ids, name="event_id", dtype="str")

    def _days(self, values: NDArray[np.float64]) -> pd.DataFrame:
        import pandas as pd

        days = pd.Index(list(self.event_window.days), name="relative_day")
        return pd.DataFrame(values.copy(), index=self._index(), columns=days)

    def _groups(self, by: str | None) -> Iterator[tuple[Any, NDArray[np.intp]]]:
        if by is None:
            yield None, np.arange(self.abnormal.event_ids.size)
            return
        if by != "group":
            raise OptionError(f"by={by!r} is not allowed; allowed: None, 'group'")
        labels = [str(label) for label in self.sample.group]
        for label in sorted(set(labels)):
            yield label, np.flatnonzero(np.array(labels) == label)


def _told(kind: str, facts: Sequence[tuple[str, Fact]]) -> pd.DataFrame:
    """A row per event and fact; a column of its kind, its English sentence, its code and its values."""
    import pandas as pd

    rows = [(event, one.kind, str(one), one.code, dict(one.values)) for event, one in facts]
    frame = pd.DataFrame(rows, columns=["event_id", kind, "detail", "code", "values"])
    return frame.astype(dict.fromkeys(frame.columns[:-1], "str"))


def _residuals(sample: Sample, model: ChosenModel) -> Iterator[ResidualBlock]:
    days = np.array(sample.estimation_window.days)
    for held, part in pieces(sample, CHUNK):
        for rows, _, fit in fit_blocks(part, model):
            yield ResidualBlock(held[rows], fit.resid, part.only(rows).times(sample.estimation_window), days)
