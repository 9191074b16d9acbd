"""Telling people: texts from templates, channels through Apprise."""
