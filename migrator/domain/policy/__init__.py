"""Policies: parse, expand, decide, compare, fit."""
