"""Measurements, side by side with a peer in one run. See docs/benchmarks.md."""
