"""Benchmarks that only test the runner."""
