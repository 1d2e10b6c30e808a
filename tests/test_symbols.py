"""Codes of the Chinese exchanges, symbols of Yahoo, and what the vendors call a study's instruments."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstudy.errors import OptionError
from eventstudy.sources.vendors.symbols import ChinaSymbol, china_symbol, vendor_symbols, yahoo_exchange
from eventstudy.spec import Benchmark, Instrument

NOT_A_CODE = "is not a code of a Chinese exchange; write e.g. sh688795, sz000001 or 688795"
NOTHING = "is no share, fund or index of the Chinese exchanges; check the code"


def refused(call, *args, **named):
    with pytest.raises(OptionError) as error:
        call(*args, **named)
    return str(error.value)


def instrument(exchange, kind=Instrument, **fields):
    if kind is Benchmark:
        fields["scope"] = "broad"
    return kind(name="x", exchange=exchange, currency="USD", **fields)


# --- Codes told apart ------------------------------------------------------------------------------------------------

BARE = {
    "Shanghai, main board": ("sh", "share", ["600519", "601398", "603019", "605499"]),
    "Shanghai, STAR Market": ("sh", "share", ["688795", "688001", "689009"]),
    "Shanghai, B shares": ("sh", "share", ["900901", "900957"]),
    "Shanghai, funds": (
        "sh",
        "fund",
        [
            "500001",
            "501018",
            "502010",
            "505888",
            "506000",
            "508000",
            "510300",
            "511010",
            "512480",
            "513050",
            "515050",
            "516010",
            "517010",
            "518880",
            "520500",
            "526000",
            "530000",
            "551000",
            "560010",
            "561120",
            "562510",
            "563000",
            "588000",
            "589000",
        ],
    ),
    "Shenzhen, main board": ("sz", "share", ["001979", "002594", "003816", "004001"]),
    "Shenzhen, ChiNext": ("sz", "share", ["300750", "301236", "302132"]),
    "Shenzhen, B shares": ("sz", "share", ["200002", "201872"]),
    "Shenzhen, funds": ("sz", "fund", ["150019", "158001", "159915", "161725", "169101", "180101", "184721"]),
    "Shenzhen, indices": ("sz", "index", ["399001", "399006", "980017", "970070"]),
    "Beijing, shares": ("bj", "share", ["920799", "830799", "871981", "430489", "880001"]),
    "Beijing, indices": ("bj", "index", ["899050", "899601"]),
}
EXCHANGE = {"sh": "XSHG", "sz": "XSHE", "bj": "BJSE"}


@pytest.mark.parametrize("board", BARE)
def test_a_bare_code_of_every_board_is_told(board):
    place, kind, codes = BARE[board]
    for code in codes:
        found = china_symbol(code)
        assert found == ChinaSymbol(code, place, kind), code
        assert (found.exchange, found.prefixed) == (EXCHANGE[place], place + code)


@pytest.mark.parametrize("board", BARE)
def test_a_code_with_its_exchange_is_the_same_as_a_bare_one(board):
    place, _, codes = BARE[board]
    suffixes = {"sh": ("SS", "SH"), "sz": ("SZ",), "bj": ("BJ",)}[place]
    for code in codes:
        forms = [f"{place}{code}", f"{place.upper()}{code}", f"{place.title()}{code}"]
        forms += [f"{code}.{form}" for suffix in suffixes for form in (suffix, suffix.lower())]
        assert {china_symbol(form) for form in forms} == {china_symbol(code)}


def test_a_code_of_csi_is_an_index_that_follows_shanghai_s_sessions():
    for text in ("csi931151", "CSI931151"):
        found = china_symbol(text)
        assert (found, found.exchange, found.prefixed) == (
            ChinaSymbol("931151", "csi", "index"),
            "XSHG",
            "csi931151",
        )
    assert china_symbol("csi931151", place="sh") == found


def test_a_bare_code_that_is_two_things_is_refused_with_both():
    assert refused(china_symbol, "000688") == ("'000688' may be sh000688 (index) or sz000688 (share); write which")
    assert refused(china_symbol, "000001") == ("'000001' may be sh000001 (index) or sz000001 (share); write which")


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        ("sh000688", "sh", "index"),
        ("sz000688", "sz", "share"),
        ("000688.SS", "sh", "index"),
        ("000688.SZ", "sz", "share"),
    ],
)
def test_a_code_that_is_two_things_is_taken_with_its_exchange(text, place, kind):
    assert china_symbol(text) == ChinaSymbol("000688", place, kind)


def test_a_study_says_what_a_bare_code_means():
    assert china_symbol("000688", place="sh") == china_symbol("000688", prefer="index") == china_symbol("sh000688")
    assert china_symbol("000688", place="sz") == china_symbol("000688", prefer="share") == china_symbol("sz000688")


@pytest.mark.parametrize(
    ("text", "named", "sentence"),
    [
        ("688795", {"place": "sz"}, "'688795' is sh688795 (share), not a code of XSHE"),
        ("sh000688", {"prefer": "share"}, "'sh000688' is sh000688 (index), not a share"),
        (
            "000688",
            {"place": "sh", "prefer": "share"},
            "'000688' is sh000688 (index) or sz000688 (share), not a share of XSHG",
        ),
        ("csi931151", {"place": "sz"}, "'csi931151' is csi931151 (index), not a code of XSHE"),
        ("csi931151", {"prefer": "share"}, "'csi931151' is csi931151 (index), not a share"),
    ],
)
def test_a_code_that_is_not_what_the_study_says_is_refused(text, named, sentence):
    assert refused(china_symbol, text, **named) == f"{sentence}; check the code and its exchange"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 688795",
        "688795 ",
        "688795\n",
        "sh 688795",
        "68879",
        "6887950",
        "６８８７９５",
        "٦٨٨٧٩٥",
        "sh６８８７９５",
        "\N{LATIN SMALL LETTER LONG S}h688795",
        "688795.S\N{LATIN SMALL LETTER LONG S}",
        "sh688795.SS",
        "688795.HK",
        "688795.",
        "hk00700",
        "NVDA",
        "NVDA.SS",
    ],
)
def test_what_is_no_code_is_refused(text):
    assert refused(china_symbol, text) == f"{text!r} {NOT_A_CODE}"


@pytest.mark.parametrize(
    "text",
    [
        "113050",  # a convertible bond
        "580001",  # a warrant
        "582001",
        "521001",  # a subscription to a fund
        "524001",
        "604001",
        "005001",
        "030001",  # a warrant
        "189500",  # a bond
        "395001",  # counts of the exchange
        "889001",  # a subscription in Beijing
        "921001",
        "950162",
        "sh300750",
        "sz600519",
        "sz688795",
        "bj600519",
        "sh399001",
        "sz899050",
        "600519.SZ",
        "000688.BJ",
        "920799.SS",
    ],
)
def test_a_code_outside_the_ranges_of_its_exchange_is_refused(text):
    assert refused(china_symbol, text) == f"{text!r} {NOTHING}"


@given(st.text(max_size=10))
def test_any_text_is_a_code_or_one_sentence(text):
    try:
        found = china_symbol(text)
    except OptionError as error:
        assert str(error) == f"{text!r} {NOT_A_CODE}"
    else:
        assert re.fullmatch(r"[0-9]{6}", found.code) and found.code in text


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_code_is_at_most_one_thing_at_an_exchange(code):
    for place in ("sh", "sz", "bj"):
        try:
            found = china_symbol(f"{place}{code}")
        except OptionError as error:
            assert str(error) == f"'{place}{code}' {NOTHING}"
        else:
            assert (found.code, found.place) == (code, place)


# --- Yahoo -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "exchange"),
    [
        ("NVDA", "XNYS"),
        ("BRK-B", "XNYS"),
        ("^GSPC", "XNYS"),
        ("688795.SS", "XSHG"),
        ("688795.ss", "XSHG"),
        ("000001.SZ", "XSHE"),
        ("0981.HK", "XHKG"),
        ("2330.TW", "XTAI"),
        ("6488.TWO", "XTAI"),
        ("005930.KS", "XKRX"),
        ("247540.KQ", "XKRX"),
        ("8035.T", "XTKS"),
        ("ASML.AS", "XAMS"),
        ("SAP.DE", "XETR"),
        ("BHP.AX", "XASX"),
        ("RELIANCE.NS", "XBOM"),
        ("M&M.NS", "XBOM"),
        ("BT-A.L", "XLON"),
        ("NOVO-B.CO", "XCSE"),
        ("BTC-USD", "24/7"),
        ("eth-eur", "24/7"),
        ("GC=F", "CMES"),
        ("ESZ25.CME", "CMES"),
        ("KC=F", "IEPA"),
        ("DX-Y.NYB", "IEPA"),
    ],
)
def test_a_yahoo_symbol_names_its_exchange(symbol, exchange):
    assert yahoo_exchange(symbol) == exchange


@pytest.mark.parametrize(
    "symbol",
    [
        "BRK.B",
        "920799.BJ",
        "NVDA.",
        "a.b.SS",
        ".SS",
        "",
        "EURUSD=X",
        "=F",
        "-USD",
        "BTC-USDT",
        "DTE.BE",
        "0981.HK.",
        "^",
    ],
)
def test_a_yahoo_symbol_of_another_exchange_is_refused(symbol):
    assert refused(yahoo_exchange, symbol) == (
        f"the Yahoo symbol {symbol!r} is of an exchange whose sessions are not known here; known are US symbols "
        "(BRK-B), US futures (GC=F), coins (BTC-USD) and exchanges by their endings (0981.HK, 7203.T, HSBA.L)"
    )


# --- What the vendors call an instrument -----------------------------------------------------------------------------


def test_what_a_study_states_is_taken_in_the_order_of_the_vendors():
    stated = {"yahoo": "688795.SS", "sina": "sh688795", "eastmoney": "688795"}
    found = vendor_symbols("moore", instrument("XSHG", symbols=stated))
    assert list(found.items()) == [("eastmoney", "688795"), ("sina", "sh688795"), ("yahoo", "688795.SS")]


def test_a_vendor_that_there_is_not_is_refused():
    stated = instrument("XNAS", symbols={"yahoo": "NVDA", "stooq": "nvda", "bloomberg": "NVDA US"})
    assert refused(vendor_symbols, "NVDA", stated) == (
        "NVDA: there is no vendor bloomberg, stooq; vendors are eastmoney, tencent, sina, yahoo"
    )


def everywhere(prefixed, yahoo=None):
    named = dict.fromkeys(("eastmoney", "tencent", "sina"), prefixed)
    return named if yahoo is None else {**named, "yahoo": yahoo}


@pytest.mark.parametrize(
    ("symbol", "exchange", "kind", "expected"),
    [
        ("688795", "XSHG", Instrument, everywhere("sh688795", "688795.SS")),
        ("SH688795", "XSHG", Instrument, everywhere("sh688795", "688795.SS")),
        ("600519.SS", "XSHG", Instrument, everywhere("sh600519", "600519.SS")),
        ("510300", "XSHG", Instrument, everywhere("sh510300", "510300.SS")),
        ("000688", "XSHE", Instrument, everywhere("sz000688", "000688.SZ")),
        ("201872", "XSHE", Instrument, everywhere("sz201872", "201872.SZ")),
        ("920799", "BJSE", Instrument, everywhere("bj920799")),
        ("000688", "XSHG", Benchmark, everywhere("sh000688", "000688.SS")),
        ("sh000300", "XSHG", Benchmark, everywhere("sh000300", "000300.SS")),
        ("510300", "XSHG", Benchmark, everywhere("sh510300", "510300.SS")),
        ("399006", "XSHE", Benchmark, everywhere("sz399006", "399006.SZ")),
        ("159915", "XSHE", Benchmark, everywhere("sz159915", "159915.SZ")),
        ("899050", "BJSE", Benchmark, everywhere("bj899050")),
        ("csi931151", "XSHG", Benchmark, {"eastmoney": "csi931151"}),
        ("900901", "XSHG", Instrument, {"tencent": "sh900901", "yahoo": "900901.SS"}),
        ("NVDA", "XNAS", Instrument, {"yahoo": "NVDA"}),
        ("BRK.B", "XNYS", Instrument, {"yahoo": "BRK-B"}),
        ("BF-B", "XNYS", Instrument, {"yahoo": "BF-B"}),
        ("^GSPC", "XNYS", Benchmark, {"yahoo": "^GSPC"}),
        ("0981.HK", "XHKG", Instrument, {"yahoo": "0981.HK"}),
        ("0981", "XHKG", Instrument, {"yahoo": "0981.HK"}),
        ("NOVO-B", "XCSE", Instrument, {"yahoo": "NOVO-B.CO"}),
        ("005930.KS", "XKRX", Instrument, {"yahoo": "005930.KS"}),
        ("^HSI", "XHKG", Benchmark, {"yahoo": "^HSI"}),
        ("BTC-USD", "24/7", Instrument, {"yahoo": "BTC-USD"}),
        ("GC=F", "CMES", Instrument, {"yahoo": "GC=F"}),
        ("KC=F", "IEPA", Instrument, {"yahoo": "KC=F"}),
    ],
)
def test_what_is_not_stated_is_derived(symbol, exchange, kind, expected):
    found = vendor_symbols(symbol, instrument(exchange, kind))
    assert list(found.items()) == list(expected.items())


def test_every_derived_name_is_one_that_its_vendor_takes():
    """Else a study would stop at a vendor whose refusal is the user's fault, not the vendor's."""
    from eventstudy.sources.vendors import vendors

    rows = {vendor.name: vendor for vendor in vendors()}
    codes = [(code, EXCHANGE[place], kind) for place, kind, codes in BARE.values() for code in codes]
    for code, exchange, kind in [*codes, ("csi931151", "XSHG", "index")]:
        named = vendor_symbols(code, instrument(exchange, Benchmark if kind == "index" else Instrument))
        for vendor, name in named.items():
            assert rows[vendor].describe(name)[0] == exchange, (vendor, name)


@pytest.mark.parametrize("symbol", ["us-untouched", "nvda", "ES=F", "BTC-USD", "NVDA US", "600519", "NVDA\n", ""])
def test_a_name_from_which_nothing_can_be_derived_is_refused(symbol):
    assert refused(vendor_symbols, symbol, instrument("XNYS")) == (
        f"{symbol}: no vendor's symbol is stated and none can be derived; add symbols: {{yahoo: …}}"
    )


@pytest.mark.parametrize(
    ("symbol", "exchange"),
    [("0981.HK", "XLON"), ("0981.hk", "XHKG"), ("BT.A", "XLON"), ("005930", "XKRX"), ("BTC", "24/7"), ("GC=F", "IEPA")],
)
def test_a_symbol_that_is_of_another_exchange_or_leaves_open_which_is_refused(symbol, exchange):
    """Korea has two endings at Yahoo, and a coin is priced in several currencies."""
    assert refused(vendor_symbols, symbol, instrument(exchange)) == (
        f"{symbol}: no vendor's symbol is stated and none can be derived; add symbols: {{yahoo: …}}"
    )


@pytest.mark.parametrize(
    ("symbol", "prefixed"), [("000688", "sh000688"), ("sh000300", "sh000300"), ("csi931151", "csi931151")]
)
def test_an_index_is_not_taken_for_a_share_under_study(symbol, prefixed):
    """000688 on XSHG is the STAR 50: a share of that code is in Shenzhen."""
    assert refused(vendor_symbols, symbol, instrument("XSHG")) == (
        f"{symbol}: {prefixed} is an index and no benchmark of the study; "
        "check the code and its exchange, or state its symbols if the index is meant"
    )


def test_a_code_of_another_exchange_than_the_instrument_s_is_refused():
    assert refused(vendor_symbols, "600519", instrument("XSHE")) == (
        "'600519' is sh600519 (share), not a code of XSHE; check the code and its exchange"
    )
    assert refused(vendor_symbols, "Moutai", instrument("XSHG")) == f"'Moutai' {NOT_A_CODE}"
