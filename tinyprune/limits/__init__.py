"""What a build may cost: limits by themselves and beside a baseline that is kept under version control."""

from tinyprune.limits.baseline import Baseline as Baseline
from tinyprune.limits.baseline import read_baseline as read_baseline
from tinyprune.limits.limit import Limit as Limit
from tinyprune.limits.limit import parse as parse
from tinyprune.limits.verdict import Verdict as Verdict
from tinyprune.limits.verdict import check as check
