"""Profiles of random searches: the suite takes the same examples on every machine; `nox -s search` takes the other."""

from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("suite")
