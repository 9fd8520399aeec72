# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] lang="zh"
# # 实验：稀疏查表的每一步 {#lab}
#
# 这里把 `embedding_lookup_sparse` 的每一个张量画出来，小到可以逐个数字去读；然后画出梯度；最后在真值已知的数据上训练三种组合方式，看谁能找回真值。
#
# 先准备一张 7 行 2 列的表，和一批四行的 id。第 1 行是空的，id 3 出现三次。

# %% [markdown] lang="en"
# # Lab: every step of a sparse embedding lookup {#lab}
#
# This lab draws each tensor of `embedding_lookup_sparse`, small enough to read number by number, then the gradient, and at the end trains the three combiners on data whose truth is known, to see which find it.
#
# First a table of 7 rows and 2 columns, and a batch of four rows of ids. Row 1 is empty, and id 3 stands three times.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from recnotes import lookup
from recnotes.data.multivalued import bags_of_tags

keras.utils.set_random_seed(0)
rng = np.random.default_rng(1)
table = tf.constant(rng.integers(-4, 6, size=(7, 2)), tf.float32)  # [V, D]
tags = tf.ragged.constant([[3, 1], [], [3], [4, 3, 1]])
weights = tags.with_values(tf.constant([1.0, 2.0, 1.0, 3.0, 1.0, 1.0]))
print(table.numpy().astype(int).tolist())


def panels(height, widths):
    """Make a row of panels of these relative widths."""
    style = {"figsize": (7.5, height), "width_ratios": widths, "layout": "constrained"}
    return plt.subplots(1, len(widths), **style)


def draw(ax, values, title, rows=None, height=None):
    """Draw a matrix, orange where it is negative, as tall as `height` rows."""
    values = np.atleast_2d(np.asarray(values, float))
    peak = max(abs(values).max(), 1.0)
    for (i, j), v in np.ndenumerate(values):
        shade = 0.5 * abs(v) / peak
        color = "C1" if v < 0 else "C0"
        ax.add_patch(plt.Rectangle((j, i), 1, 1, fc=color, alpha=shade, ec="none"))
        ax.add_patch(plt.Rectangle((j, i), 1, 1, fc="none", ec="C0", lw=0.8))
        ax.text(j + 0.5, i + 0.5, f"{v:.3g}", ha="center", va="center", fontsize=9)
    ax.set(xlim=(0, values.shape[1]), ylim=(height or len(values), 0), aspect="equal")
    ax.set_title(title, fontsize=9)
    ax.set_xticks([])
    labels = range(len(values)) if rows is None else rows
    ax.set_yticks(np.arange(len(values)) + 0.5, labels, fontsize=8)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)


# %% [markdown] lang="zh"
# ## 从 id 到取出的行 {#rows}
#
# 从左到右：段号与 id（每行一个条目，左列是行号，右列是 id）；不同的 id；每个条目指向第几个不同的 id；从表里取出的行；按位置展开的行。没有权重时，最后这个张量不会出现在内存里，算子直接按位置去取。
#
# 看第 0、2、4 个条目：它们的 id 都是 3，位置都是 0，展开的行相同；表只被读了一次。

# %% [markdown] lang="en"
# ## From ids to rows {#rows}
#
# From left to right: segment and id (one entry a row, its row of the batch on the left, its id on the right); the distinct ids; which distinct id each entry points to; the rows read from the table; the rows repeated by position. Without weights that last tensor never exists in memory: the kernel reads by position.
#
# Look at entries 0, 2 and 4: their id is 3, their position 0, their repeated rows are equal, and the table was read once.

# %% alt_zh="五个小矩阵：段号与 id、不同的 id 3 1 4、位置、取出的三行、展开的六行" alt_en="Five small matrices: segments and ids, the distinct ids 3 1 4, the positions, the three rows read, the six rows repeated"
segments, ids = lookup.row_segments(tags)
distinct, positions = lookup.unique_ids(lookup.check_ids(ids, 7, name="tags"))
rows = tf.gather(table, distinct)  # [Q, D]
repeated = tf.gather(rows, positions)  # [K, D]

figure, axes = panels(3.2, [2, 1, 1, 2, 2])
draw(axes[0], np.stack([segments, ids], axis=1), "segments, ids\n[K]")
draw(axes[1], distinct[:, None], "distinct\n[Q]", height=6)
draw(axes[2], positions[:, None], "positions\n[K]")
draw(axes[3], rows, "rows\n[Q, D]", rows=distinct.numpy(), height=6)
draw(axes[4], repeated, "rows[positions]\n[K, D]", rows=ids.numpy())
plt.show()

# %% [markdown] lang="zh"
# ## 三种组合方式 {#combiners}
#
# 左边是除以 $z_b$ 之前的权重矩阵 $[B, V]$，每行写着各个 id 的权重。右边依次是 `sum`、`mean`、`sqrtn` 的结果 $[B, D]$。`mean` 是 `sum` 除以权重之和，`sqrtn` 是除以权重平方和的平方根；只有一个权重为 1 的 id 时（第 2 行），三者相同。第 1 行为空，得零。
#
# 下面打印：三种结果与 `tf.nn` 是否逐位相等。

# %% [markdown] lang="en"
# ## The three combiners {#combiners}
#
# On the left the matrix of weights $[B, V]$ before the division by $z_b$: each row holds the weights of its ids. Then the results $[B, D]$ of `sum`, `mean` and `sqrtn`. `mean` is `sum` over the sum of the weights, `sqrtn` is `sum` over the root of the sum of their squares; with a single id of weight 1 (row 2) all three are the same. Row 1 is empty and gives zeros.
#
# Printed below: whether the three results equal those of `tf.nn` to the bit.

# %% alt_zh="权重矩阵与 sum、mean、sqrtn 三个结果矩阵；第 1 行全为零，第 2 行三者相同" alt_en="The matrix of weights and the results of sum, mean and sqrtn; row 1 is all zeros, row 2 is the same in all three"
hot = np.zeros((4, 7))
np.add.at(hot, (segments.numpy(), ids.numpy()), weights.flat_values.numpy())

figure, axes = panels(2.4, [7, 2, 2, 2])
draw(axes[0], hot, "weights [B, V]")
for ax, combiner in zip(axes[1:], lookup.segments.COMBINERS, strict=True):
    pooled = lookup.embedding_lookup_sparse(table, tags, weights, combiner)  # [B, D]
    theirs = tf.nn.embedding_lookup_sparse(table, tags, weights, combiner)  # [B, D]
    draw(ax, np.round(pooled, 2), f"{combiner} [B, D]")
    print(f"{combiner:5s}", pooled.numpy().tobytes() == theirs.numpy().tobytes())
plt.show()

# %% [markdown] lang="zh"
# ## 安全版 {#safe}
#
# 每个条目三列：行、id、权重。依次是：原始条目；去掉负 id；去掉不为正的权重（`sum` 会跳过这一步）；给空行补上 id 0、权重 1；查表；把空行置零。末尾的空行（第 4 行）也在结果里，普通版会漏掉它。

# %% [markdown] lang="en"
# ## The safe form {#safe}
#
# Three columns an entry: row, id, weight. In order: the entries as they came; without negative ids; without weights that are not positive ("sum" skips this); empty rows filled with id 0 and weight 1; looked up; empty rows set to zero. The empty row at the end (row 4) is in the result, where the plain form would lose it.

# %% alt_zh="安全查表的六步：条目从 6 个减到 3 个，再补到 6 个，查出 5 行，其中第 1、2、4 行置零" alt_en="The six stages of the safe lookup: 6 entries shrink to 3, are filled up to 6, 5 rows are looked up, rows 1, 2 and 4 are set to zero"
entries = (
    tf.constant([0, 0, 1, 2, 3, 3]),
    tf.constant([3, -1, -1, 5, 1, 4]),
    tf.constant([1.0, 1.0, 2.0, 0.0, 2.0, 1.0]),
)
no_ids = lookup.prune_ids(*entries)
no_weights = lookup.prune_weights(*no_ids, combiner="mean")
filled, is_empty = lookup.fill_empty_rows(*no_weights, 5)
row_of, id_of, weight_of = filled
pooled = lookup.lookup_segments(table, id_of, row_of, weight_of, "mean")  # [B, D]
safe = lookup.zero_rows(pooled, is_empty)  # [B, D]

figure, axes = panels(2.9, [3, 3, 3, 3, 2, 2])
names = ("entries", "prune_ids", "prune_weights", "fill")
stages = (entries, no_ids, no_weights, filled)
for ax, stage, name in zip(axes, stages, names, strict=False):
    draw(ax, np.stack(stage, axis=1), name, rows=[""] * len(stage[0]), height=6)
draw(axes[4], np.round(pooled, 2), "mean", height=6)
draw(axes[5], np.round(safe, 2), "zero_rows", height=6)
plt.show()

# %% [markdown] lang="zh"
# ## 不池化，与梯度 {#gradient}
#
# 左边是 `embedding_lookup_stack` 的结果 $[B, L, D]$，每行的三个槽位并排放着；右边没有条目的槽位是零。最右边是结果之和（`mean`，无权重）对表的梯度 $[V, D]$：只有 id 1、3、4 三行不为零。id 3 得到三份：$1/2 + 1 + 1/3$。

# %% [markdown] lang="en"
# ## Unpooled, and the gradient {#gradient}
#
# On the left the result of `embedding_lookup_stack`, $[B, L, D]$, the three slots of each row side by side; slots without an entry are zero. On the right the gradient of the sum of the results ("mean", no weights) by the table, $[V, D]$: only the rows of ids 1, 3 and 4 are not zero. Id 3 gets three shares: $1/2 + 1 + 1/3$.

# %% alt_zh="左边四行六列的堆叠，空槽位为零；右边七行两列的梯度，只有第 1、3、4 行不为零" alt_en="Left a stack of four rows and six columns, empty slots zero; right a gradient of seven rows and two columns, not zero in rows 1, 3 and 4 only"
stack, lengths = lookup.embedding_lookup_stack(table, tags)
variable = tf.Variable(table)
with tf.GradientTape() as tape:
    total = tf.reduce_sum(lookup.embedding_lookup_sparse(variable, tags, None))
gradient = tape.gradient(total, variable)
print(type(gradient).__name__, gradient.indices.numpy().tolist())
print(lengths.numpy().tolist())

figure, axes = panels(2.9, [6, 2])
draw(axes[0], tf.reshape(stack, [4, -1]), "stack [B, L, D]", height=7)
for slot in (2, 4):
    axes[0].plot([slot, slot], [0, 4], color="C3", lw=2)
draw(axes[1], np.round(tf.convert_to_tensor(gradient), 2), "gradient [V, D]")
plt.show()

# %% [markdown] lang="zh"
# ## 训练：真值能找回来吗 {#train}
#
# `bags_of_tags` 给 20 个标签各定一个值，按某一种组合方式池化 1 到 8 个标签的值，再加标准差 0.1 的噪声。模型是一张 $[20, 1]$ 的表加一次查表，用 Adam 从零开始训练。三种真值 × 三种模型，一共九次。
#
# 打印的是均方根误差，行是埋下的组合方式，列是模型的。对角线上约等于噪声；其他位置，怎样训练也降不下去。

# %% [markdown] lang="en"
# ## Training: is the truth found? {#train}
#
# `bags_of_tags` gives each of 20 tags a value, pools the values of 1 to 8 tags by one of the combiners and adds noise of standard deviation 0.1. The model is a table $[20, 1]$ and one lookup, trained from zero with Adam. Three truths times three models are nine runs.
#
# Printed is the root mean squared error: a row for each planted combiner, a column for each model. On the diagonal it is about the noise; elsewhere no training brings it down.


# %%
def fit(bags, combiner, weights=None, steps=300):
    """Train a table `[V, 1]` on the labels; return its values and the error."""
    ids = tf.RaggedTensor.from_value_rowids(bags.ids, bags.segments)
    weights = None if weights is None else ids.with_values(weights)
    values = keras.Variable(np.zeros((20, 1)), dtype="float32")
    adam = keras.optimizers.Adam(0.05)
    adam.build([values])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            pooled = lookup.embedding_lookup_sparse(values, ids, weights, combiner)
            loss = tf.reduce_mean(tf.square(pooled[:, 0] - bags.labels))
        adam.apply(tape.gradient(loss, [values]), [values])
        return loss

    for _ in range(steps):
        loss = step()
    return values.numpy()[:, 0], float(loss) ** 0.5


combiners = ("sum", "mean", "sqrtn")
found = {}
for planted in combiners:
    bags = bags_of_tags(combiner=planted, noise=0.1, seed=0)
    for model in combiners:
        found[planted, model] = (bags.values, *fit(bags, model))
    print(f"{planted:5s}", *(f"{found[planted, model][2]:.2f}" for model in combiners))

# %% [markdown] lang="zh"
# 每个小图里，横轴是埋下的标签值，纵轴是训练得到的值，虚线是相等。对角线上的点落在虚线上。真值是 `sum` 而模型是 `mean`（第一行中间）时，值被放大，去凑长行；反过来（第二行左边）则被缩小。

# %% [markdown] lang="en"
# In each panel the planted values of the tags lie on the horizontal axis and the trained ones on the vertical; the dashed line is equality. On the diagonal the points lie on it. Where the truth is `sum` and the model `mean` (first row, middle) the values are blown up to make up for long rows; the other way round (second row, left) they shrink.

# %% alt_zh="三乘三的散点图：训练得到的标签值对埋下的标签值，只有对角线上的三个落在等值线上" alt_en="Three by three scatter plots of trained tag values against planted ones; only the three on the diagonal lie on the line of equality"
options = {"sharex": True, "sharey": True, "layout": "constrained"}
figure, axes = plt.subplots(3, 3, figsize=(6.6, 6.2), **options)
for i, planted in enumerate(combiners):
    for j, model in enumerate(combiners):
        truth, values, error = found[planted, model]
        ax = axes[i, j]
        ax.plot([-3, 3], [-3, 3], "--", color="C1", lw=1)
        ax.plot(truth, values, "o", color="C0" if i == j else "C3", ms=3)
        ax.set_title(f"{planted} → {model}: {error:.2f}", fontsize=9)
plt.show()

# %% [markdown] lang="zh"
# ## 权重与个数 {#weights-and-counts}
#
# 两个补充。第一，数据带权重而查表不带：误差升高，因为模型把每个标签当作同等重要。第二，真值是 `sum`，模型只有 `mean`，但再乘以个数 $n$，误差回到噪声：缺的正是个数。

# %% [markdown] lang="en"
# ## Weights and counts {#weights-and-counts}
#
# Two more. First, data with weights and a lookup without: the error rises, because the model takes each tag as equally important. Second, the truth is `sum` and only the `mean` is at hand, but it is multiplied by the count $n$: the error is back at the noise. The count is exactly what was missing.

# %%
bags = bags_of_tags(combiner="mean", weighted=True, noise=0.1, seed=0)
print(f"weights    {fit(bags, 'mean', bags.weights)[1]:.2f}")
print(f"no weights {fit(bags, 'mean')[1]:.2f}")

bags = bags_of_tags(combiner="sum", noise=0.1, seed=0)
ids = tf.RaggedTensor.from_value_rowids(bags.ids, bags.segments)
mean = lookup.embedding_lookup_sparse(np.eye(20), ids, None).numpy()  # [B, V]
counts = ids.row_lengths().numpy()  # [B]
for name, design in (("mean", mean), ("mean * n", mean * counts[:, None])):
    values = np.linalg.lstsq(design, bags.labels, rcond=None)[0]  # [V]
    print(f"{name:8s}", f"{np.sqrt(np.mean((design @ values - bags.labels) ** 2)):.2f}")

# %% [markdown] lang="zh"
# ## 动手试试 {#try}
#
# - 把 `max_tags` 改成 1：九个误差都等于噪声。为什么？
# - 给 `weights` 的一个值加上负号，比较普通版与安全版的 `mean`。
# - 在训练里加 `max_norm=1.0`：哪些标签的值再也到不了真值？

# %% [markdown] lang="en"
# ## Try it {#try}
#
# - Set `max_tags` to 1: all nine errors equal the noise. Why?
# - Give one of `weights` a minus sign and compare the `mean` of the plain and of the safe form.
# - Add `max_norm=1.0` to the training: which tags can never reach their value again?
