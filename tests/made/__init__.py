"""Payloads of the vendors made by hand: the recorded figures of the package, in the shapes that the vendors serve.

``python -m tests.made`` writes them again to ``tests/exchanges``, byte for byte. They were never served by a vendor and
say so (`made`); they test parsers and nothing else. ``eventstudy record`` makes real ones on a connected machine.
"""
