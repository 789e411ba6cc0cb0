"""Sphinx configuration. Nothing is fetched: no inventories of other projects, no remote images."""

import sys
from pathlib import Path

import regimes

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "regimes"
author = "The regimes developers"
copyright = f"2026, {author}"
version = release = regimes.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "claims",
    "command_output",
    "derivations",
    "experiment",
    "published",
    "references",
]
exclude_patterns = ["_build", "extensions", "gallery", "auto_examples/*.ipynb", "results", "sg_execution_times.rst"]
myst_enable_extensions = ["amsmath", "dollarmath"]

html_theme = "furo"
html_title = f"regimes {release}"
html_show_sourcelink = False

autodoc_default_options = {"exclude-members": "n, d"}  # every "shape (n, d)" would become a link to one of them
autodoc_member_order = "bysource"  # which for a facade is the order of its stub
autodoc_typehints = "none"  # types stand in the numpydoc sections already
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_examples",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}
