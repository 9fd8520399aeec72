"""Names of the metrics on the results pages and a sentence on each, in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """A metric as a reader knows it: name and sentence by language, and what computes it."""

    name: dict[str, str]
    what: dict[str, str]
    function: str = ""


def metric(en: str, zh: str, what_en: str, what_zh: str, function: str = "") -> Metric:
    """Puts the two languages together."""
    return Metric({"en": en, "zh": zh}, {"en": what_en, "zh": what_zh}, function)


METRICS = {
    r"auc": metric(
        "AUC",
        "AUC",
        "the chance that a random positive row scores above a random negative one; ½ is guessing",
        "随机取一个正例、一个负例，前者得分更高的概率；瞎猜是 ½",
        "ctr.auc",
    ),
    r"auc_known": metric(
        "AUC, known users",
        "AUC，老用户",
        "AUC of the test rows whose user also has training rows",
        "只在训练数据里出现过的用户的测试样本上算 AUC",
        "ctr.auc",
    ),
    r"auc_income": metric(
        "AUC, income", "AUC，收入", "AUC of the income task", "“收入”这个任务的 AUC", "ctr.auc"
    ),
    r"auc_never_married": metric(
        "AUC, never married",
        "AUC，从未结婚",
        'AUC of the task "never married"',
        "“从未结婚”这个任务的 AUC",
        "ctr.auc",
    ),
    r"gauc": metric(
        "GAUC",
        "GAUC",
        "AUC within each user, averaged with the users' numbers of rows as weights",
        "每个用户内部算 AUC，再按样本数加权平均",
        "grouped.gauc",
    ),
    r"log_loss": metric(
        "log loss",
        "对数损失",
        "minus the logarithm of the probability given to what happened, averaged; lower is better",
        "给实际结果的概率取负对数，再求平均；越低越好",
        "ctr.log_loss",
    ),
    r"rmse": metric(
        "RMSE",
        "RMSE",
        "root of the mean squared difference of prediction and label; lower is better",
        "预测与标签之差的平方，求平均再开方；越低越好",
    ),
    r"rmse_plain": metric(
        "RMSE of ±1",
        "只答 ±1 的 RMSE",
        "RMSE of answering +1 for a pair seen in training and −1 for any other",
        "见过的对答 +1，没见过的答 −1，这样回答的 RMSE",
    ),
    r"accuracy": metric(
        "accuracy", "准确率", "share of the rows for which that answer is the label", "这样回答答对的比例"
    ),
    r"mse": metric("MSE", "MSE", "mean squared difference; lower is better", "差的平方的平均；越低越好"),
    r"hr@(\d+)": metric(
        "HR@{}",
        "HR@{}",
        "hit rate: share of users for whom a held-out item is among the first {}",
        "命中率：留出的物品排进前 {} 的用户比例",
        "ranking.hit_rate",
    ),
    r"p@(\d+)": metric(
        "P@{}",
        "P@{}",
        "share of the clicks whose item is among the first {}: the hit rate, which papers on sessions call P",
        "点击的物品排进前 {} 的比例；其实就是命中率，会话推荐的论文里叫 P",
        "ranking.hit_rate",
    ),
    r"ndcg@(\d+)": metric(
        "NDCG@{}",
        "NDCG@{}",
        "1 / log₂(1 + rank) of the held-out item if it is among the first {}, else 0, averaged",
        "留出的物品排进前 {} 时得 1 / log₂(1 + 名次)，否则得 0，再求平均",
        "ranking.ndcg",
    ),
    r"mrr@(\d+)": metric(
        "MRR@{}",
        "MRR@{}",
        "1 / rank of the clicked item if it is among the first {}, else 0, averaged",
        "点击的物品排进前 {} 时得 1 / 名次，否则得 0，再求平均",
        "ranking.mrr",
    ),
    r"recall@(\d+)": metric(
        "Recall@{}",
        "Recall@{}",
        "share of a user's held-out items that are among the first {}, averaged",
        "一个用户留出的物品里，排进前 {} 的比例，再求平均",
        "ranking.recall",
    ),
    r"diversity@(\d+)": metric(
        "diversity@{}",
        "多样性@{}",
        "share of the pairs of items among the first {} that differ in category, averaged",
        "前 {} 个物品两两配对，类别不同的比例，再求平均",
    ),
    r"unexplained_p(\S+)": metric(
        "p = {}",
        "p = {}",
        "percent of the noiseless labels' variance left unexplained with the two tasks' cosine at {}; lower "
        "is better",
        "两个任务的余弦为 {} 时，无噪声标签的方差中未被解释的百分比；越低越好",
    ),
    r"hypervolume": metric(
        "hypervolume",
        "超体积",
        "area under the front of a form, as a share of that of weighted z-scores with hindsight",
        "一种形式的前沿围出的面积，与事后选权重的 z-score 加权和的面积之比",
    ),
    r"gap": metric(
        "gap",
        "差距",
        "how far the mean of both objectives stays below the highest that weighted z-scores reach with "
        "hindsight, negative where it is above; lower is better",
        "两个目标的均值，比 z-score 加权和事后能选到的最高值低多少，为负则更高；越低越好",
    ),
    r"cvr_rmse": metric(
        "CVR error",
        "转化率误差",
        "root of the mean squared difference of predicted and true conversion rate, all impressions; "
        "lower is better",
        "全部曝光上，预测的转化率与真实转化率之差的均方根；越低越好",
    ),
    r"cvr_rmse_clicked": metric(
        "CVR error, clicked",
        "转化率误差，点击过的",
        "the same, over the clicked impressions alone",
        "同上，只算点击过的曝光",
    ),
}
SAMPLED = metric(
    "{}, 99 negatives", "{}，99 个负例", "{}, ranked among 99 drawn items only", "{}，只与抽取的 99 个物品比"
)
VARIANTS = {
    r"sampled_(.+)": SAMPLED,
    r"(.+)_99": SAMPLED,
    r"liked_(.+)": metric(
        "{}, liked",
        "{}，喜欢",
        "{} of the held-out movies rated 4 or 5",
        "留出的影片里评分不低于 4 的那些的 {}",
    ),
    r"tail_(.+)": metric(
        "{}, tail", "{}，长尾", "{} of those among them outside the head", "其中头部以外的那些的 {}"
    ),
    r"all_(.+)": metric("{}, all users", "{}，全部用户", "{}, over all users", "{}，在全部用户上算"),
    r"(.+)/(\S+)": metric(
        "{}, λ = {}", "{}，λ = {}", "{}, the list re-ranked with λ = {}", "{}，列表按 λ = {} 重排"
    ),
}
