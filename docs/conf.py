"""Sphinx settings."""

from importlib.metadata import version as _version

project = "eventstudy-toolkit"
author = "The eventstudy-toolkit developers"
release = _version("exact-eventstudy")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "eventstudy-toolkit"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
