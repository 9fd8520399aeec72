"""A page in both languages that breaks no rule, for the tests to spoil."""

from pathlib import Path

from tools.pages import Page

ZH = """\
---
title: FM
description: 一句话
prerequisites: [basics/embedding]
search: {boost: 2}
---
# FM：交叉 {#fm}

<!-- modules: a -->

秩至多是 \\(D\\)，见[术语表](../glossary/index.md#rank)与 [`fm`][recnotes.layers.fm]，一共 1225 对，
约 1.2 万个，差 0.25。[^1]

![结构图](architecture.svg)

| 符号 | 形状 |
|---|---|
| \\(x\\) | `[D]` |

$$
y = x \\quad \\text{当 } x > 0
$$

!!! note "注意"
    缩进的话。

## 代码 {#code}

```python
x = 1  # 一
print(x)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

```bash
make serve  # 启动
```

[^1]: 脚注。
"""

EN = """\
---
title: FM
description: One sentence
prerequisites: [basics/embedding]
search: {boost: 2}
---
# FM: crosses {#fm}

<!-- modules: a -->

In all 1,225 pairs, about 12 thousand of them, 0.25 apart: see [`fm`][recnotes.layers.fm] and the
[glossary](../glossary/index.md#rank); the rank is at most \\(D\\), and \\(D\\) it stays.[^1]

![The structure](architecture.svg)

| symbol | shape |
|---|---|
| \\(x\\) | `[D]` |

$$
y = x \\quad \\text{when } x > 0
$$

!!! note "Note"
    Indented words.

## Code {#code}

```python
x = 1  # one
print(x)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

```bash
make serve  # start it
```

[^1]: Footnote.
"""


def page(text: str, name: str = "page.md") -> Page:
    """A page that is in no file."""
    return Page(Path(name), text)
