"""Generators with planted truth (offline, instant) and loaders of public data sets."""
