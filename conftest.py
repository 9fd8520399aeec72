"""Loads the plugin that runs the blocks of pages, from wherever pytest is started in the repository."""

pytest_plugins = ("tools.pytest_blocks",)
