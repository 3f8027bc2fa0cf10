"""How the site is built; `make docs` does it, with warnings as errors."""

import os
import sys
import sysconfig
from contextlib import suppress
from importlib.metadata import version as installed
from pathlib import Path

from nbclient import NotebookClient

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]
# Sphinx reads nothing outside its folder.
with suppress(FileExistsError):
    (HERE / "notebooks").symlink_to("../notebooks")

# The tutorial's cells call `sopr-uq`, which lies beside the Python that builds.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
os.environ["PYTHONPATH"] = str(HERE.parent)
os.environ["COLUMNS"] = "90"
# Its simulations are instant: threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "sopr_uq"
author = "the authors of sopr_uq"
release = installed("sopr-uq")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "from_code", "equations"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_timeout = 900
nb_execution_raise_on_error = True

# A command's output comes in pieces, which belong together as they are.
NotebookClient.coalesce_streams.default_value = True

# Equations are in the page, and need nothing from elsewhere.
html_math_renderer = "mathml"

napoleon_google_docstring = False
# A type in a docstring is words for people ("array, shape (n,)"), not names to link.
napoleon_use_param = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "sopr_uq"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_copyright = False
html_show_sourcelink = False
