"""The R package estudy2: its own numbers with ``variant="estudy2"``, the corrected ones by default."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from eventstudy.inference import TESTS, cross_correlation
from eventstudy.inference.days import residual_sums
from eventstudy.windows import Window
from tests.sections import assemble

PACKAGE = 1e-9  # two float computations of one closed form
PRINTED = 6e-7  # half a unit in the last of the six printed digits, and their rounding
STEMS = {
    "bw_1980": "brown_warner_1980",
    "bw_1985": "crude_dependence",
    "t_test": "cross_sectional_t",
    "pt": "patell_z",
    "bh": "bmp_t",
    "lmb": "lamb",
    "sign": "sign",
    "gsign": "generalized_sign",
    "csign": "corrado_zivney_sign",
    "rank": "corrado_rank",
    "mrank": "corrado_zivney_rank",
    "wlcx": "wilcoxon",
}
# the corrected column takes these from every firm, also those that did not trade on the day
FROM_ALL = {"bw_1985", "gsign", "mrank"}
DATES = tuple(f"2020-03-{day}" for day in range(16, 21))


def read(path):
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def number(text):
    return float(text) if text else np.nan


class Panel:
    """Rates of seven firms and their index, with the package's estimation and event periods."""

    def __init__(self, folder, run):
        rates = read(folder / "input_rates.csv")
        self.firms = [name for name in rates[0] if name != "date"]
        values = {row["date"]: [number(row[name]) for name in self.firms] for row in rates}
        if run == "gap":
            for row in read(folder / "input_rates_gap_tail.csv"):
                values[row["date"]] = [number(row[name]) for name in self.firms]
        self.days = sorted(values)
        self.returns = np.array([values[day] for day in self.days])
        index = {row["date"]: float(row["GSPC"]) for row in read(folder / "input_rates_indx.csv")}
        self.market = np.array([index[day] for day in self.days])
        self.past = self.days.index("2020-03-13") + 1
        self.event = slice(self.days.index(DATES[0]), self.days.index(DATES[-1]) + 1)

    def section(self, model, first, last):
        """Section of the event days from `first` to `last` (0 to 4)."""
        found = [MODELS[model](self, firm) for firm in range(len(self.firms))]
        position = np.full(len(found), self.event.start)
        return assemble(found, position, window=Window(first, last), ahead=Window(0, 4), block=3)


def _market(panel, firm):
    y, x = panel.returns[: panel.past, firm], panel.market[: panel.past]
    used = np.isfinite(y)
    design = np.column_stack([np.ones(x.size), x])
    params = np.linalg.lstsq(design[used], y[used], rcond=None)[0]
    ahead = np.column_stack([np.ones(5), panel.market[panel.event]])
    resid, df = np.where(used, y - design @ params, np.nan), int(used.sum()) - 2
    inside = ahead @ np.linalg.inv(design[used].T @ design[used]) @ ahead.T
    ar = panel.returns[panel.event, firm] - ahead @ params
    return _found(panel, resid, ar, np.eye(5) + inside, df)


def _mean(panel, firm):
    y = panel.returns[: panel.past, firm]
    mean, count = np.nanmean(y), int(np.isfinite(y).sum())
    ar = panel.returns[panel.event, firm] - mean
    return _found(panel, y - mean, ar, np.eye(5) + 1.0 / count, count - 1)


def _market_adjusted(panel, firm):
    y = panel.returns[: panel.past, firm] - panel.market[: panel.past]
    ar = panel.returns[panel.event, firm] - panel.market[panel.event]
    return _found(panel, y, ar, np.eye(5), int(np.isfinite(y).sum()) - 1, centre=np.nanmean(y))


def _found(panel, resid, ar, shape, df, *, centre=0.0):
    sigma = np.sqrt(np.nansum((resid - centre) ** 2) / df)
    return {
        "resid": resid,
        "session": np.arange(panel.past),
        "ar": ar,
        "covariance": sigma**2 * shape,
        "sigma": sigma,
        "df": df,
        "nobs": int(np.isfinite(resid).sum()),
    }


MODELS = {"sim": _market, "mean_adj": _mean, "mrkt_adj": _market_adjusted}


@pytest.fixture(scope="module")
def golden(shared):
    return shared / "golden" / "estudy2"


@pytest.fixture(scope="module")
def panels(golden):
    return {run: Panel(golden, run) for run in ("base", "gap")}


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("run", ["base", "gap"])
def test_the_variant_gives_the_package_number_for_every_test_and_day(golden, panels, run, model):
    seen = 0
    for kind in ("parametric", "nonparametric"):
        for row in read(golden / f"{run}_{model}_{kind}.csv"):
            day = DATES.index(row["date"])
            section = panels[run].section(model, day, day)
            for stem in [name.removesuffix("_stat") for name in row if name.endswith("_stat")]:
                result = TESTS[STEMS[stem]](section, variant="estudy2")
                expected = float(row[f"{stem}_stat"])
                assert result.statistic == pytest.approx(expected, abs=PACKAGE), (stem, row["date"])
                seen += 1
    assert seen == (60 if model == "sim" else 45)


def stars(pvalue):
    return "***" if pvalue <= 0.01 else "**" if pvalue <= 0.05 else "*" if pvalue <= 0.1 else ""


@pytest.mark.parametrize("run", ["base", "gap"])
def test_its_p_values_imply_the_package_stars(golden, panels, run):
    """For all but Wilcoxon, whose upper tail the package tests at twice the level of its lower one."""
    for kind in ("parametric", "nonparametric"):
        for row in read(golden / f"{run}_sim_{kind}.csv"):
            day = DATES.index(row["date"])
            section = panels[run].section("sim", day, day)
            for stem in [name.removesuffix("_stat") for name in row if name.endswith("_stat")]:
                if stem != "wlcx":
                    pvalue = TESTS[STEMS[stem]](section, variant="estudy2").pvalue
                    assert stars(pvalue) == row[f"{stem}_signif"], (stem, row["date"])


@pytest.mark.parametrize("run", ["base", "gap"])
def test_several_days_are_the_package_numbers(golden, panels, run):
    names = {
        "car_lamb": "lamb",
        "car_brown_warner_1985": "crude_dependence",
        "car_rank_test": "corrado_rank",
    }
    for model in MODELS:
        section = panels[run].section(model, 0, 4)
        rows = read(golden / f"{run}_{model}_car.csv")
        assert rows
        for row in rows:
            result = TESTS[names[row["name"]]](section, variant="estudy2")
            assert result.statistic == pytest.approx(float(row["statistic"]), abs=PACKAGE), (model, row["name"])


@pytest.mark.parametrize("run", ["base", "gap"])
def test_the_default_is_the_corrected_column(golden, panels, run):
    """Where that column draws on firms or days outside the section it is ``variant="whole_sample"``."""
    seen = 0
    for row in read(golden / "estudy2_replicated_and_textbook.csv"):
        stem = row["statistic"].removesuffix("_stat")
        if row["run"] != run or stem == "lmb":
            continue
        day = DATES.index(row["date"])
        section = panels[run].section("sim", day, day)
        assert section.size == int(row["n_traded"])
        variant = "whole_sample" if stem in FROM_ALL else None
        result = TESTS[STEMS[stem]](section, variant=variant)
        assert result.statistic == pytest.approx(float(row["textbook"]), abs=PACKAGE), (stem, row["date"])
        if variant is not None and stem in ("bw_1985", "gsign") and section.size == 7:
            assert TESTS[STEMS[stem]](section).statistic == pytest.approx(result.statistic, abs=PACKAGE)
        seen += 1
    assert seen == 55


def test_lamb_default_differs_from_the_package_by_its_d_o_f_and_its_mean_t(panels):
    """The package: S with T - 1 and 1 / mean T; here S with T - 2 and 1 / T, and t(T - 2)."""
    for day in range(5):
        section = panels["base"].section("sim", day, day)
        package, result = TESTS["lamb"](section, variant="estudy2"), TESTS["lamb"](section)
        days = residual_sums(section).count.size
        own = (section.ar_se[0, 0] / section.sigma[0]) ** 2
        theirs = own - 1.0 / days + 1.0 / section.nobs.mean()
        factor = np.sqrt((days - 2) / (days - 1) * theirs / own)
        assert result.statistic == pytest.approx(package.statistic * factor, abs=PACKAGE)
        assert (result.distribution, result.df, days) == ("t", 238.0, 240)
        assert package.distribution == "normal"


def test_the_corrado_zivney_default_ranks_the_event_day_in_cross_sectional_standard_deviations(panels):
    """The corrected column leaves this out, and so does ``unadjusted`` over the tested day alone."""
    section = panels["base"].section("sim", 0, 0)
    default = TESTS["corrado_zivney_rank"](section, variant="small_sample")
    unadjusted = TESTS["corrado_zivney_rank"](section, variant="unadjusted")
    assert abs(default.statistic - unadjusted.statistic) > 0.05


# Printed figures of the survey of methods, each day of the vignette; correlated by calendar
RBAR = 0.16024027
PRINTED_ROWS = {
    ("brown_warner_1980", None): (2.486449, -3.370281, -1.726675, 8.188085, 6.233409),
    ("crude_dependence", None): (1.858514, -2.519140, -1.290615, 6.120241, 4.659205),
    ("cross_sectional_t", None): (1.3941497, -1.2769075, -0.4023135, 1.7958275, 5.1233281),
    ("patell_z", "estudy2"): (2.5507399, -2.9495613, 0.3283654, 8.4216222, 6.3196352),
    ("patell_z", None): (2.5444397, -2.9420741, 0.3289629, 8.4026980, 6.3057349),
    ("bmp_t", "estudy2"): (1.2047117, -1.1753134, 0.0760628, 2.1665773, 8.6521256),
    ("bmp_t", None): (1.2042844, -1.1751789, 0.0763775, 2.1668867, 8.6545360),
    ("adjusted_bmp_t", None): (0.787987, -0.768942, 0.049975, 1.417836, 5.662831),
    ("adjusted_patell_z", None): (1.816789, -2.100709, 0.234887, 5.999721, 4.502441),
    ("lamb", "estudy2"): (1.620049, -2.435456, -1.254626, 6.105794, 4.565195),
    ("sign", None): (1.1338934, 0.3779645, 1.1338934, 1.8898224, 2.6457513),
    ("generalized_sign", "pooled"): (1.1516761, 0.3957301, 1.1516761, 1.9076220, 2.6635680),
    ("generalized_sign", None): (1.1530711, 0.3971223, 1.1530711, 1.9090198, 2.6649686),
    ("corrado_rank", "estudy2"): (0.7962064, -0.1857202, 1.0205417, 2.1127972, 2.9255529),
    ("corrado_rank", "whole_sample"): (0.8265351, -0.1927946, 1.0594157, 2.1932767, 3.0369915),
    ("corrado_zivney_rank", "estudy2"): (0.8499246, -0.2283881, 0.9865178, 2.1665371, 2.9786668),
    ("corrado_zivney_sign", "estudy2"): (0.8636930, 0.2878977, 0.8636930, 1.4394883, 2.0152836),
    ("wilcoxon", None): (23, 10, 15, 27, 28),
}


@pytest.mark.parametrize(("name", "variant"), list(PRINTED_ROWS))
def test_every_printed_row_of_the_vignette(panels, name, variant):
    for day, printed in enumerate(PRINTED_ROWS[name, variant]):
        result = TESTS[name](panels["base"].section("sim", day, day), variant=variant)
        assert result.statistic == pytest.approx(printed, abs=PRINTED), DATES[day]


def test_the_mean_correlation_of_the_vignette(panels):
    found = cross_correlation(panels["base"].section("sim", 0, 0))
    assert found.mean == pytest.approx(RBAR, abs=1e-8)
    assert (found.share, found.estimator) == (1.0, "pairwise")


@pytest.mark.parametrize("run", ["base", "gap"])
def test_event_study_on_the_package_data_gives_both_columns(golden, panels, run):
    """The same through the front door: a frame of returns, a frame of events."""
    import pandas as pd

    import eventstudy as es

    panel = panels[run]
    returns = pd.DataFrame(panel.returns, index=pd.to_datetime(panel.days), columns=panel.firms).assign(M=panel.market)
    events = pd.DataFrame({"event_id": panel.firms, "asset": panel.firms, "date": pd.Timestamp(DATES[0])})
    found = es.event_study(
        returns, events, benchmark="M", estimation_window=(-panel.past, -1), event_window=(0, 4), min_estimation=30
    )
    for row in read(golden / "estudy2_replicated_and_textbook.csv"):
        stem = row["statistic"].removesuffix("_stat")
        if row["run"] != run or stem == "lmb":
            continue
        day = DATES.index(row["date"])
        default = found.test(STEMS[stem], (day, day), variant="whole_sample" if stem in FROM_ALL else None)
        assert default.statistic == pytest.approx(float(row["textbook"]), abs=PACKAGE), (stem, row["date"])
        package = found.test(STEMS[stem], (day, day), variant="estudy2")
        assert package.statistic == pytest.approx(float(row["estudy2"]), abs=PACKAGE), (stem, row["date"])
    if run == "base":
        kp = [found.test("adjusted_bmp_t", (day, day)).statistic for day in range(5)]
        assert kp == pytest.approx([0.787987, -0.768942, 0.049975, 1.417836, 5.662831], abs=PRINTED)
