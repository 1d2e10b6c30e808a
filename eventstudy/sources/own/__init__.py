"""The user's own prices: a folder of files, tables of any shape, frames.

`delimited`, `workbooks` and `grids` read text, Excel, Parquet and frames into cells that know their place; `parts`
finds whose they are; `stamps` and `cells` turn them into sessions and numbers; `rows` makes bars and a series of them,
every fault with its place. `folder`, `tables` and `frames` are the three doors.
"""
