"""Amazon Beauty, the next item: two baselines without training and eight models, one protocol.

The last item of each of the 22,363 users tests and the one before it validates. All items are ranked that the
user has not had, and beside that the 99 drawn ones, which are the same for all models. The epoch is the one
with the best NDCG@10 of 5,000 users drawn for validation.

What departs from S3-Rec, whose table the cards are held against: there, scores of items the user had are
set to 0, here they leave the ranking; its 99 negatives are a file of its own; its SASRec has two heads,
GELU, normalization after each part, batches of 256, and stops by NDCG@20; its popularity counts the test
items, here only training items count. STAMP is the authors' form, since the printed one cannot learn far.
ComiRec's and MIND's items for the loss are drawn by TensorFlow's log-uniform sampler, for which items are
numbered by popularity. BST predicts clicks: it trains on each item of a history against drawn ones as
binary labels, and would have to run once for each of 270 million pairs to rank all items, so that it is
ranked among the drawn items only.
"""

from experiments.cards.beauty_next import baselines, clicks, networks

CARDS = [*baselines.CARDS, *networks.CARDS, *clicks.CARDS]
