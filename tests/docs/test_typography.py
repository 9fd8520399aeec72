"""Chinese typography: a good sample passes, each bad one is found."""

import pytest

from tests.docs.sample_pages import page
from tools import prose
from tools.typography import typography

GOOD = """\
# FM：交叉 {#fm}

秩至多是 \\(D\\)（线性项再加 2），见[术语表](../index.md#a)与 [`fm`][recnotes.fm]，一共 1225 对，约 50%。[^1]

- **症状：混合精度后 AUC 掉一点。** 使用 **FM** 与 `x=1`，形状为 (4, 8) 的张量，比例 3:1。

| 症状 | 含义 |
|---|---|

!!! note "注意 TF"
    缩进的话，AUC。

```python
x = 1  # 注释abc,好
```

$$
y = \\text{当,否则abc}
$$

[^1]: 见“论文”第 3 节，<https://example.org/中a>。
"""


def test_good_chinese_passes() -> None:
    assert prose.check(page(GOOD), "zh") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("秩至多是\\(D\\)。", "write"),
        ("使用`x`。", "write"),
        ("使用**FM**模型。", "write"),
        ("见[FM](a.md)。", "write"),
        ("一共1225对。", "write"),
        ("约 50%的差别。", "write"),
        ("好,的。", "half-width"),
        ("好的,", "half-width"),
        ('他说："好"。', "half-width"),
        ("因子分解机(FM)的", "half-width"),
        ("FM(因子分解机)。", "half-width"),
        ("如下: `x`", "half-width"),
        ("你好 ，世界。", "write"),
        ("# 标题abc {#a}", "write"),
        ("| 好 | 一X的 |", "write"),
        ('!!! note "注意TF"', "write"),
        ("    缩进的TF。", "write"),
        ("[^1]: 脚注TF。", "write"),
        ("---\ntitle: 标题TF\n---\n", "page.md:2: write"),
        ("一句话，\n换了行。", "line break"),
    ],
)
def test_bad_typography_is_found(text: str, message: str) -> None:
    found = typography(page(text + "\n"))
    assert found and message in found[0], found
