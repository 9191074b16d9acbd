"""Decisions: pure functions and frozen facts. No clock, no files, no network."""
