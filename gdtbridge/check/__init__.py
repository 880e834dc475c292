"""``gdtbridge check``: whether the service would start here and could do its work.

Here is looked at an installation from outside, beside a service that runs or not. Nothing is made
or decided.
"""

from gdtbridge.check.probing import master_data, probe
from gdtbridge.check.result import CheckResult

__all__ = ["CheckResult", "master_data", "probe"]
