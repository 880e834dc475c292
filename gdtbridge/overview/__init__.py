"""What people see of devices and deliveries: put together from the rooms below, and what they do.

Every fact has its home below: who called (`callers`), what was asked (`queries`), what leaves
(`outbox`, `forward`). Words for a page must not live here, nor a decision of its own.
"""
