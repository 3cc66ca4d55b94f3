"""Measurements that print ratios against something raw in the same run. See docs/performance.md."""
