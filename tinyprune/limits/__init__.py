"""What a build may cost: limits by themselves and beside a baseline that is kept under version control."""

from tinyprune.limits.verdict import Verdict as Verdict
from tinyprune.limits.verdict import check as check
