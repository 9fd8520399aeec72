"""Page weight, measured in a browser and printed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from benchmarks.site import KB, PageSize, measure, report

from .conftest import Site


def test_pages_are_light(
    site: Site, browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    sizes = measure(site.folder, browser)
    record_property("printed", report(sizes))
    assert [line for size in sizes for line in size.problems()] == []
    assert {size.kind for size in sizes} == {"article", "lab"}
    assert all(size.visit > size.html > KB for size in sizes)


def test_a_heavy_page_is_reported() -> None:
    heavy = PageSize("a/", "article", 31 * KB, 251 * KB)
    assert len(list(heavy.problems())) == 2
    assert list(PageSize("a/", "lab", 31 * KB, 200 * KB).problems()) == []
