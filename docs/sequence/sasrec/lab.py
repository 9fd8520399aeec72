# %% [markdown] lang="zh"
# # 实验：逐个矩阵看懂 SASRec {#lab}
#
# 先拿一条三个物品的历史，把每个矩阵算一遍；再在真实分布已知的会话上训练，把学到的转移与预设的画在一起；最后换成真实数据 MovieLens-100K。

# %% [markdown] lang="en"
# # Lab: SASRec, matrix by matrix {#lab}
#
# First a history of three items goes through every matrix; then the model trains on sessions whose distribution is known, and the learned transitions are drawn beside the planted ones; finally real data, MovieLens-100K.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from recnotes.data import (
    leave_last_out,
    leave_one_out,
    markov_sessions,
    movielens_100k,
    next_item_pairs,
    pack_sequences,
)
from recnotes.embedding import positions_from_the_end
from recnotes.layers import masked_softmax, self_attention_mask
from recnotes.metrics import hit_rate, ndcg
from recnotes.models import SASRec

keras.utils.set_random_seed(0)

# %% [markdown] lang="zh"
# ## 位置与掩码 {#masks}
#
# 一条历史：物品 3、1、4，右侧两列填充。位置从最近的物品往回数；掩码是下三角，填充所在的列全为 0。

# %% [markdown] lang="en"
# ## Positions and masks {#masks}
#
# One history: items 3, 1, 4 and two columns of padding on the right. Positions count back from the most recent item; the mask is a triangle whose padding columns are 0.

# %%
history = tf.constant([[3, 1, 4, 0, 0]])  # [B, L]
mask = history > 0  # [B, L]
allowed = self_attention_mask(mask)  # [B, L, L]
print("positions", positions_from_the_end(mask)[0].numpy())
print(allowed[0].numpy().astype(int))

# %% [markdown] lang="zh"
# ## 嵌入 {#embedding}
#
# 一个小模型：7 个物品，宽度 4，一个块，一个头。每一步是物品向量加位置向量，填充处为零。

# %% [markdown] lang="en"
# ## Embedding {#embedding}
#
# A small model: 7 items, width 4, one block, one head. A step is its item vector plus its position vector, and zero on padding.

# %%
tiny = SASRec(num_items=7, embedding_dim=4, max_length=5, num_blocks=1, dropout=0.0, seed=1)
tiny.build()
e, _ = tiny.embedding(history)
print(e[0].numpy().round(2) + 0.0)  # + 0.0 turns -0. into 0.

# %% [markdown] lang="zh"
# ## 查询、键与注意力权重 {#attention}
#
# 归一化之后投影成查询和键，内积除以 $\sqrt d$，加掩码，做 softmax。三幅图：得分、掩码 $a$、权重 $w$；行是查询 $q$，列是键 $k$。

# %% [markdown] lang="en"
# ## Queries, keys and attention weights {#attention}
#
# Normalize, project to queries and keys, take inner products over $\sqrt d$, mask, softmax. Three pictures: scores, mask $a$, weights $w$; rows are queries $q$, columns are keys $k$.

# %% alt_zh="三个 5×5 的矩阵并排：得分处处有值；掩码是下三角且后两列为空；权重只在掩码允许处非零。" alt_en="Three 5 by 5 matrices side by side: scores everywhere, a triangular mask whose last two columns are empty, weights that are non-zero only where the mask allows."
block = tiny.blocks[0]
normed = block.attention_norm(e)  # [B, L, D]
q = block.attention.query(normed)  # [B, L, D]
k = block.attention.key(normed)  # [B, L, D]
scores = tf.matmul(q, k, transpose_b=True) / 2.0  # [B, L, L]
weights = masked_softmax(scores, allowed)  # [B, L, L]
figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
titles = ("$QK^T d^{-1/2}$", "$a$", "$w$")
for ax, matrix, title in zip(axes, (scores, allowed, weights), titles, strict=True):
    values = np.asarray(matrix[0], float)
    ax.imshow(values, cmap="Blues")
    ax.set(title=title, xlabel="$k$", ylabel="$q$")
figure.tight_layout()

# %% [markdown] lang="zh"
# 权重的每一行在可见的键上和为 1。值的加权和经过残差和前馈网络，最后一步的向量与物品表相乘，得到 7 个得分，与模型的输出一致。

# %% [markdown] lang="en"
# Each row of weights sums to 1 over the keys it may see. The weighted sum of values passes the residual and the feed-forward network; the vector of the last step times the item table gives 7 scores, the same as the model's.

# %%
s = e + tf.matmul(weights, block.attention.value(normed))  # [B, L, D]
f = s + block.feed_forward(block.feed_forward_norm(s))  # [B, L, D]
by_hand = tf.matmul(f[:, 2], tf.convert_to_tensor(tiny.embedding.item_table), transpose_b=True)  # [B, N]
print("row sums", tf.reduce_sum(weights, -1)[0].numpy().round(3))
print("scores", by_hand[0].numpy().round(2))
print("equal to the model:", np.allclose(by_hand, tiny({"history": history}), atol=1e-5))

# %% [markdown] lang="zh"
# ## 学到的转移与预设的转移 {#transitions}
#
# 20 个物品。下一个物品以 0.3 的概率按最后一个物品的矩阵 $T_0$ 抽取，以 0.7 的概率按倒数第二个的矩阵 $T_1$ 抽取。一个块，交叉熵，训练 8 个 epoch。

# %% [markdown] lang="en"
# ## Learned and planted transitions {#transitions}
#
# 20 items. With probability 0.3 the next one is drawn by the matrix $T_0$ of the last item, with 0.7 by the matrix $T_1$ of the item before it. One block, cross-entropy, 8 epochs.

# %% tolerance=0.1
data = markov_sessions(2000, 20, (0.3, 0.7), min_length=8, max_length=12, num_successors=2, seed=0)
train, test = data.sessions[:1500], data.sessions[1500:]
model = SASRec(20, embedding_dim=24, max_length=11, num_blocks=1, dropout=0.0, loss="cross_entropy", seed=0)
model.compile(keras.optimizers.Adam(0.01))
model.fit(next_item_pairs(train), batch_size=64, epochs=8, verbose=0)
rest, target = leave_last_out(test)
for name, p in (("truth", data.next_probabilities(rest)), ("SASRec", model({"history": rest}).numpy())):
    print(f"{name:7s} HR@2 {hit_rate(p, target - 1, 2):.2f}")

# %% [markdown] lang="zh"
# 对每一对“倒数第二个、最后一个”，让模型给出下一个物品的分布。固定其中一个、对另一个取平均，就得到模型学到的两个转移矩阵。预设的分布也同样取平均。左边是预设的，右边是学到的。

# %% [markdown] lang="en"
# Ask the model for the distribution of the next item after every pair of "item before last, last item". Fixing one of them and averaging over the other gives the two transition matrices as the model sees them. The planted distribution is averaged in the same way. Planted on the left, learned on the right.

# %% tolerance=0.3 alt_zh="四个 20×20 的矩阵：上排是最后一个物品的预设与学到的转移，下排是倒数第二个物品的；右边的深色格与左边落在同样的位置，下排更清晰。" alt_en="Four 20 by 20 matrices: planted and learned transitions of the last item on top, of the item before it below; the dark cells on the right stand where they stand on the left, clearer in the lower row."
N = 20
before, last = np.divmod(np.arange(N * N), N)
pairs = np.stack([before + 1, last + 1], axis=1).astype(np.int32)  # [N*N, 2]
p = tf.nn.softmax(model({"history": pairs})).numpy().reshape(N, N, N)  # [N, N, N]
truth = data.next_probabilities(pairs).reshape(N, N, N)  # [N, N, N]
figure, axes = plt.subplots(2, 2, figsize=(5, 5))
for row, (axis, name) in enumerate(((0, "T_0"), (1, "T_1"))):
    for column, (values, side) in enumerate(((truth, ""), (p, "SASRec"))):
        ax = axes[row, column]
        ax.imshow(values.mean(axis=axis), cmap="Blues")
        ax.set(title=f"${name}$ {side}", xlabel="$s_{t+1}$", ylabel=("$s_t$", "$s_{t-1}$")[row])
figure.tight_layout()

# %% tolerance=0.1
for axis, name in ((0, "T_0"), (1, "T_1")):
    a, b = truth.mean(axis=axis).ravel(), p.mean(axis=axis).ravel()
    print(name, "correlation", round(float(np.corrcoef(a, b)[0, 1]), 2))

# %% [markdown] lang="zh"
# ## 真实数据：MovieLens-100K {#movielens}
#
# 留一法：每个用户最后一部电影作测试，之前的都是历史；在用户没评过分的电影上全量排名。两个基线：热门；最后一部电影的多项逻辑回归。后者以“最后一部是哪部”的独热向量为输入，是一张 $N\times N$ 的 logit 表，交叉熵的最小值有闭式：对数转移次数。下面给每行加上热门分布作为 1 次伪计数（即狄利克雷先验下的最大后验），并检验无先验时梯度为零。

# %% [markdown] lang="en"
# ## Real data: MovieLens-100K {#movielens}
#
# Leave one out: each user's last movie is the test, what came before is the history; full ranking over the movies the user has not rated. Two baselines: popularity, and multinomial logistic regression on the last movie. Its input is the one-hot vector of the last movie, its weights a table of $N\times N$ logits, and the minimum of cross-entropy has a closed form: the log of transition counts. Each row gets the popularity distribution as one pseudo-count (the posterior mode under a Dirichlet prior); without the prior the gradient at the counts is zero, as checked here.

# %%
movies = movielens_100k()
ratings, N = movies.ratings, movies.num_items
split = leave_one_out(ratings.user_id, ratings.timestamp)
rows = np.concatenate([split.train, split.validation])
rows = rows[np.lexsort((ratings.timestamp[rows], ratings.user_id[rows]))]
starts = np.flatnonzero(np.diff(ratings.user_id[rows])) + 1
sequences = np.split(ratings.item_id[rows], starts)
target = ratings.item_id[split.test] - 1  # columns count from 0
seen = np.zeros((len(sequences), N), bool)
counts = np.zeros((N, N))
for user, items in enumerate(sequences):
    seen[user, items - 1] = True
    np.add.at(counts, (items[:-1] - 1, items[1:] - 1), 1)
popularity = np.bincount(ratings.item_id[rows], minlength=N + 1)[1:] / len(rows)
last = np.array([items[-1] for items in sequences]) - 1
print(len(sequences), "users,", N, "movies, median history", int(np.median([len(s) for s in sequences])))

row = counts[counts.sum(axis=1).argmax()]
log_p = tf.Variable(np.log(np.maximum(row, 1e-300)))
with tf.GradientTape() as tape:
    loss = -tf.reduce_sum(row * tf.nn.log_softmax(log_p))
print("gradient at the counts is zero:", np.abs(tape.gradient(loss, log_p)).max() < 1e-9)


# %%
def report(name, scores):
    hr, gain = (metric(scores, target, 10, exclude=seen) for metric in (hit_rate, ndcg))
    print(f"{name:20s} HR@10 {hr:.3f}  NDCG@10 {gain:.3f}")


report("popularity", np.tile(popularity, (len(sequences), 1)))
report("logistic regression", np.log(counts[last] + popularity + 1e-9))

# %% [markdown] lang="zh"
# SASRec：最近 50 部电影，宽度 32，一个块，对全部电影的交叉熵。

# %% [markdown] lang="en"
# SASRec: the 50 most recent movies, width 32, one block, cross-entropy over all movies.

# %% tolerance=0.15
model = SASRec(N, embedding_dim=32, max_length=50, num_blocks=1, dropout=0.1, loss="cross_entropy", seed=0)
model.compile(keras.optimizers.Adam(0.01))
model.fit(next_item_pairs(pack_sequences(sequences, 51)), batch_size=64, epochs=8, verbose=0)
histories = pack_sequences(sequences, 50)
report("SASRec", model.predict({"history": histories}, batch_size=256, verbose=0))

# %% [markdown] lang="zh"
# 注意力落在哪里？取 200 个历史满 50 部的用户，对权重求平均，只看最后 15 步的查询与键。

# %% [markdown] lang="en"
# Where does attention look? The mean over 200 users with 50 movies, the last 15 steps as queries and keys.

# %% tolerance=0.3 alt_zh="15×15 的下三角热图：平均注意力权重，行是查询，列是键。" alt_en="A triangular 15 by 15 heat map: the mean attention weight, rows are queries, columns are keys."
full = tf.constant(histories[(histories > 0).all(axis=1)][:200])
_, _, (w,) = model.encode(full)
mean = tf.reduce_mean(w[:, 0], axis=0).numpy()[-15:, -15:]
figure, ax = plt.subplots(figsize=(3.6, 3.2))
image = ax.imshow(mean, cmap="Blues", extent=(-14.5, 0.5, 0.5, -14.5))
ax.set(xlabel="$k$", ylabel="$q$")
figure.colorbar(image)
figure.tight_layout()

# %% tolerance=0.3
print("last step, keys 0 to 3 steps back:", np.round(mean[-1, ::-1][:4], 2))

# %% [markdown] lang="zh"
# 权重集中在最近的几步，前一步比当前这一步更多：当前物品本来就走残差。

# %% [markdown] lang="en"
# The weights gather on the most recent steps, and the step before gets more than the step itself, which the residual carries anyway.
