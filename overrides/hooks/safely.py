"""A failed build leaves the old site: the new one is built beside it and replaces it when all went well."""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from cache import WarningCount
from languages import is_last_build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority

_warnings = WarningCount()
_command = ""
_target: Path | None = None


def on_startup(command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
    """Count warnings from the start: a strict build with one of them has failed."""
    global _command
    _command = command
    logging.getLogger("mkdocs").addHandler(_warnings)


@event_priority(200)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build into a folder beside the site's (a live server has a temporary folder anyway)."""
    global _target
    if _command != "serve" and is_last_build(config):
        _target = Path(config.site_dir)
        _target.parent.mkdir(parents=True, exist_ok=True)
        beside = tempfile.mkdtemp(prefix=f".{_target.name}-", dir=_target.parent)
        Path(beside).chmod(0o755)
        atexit.register(shutil.rmtree, beside, ignore_errors=True)
        config.site_dir = beside
    return config


@event_priority(-300)
def on_post_build(config: MkDocsConfig) -> None:
    """Put the finished site in place."""
    if _target is None or not is_last_build(config) or (config.strict and _warnings.count):
        return
    old = Path(tempfile.mkdtemp(prefix=f".{_target.name}-", dir=_target.parent))
    if _target.exists():
        _target.rename(old / "old")
    Path(config.site_dir).rename(_target)
    shutil.rmtree(old)
    config.site_dir = str(_target)
