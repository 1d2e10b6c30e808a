"""The vendors: Yahoo, Eastmoney, Tencent, Sina, a file each, all with ``fetch(symbols, start, end) -> PricePanel``.

`wire` is where every HTTP exchange passes, `exchanges` records and replays them, `manners` keeps pace and tries again,
`watch` names what goes wrong on the way, `symbols` knows codes, `bars` tidies what came, `download` is one symbol from
one vendor, `cache` keeps downloads and `drift` compares them.
"""
