"""Ten blocks drawn at random run in fresh interpreters: nothing that ran before them helps."""

import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.block_rules import violations
from tools.block_run import run_fresh
from tools.blocks import blocks
from tools.paths import pages
from tools.pytest_blocks import DRAW, carried

OUT_OF_REACH = re.compile(r"^recnotes\.data\.files\.DownloadError: ", re.MULTILINE)


def failures(drawn):
    """What a reader would find wrong after pasting each block into an empty interpreter."""
    wrong = []
    with ThreadPoolExecutor(2) as pool:
        for block, result in zip(drawn, pool.map(run_fresh, drawn), strict=True):
            if OUT_OF_REACH.search(result.error):
                print(f"{block.where}: not run, it needs the network or RECNOTES_DATA")
            elif result.error:
                wrong.append(f"{block.where}: {result.error}")
            elif result.output != block.expected:
                wrong.append(
                    f"{block.where}: the page says\n{block.expected}\nbut it prints\n{result.output}"
                )
    return wrong


def test_ten_blocks_drawn_at_random_run_in_fresh_processes():
    every = [block for path in pages() if not carried(path) for block in blocks(path)]
    drawn = random.Random(int(os.environ[DRAW])).sample(every, min(10, len(every)))
    print(f"{DRAW}={os.environ[DRAW]}:", *(block.where for block in drawn))
    assert failures(drawn) == []


def test_a_block_that_needs_another_one_fails(tmp_path):
    page = Path(tmp_path, "page.md")
    page.write_text(
        "# Page\n\n```python\nimport random\n\nprint(random.random())\n```\n"
        "<!--pytest-codeblocks:expected-output-->\n```text\n0.5\n```\n\n"
        "```python\nprint('__file__' in globals(), __name__, missing)\n```\n"
        "<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n\n"
        "```python\nprint(__name__)\n```\n"
        "<!--pytest-codeblocks:expected-output-->\n```text\n__main__\n```\n"
    )
    assert len(violations(page, tmp_path)) == 1  # the name that is missing
    unseeded, alone = failures(blocks(page))
    assert unseeded.startswith(f"{page}:3: the page says\n0.5")
    assert "line 14" in alone and "NameError: name 'missing' is not defined" in alone


def test_a_block_whose_data_are_nowhere_is_no_failure(tmp_path):
    page = Path(tmp_path, "page.md")
    page.write_text(
        "# Page\n\n```python\nfrom recnotes.data.files import DownloadError\n\n"
        "print(1)\nraise DownloadError('nowhere')\nprint(2)\n```\n"
        "<!--pytest-codeblocks:expected-output-->\n```text\n2\n```\n"
    )
    assert failures(blocks(page)) == []
