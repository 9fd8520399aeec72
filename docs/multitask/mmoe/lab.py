# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] lang="zh"
# # 实验：MMoE 逐个矩阵，再看门控分工 {#lab}
#
# 先用一组小得能逐个数读的张量走一遍：输入、专家、门控、混合。再在论文的合成数据上训练共享底层、OMoE 和 MMoE，看任务越来越不相关时误差怎么变，门控又学成了什么样。

# %% [markdown] lang="en"
# # Lab: MMoE matrix by matrix, then how the gates divide the work {#lab}
#
# First, one pass over tensors small enough to read: input, experts, gates, mixture. Then shared bottom, OMoE and MMoE are trained on the paper's synthetic data, to see how their errors change as the tasks grow unrelated, and what the gates have learned.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from recnotes.data import label_correlation, two_tasks
from recnotes.layers import apply_experts, gate_weights, mix_experts
from recnotes.models import MMoE, OMoE, SharedBottom

np.set_printoptions(precision=2, suppress=True)

# %% [markdown] lang="zh"
# ## 输入与专家 {#experts}
#
# 四条样本，三个特征，$E=3$ 个专家，每个 $U=5$ 个单元。一次 `einsum` 就算出所有专家；第 0 个专家的结果与一次普通的矩阵乘法相同。

# %% [markdown] lang="en"
# ## Input and experts {#experts}
#
# Four rows, three features, $E=3$ experts of $U=5$ units. One `einsum` computes all experts; expert 0 is an ordinary matrix product.

# %%
rng = np.random.default_rng(0)
x = tf.constant([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
kernel = tf.constant(rng.normal(size=(3, 3, 5)).round(1), tf.float32)
experts = tf.nn.relu(apply_experts(x, kernel))  # [B, E, U]
print("x", x.shape, x.numpy(), sep="\n")
print("experts", experts.shape, experts.numpy(), sep="\n")
print("expert 0 alone", np.maximum(x.numpy() @ kernel[0].numpy(), 0), sep="\n")

# %% [markdown] lang="zh"
# ## 门控 {#gates}
#
# 两个任务，各有一个 $[3, 3]$ 的矩阵。第 0 条样本上，任务 0 偏向专家 0，任务 1 偏向专家 1；最后一条样本全为 0，没有偏置的门控只能平分。每行的和是 1。

# %% [markdown] lang="en"
# ## Gates {#gates}
#
# Two tasks, each with a $[3, 3]$ matrix. On row 0, task 0 leans on expert 0 and task 1 on expert 1; the last row is all 0, so a gate without bias has to weigh the experts evenly. Every row sums to 1.

# %%
gate_kernel = tf.constant(
    [
        [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        [[0.0, 2.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]],
    ]
)
gates = gate_weights(x, gate_kernel)  # [B, G, E]
print("logits", tf.einsum("bn,gne->bge", x, gate_kernel).numpy(), sep="\n")
print("gates", gates.shape, gates.numpy(), sep="\n")
print("row sums", tf.reduce_sum(gates, -1).numpy())

# %% [markdown] lang="zh"
# ## 混合 {#mixture}
#
# 每个任务把专家按自己的权重相加。下面手工算第 0 条样本、任务 0，再与 `mix_experts` 对照。

# %% [markdown] lang="en"
# ## Mixture {#mixture}
#
# Every task adds the experts with its own weights. Row 0, task 0 by hand, then `mix_experts`.

# %%
by_hand = sum(gates[0, 0, i] * experts[0, i] for i in range(3))
mixed = mix_experts(gates, experts)  # [B, G, U]
print("by hand    ", by_hand.numpy())
print("mix_experts", mixed[0, 0].numpy())
print("task 1     ", mixed[0, 1].numpy())

# %% [markdown] lang="zh"
# ## 合成数据的真值 {#truth}
#
# 左图：标签随 $s=w^\top x$ 的变化，三个种子，都是一条直线加若干正弦。右图：标签的相关系数（按闭式算出）随余弦 $p$ 的变化。$p$ 不是相关系数，但两者同升同降。

# %% [markdown] lang="en"
# ## The planted truth {#truth}
#
# Left: the label as a function of $s=w^\top x$ for three seeds, a line plus sinusoids. Right: the correlation of the labels, in closed form, against the cosine $p$. $p$ is not the correlation, but the two rise and fall together.

# %% alt_zh="左图：三个种子的标签曲线 y(s)，围绕直线 y=s 起伏；右图：标签相关系数随余弦 p 单调上升，低于对角线，在 p=0 处接近 0" alt_en="Left: label curves y(s) of three seeds, waving about the line y=s; right: label correlation rising with the cosine p, below the diagonal, near 0 at p=0"
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
s, p = np.linspace(-3, 3, 61), np.linspace(0, 1, 21)
for seed in range(3):
    data = two_tasks(0, 0.5, seed=seed)
    alpha, beta, color = data.alpha, data.beta, f"C{seed}"
    left.plot(s, s + np.sin(s[:, None] * alpha + beta).sum(1), color=color)
    right.plot(p, [label_correlation(q, 1.0, alpha, beta, 0.1) for q in p], color=color)
left.set(xlabel="s", ylabel="y(s)")
right.plot([0, 1], [0, 1], ":", color="gray")
right.set(xlabel="cosine p", ylabel="corr(y₁, y₂)")
plt.show()

# %% [markdown] lang="zh"
# ## 任务越来越不相关 {#unrelated}
#
# 20 维输入，4 个专家，每个 8 个单元；共享底层 34 个单元，有 1,292 个权重，MMoE 是 994 个。每批都是新数据，训练 1,500 步，五个种子（真值、数据和初始权重都随之更换）。纵轴是留出数据上没有被解释的方差，小点是单次运行，折线是均值。
#
# 看两点。OMoE 随任务疏远明显变差，MMoE 只差了一点，而两者只有门控不同。共享底层在这个规模上大致持平，$p=0$ 时与 MMoE 相当。另外，种子之间的差别比模型之间的大。

# %% [markdown] lang="en"
# ## As the tasks grow unrelated {#unrelated}
#
# 20 inputs, 4 experts of 8 units; the shared bottom has 34 units, 1,292 weights against MMoE's 994. Every batch is fresh, 1,500 steps, five seeds (truth, data and initial weights all change). The vertical axis is the variance left unexplained on held-out rows; dots are single runs, lines are means.
#
# Look at two things. OMoE gets worse as the tasks part, MMoE much less, and the gate is the only difference between them. The shared bottom stays about level at this size and equals MMoE at $p=0$; seeds differ more than models do.

# %% tolerance=0.3
N, STEPS, BATCH = 20, 1500, 128
MODELS = {
    "SharedBottom": lambda seed: SharedBottom(bottom_units=(34,), seed=seed),
    "OMoE": lambda seed: OMoE(num_experts=4, expert_units=(8,), seed=seed),
    "MMoE": lambda seed: MMoE(num_experts=4, expert_units=(8,), seed=seed),
}


class Trainer:
    """Trains one kind of model again and again, compiled once."""

    def __init__(self, name):
        self.make, self.model = MODELS[name], MODELS[name](0)
        self.model({"dense": tf.zeros([1, N])})
        self.weights = self.model.trainable_weights
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.weights)
        self.loop = tf.function(self.steps)

    def predict(self, x):
        outputs = self.model({"dense": x})
        return tf.stack([outputs[task] for task in self.model.tasks], axis=1)

    def steps(self, w, alpha, beta, seed):
        for step in tf.range(STEPS):
            x = tf.random.stateless_normal([BATCH, N], [seed, step])  # [B, n]
            noise = tf.random.stateless_normal([BATCH, 2], [seed, step + STEPS])
            s = tf.matmul(x, w, transpose_b=True)  # [B, 2]
            waves = tf.sin(s[:, :, None] * alpha + beta)  # [B, 2, m]
            y = s + tf.reduce_sum(waves, -1) + 0.1 * noise  # [B, 2]
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.predict(x) - y) ** 2)
            gradients = tape.gradient(loss, [weight.value for weight in self.weights])
            self.optimizer.apply(gradients, self.weights)

    def run(self, cosine, seed):
        fresh = self.make(seed)
        fresh({"dense": tf.zeros([1, N])})
        self.model.set_weights(fresh.get_weights())
        for variable in self.optimizer.variables:  # the learning rate is one of them
            variable.assign(tf.zeros_like(variable.value))
        self.optimizer.learning_rate.assign(0.01)
        data = two_tasks(4000, cosine, n=N, seed=seed)
        truth = (tf.constant(a, tf.float32) for a in (data.w, data.alpha, data.beta))
        self.loop(*truth, tf.constant(seed))
        x = tf.constant(data.x, tf.float32)
        missed = np.mean((self.predict(x) - data.clean) ** 2 / data.clean.var(0))
        return missed, x


COSINES, SEEDS = (1.0, 0.5, 0.0), range(5)
missed, gate_rows = {}, {}
for name in MODELS:
    trainer = Trainer(name)
    for cosine in COSINES:
        for seed in SEEDS:
            missed[name, cosine, seed], held_out = trainer.run(cosine, seed)
            if name == "MMoE":
                gates = trainer.model.gates({"dense": held_out})
                gate_rows[cosine, seed] = np.stack(list(gates.values()))
means = {}
print("p           ", *(f"{c:5.1f}" for c in COSINES))
for name in MODELS:
    for c in COSINES:
        means[name, c] = 100 * np.mean([missed[name, c, s] for s in SEEDS])
    print(f"{name:12s}", *(f"{means[name, c]:5.2f}" for c in COSINES))
print("MMoE below OMoE at p = 0:", means["MMoE", 0.0] < means["OMoE", 0.0])

# %% alt_zh="三条折线：未解释方差对 p=1、0.5、0；OMoE 从最低升到最高，MMoE 略升，共享底层大致持平；小点为五个种子，彼此相差数倍" alt_en="Three lines: unexplained variance against p=1, 0.5, 0; OMoE rises from lowest to highest, MMoE rises a little, the shared bottom stays about level; dots are five seeds, several times apart" tolerance=0.3
figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
for i, name in enumerate(MODELS):
    at = np.arange(3) + 0.06 * (i - 1)
    axis.plot(at, [means[name, c] for c in COSINES], color=f"C{i}", label=name)
    for seed in SEEDS:
        dots = [100 * missed[name, c, seed] for c in COSINES]
        axis.plot(at, dots, ".", color=f"C{i}", markersize=4)
axis.set_xticks(range(3), [f"p = {c:g}" for c in COSINES])
axis.set(ylabel="1 − R²  (%)", ylim=(0, None))
axis.legend()
plt.show()

# %% [markdown] lang="zh"
# ## 每个任务的门控 {#gate-picture}
#
# 种子 0 的 MMoE 在留出数据上的平均门控。三幅图的初始权重相同，只有任务的余弦不同。门控没有偏置，$x$ 与 $-x$ 上任意两个专家的先后正好相反，所以均值不会太极端；别的种子分工也不一样，下一节的距离更说明问题。

# %% [markdown] lang="en"
# ## The gates of each task {#gate-picture}
#
# MMoE of seed 0, mean gate over held-out rows. The three pictures start from the same weights; only the cosine of the tasks differs. Without a bias, a gate ranks any two experts the other way round at $-x$ than at $x$, so the means stay moderate; other seeds divide the work differently, and the distance in the next section says more.

# %% alt_zh="三组柱状图：p=1 时两个任务在四个专家上的平均门控几乎相同；p=0 时两个任务偏向不同的专家" alt_en="Three bar charts: at p=1 the mean gates of both tasks over the four experts are nearly equal; at p=0 the two tasks lean on different experts" tolerance=0.3
figure, axes = plt.subplots(1, 3, figsize=(7, 2.6), sharey=True, layout="constrained")
for axis, cosine in zip(axes, COSINES, strict=True):
    for k in range(2):
        heights = gate_rows[cosine, 0][k].mean(0)
        print(f"p = {cosine:g}  task {k + 1} ", *(f"{share:.2f}" for share in heights))
        at, label = np.arange(4) + 0.2 * (2 * k - 1), f"g{'¹²'[k]}"
        axis.bar(at, heights, 0.4, color=f"C{k}", label=label)
    axis.set_xticks(range(4), [f"f{'₁₂₃₄'[i]}" for i in range(4)])
    axis.set_title(f"p = {cosine:g}")
axes[0].set_ylim(0, 0.55)
axes[0].legend(ncols=2)
plt.show()

# %% [markdown] lang="zh"
# ## 两个门控离得多远 {#gate-distance}
#
# 同一条样本上两个任务的门控之差，用全变差距离 $\tfrac12\sum_i|g^1_i-g^2_i|$ 衡量，再对样本取平均：0 是完全相同，1 是毫无重叠。门控从随机权重出发，所以任务相同时距离也不是 0，没有什么迫使它们完全一致。从 $p=1$ 到 $p=0$，五个种子的距离都变大。

# %% [markdown] lang="en"
# ## How far apart the two gates are {#gate-distance}
#
# The difference of the two tasks' gates on the same row, by the total variation distance $\tfrac12\sum_i|g^1_i-g^2_i|$, averaged over rows; 0 is equal, 1 is no overlap. Gates start at random, so for equal tasks the distance is not 0: nothing makes them meet exactly. From $p=1$ to $p=0$ it grows in all five seeds.

# %% alt_zh="五个种子的门控距离随 p 从 1 降到 0 而上升，粗线为均值" alt_en="Gate distances of five seeds rise as p falls from 1 to 0; the thick line is the mean" tolerance=0.3
distance = {key: np.abs(g[0] - g[1]).sum(1).mean() / 2 for key, g in gate_rows.items()}
figure, axis = plt.subplots(figsize=(4.5, 2.8), layout="constrained")
for seed in SEEDS:
    axis.plot(range(3), [distance[c, seed] for c in COSINES], color="C0", alpha=0.35)
average = [np.mean([distance[c, seed] for seed in SEEDS]) for c in COSINES]
axis.plot(range(3), average, "o-", color="C0", linewidth=2.5)
axis.set_xticks(range(3), [f"p = {c:g}" for c in COSINES])
axis.set(ylabel="½ Σ |g¹ − g²|", ylim=(0, 1))
plt.show()
print("mean", *(f"p = {c:g}: {a:.2f} " for c, a in zip(COSINES, average, strict=True)))
larger = [distance[0.0, seed] > distance[1.0, seed] for seed in SEEDS]
print("larger at p = 0 than at p = 1 in", sum(larger), "of", len(larger), "seeds")
