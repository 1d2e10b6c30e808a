"""The gate: what returns, benchmarks, factors, prices and events must pass, whichever door they come by.

Three classes. *Impossible* values are refused. *Units* that cannot be those of decimal returns are refused unless the
caller accepts them. What is *suspicious* is told beside the figures that it touches; numbers stay as they are.
"""
