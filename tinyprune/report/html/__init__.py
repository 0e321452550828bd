"""`report.html` and `comparison.html`: one self-contained file each, a pure function of the figures."""

from tinyprune.report.html.pages import comparison_page as comparison_page
from tinyprune.report.html.pages import report_page as report_page
