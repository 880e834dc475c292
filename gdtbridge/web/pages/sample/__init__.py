"""``/stichprobe``: the sample audit of a KV."""

from gdtbridge.web.pages.sample.labels import told_labels
from gdtbridge.web.pages.sample.page import SamplePages

__all__ = ["SamplePages", "told_labels"]
