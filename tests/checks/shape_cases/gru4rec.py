"""What GRU4Rec uses."""

import tensorflow as tf

from recnotes.models.gru4rec import GRU4Rec
from tests.checks.shape_cases import sizes

B, L, D, U, N, S = 3, 5, 6, 7, 11, 4


@sizes(B=B, L=L, D=D, U=U, N=N, S=S)
def case_model():
    history = tf.constant([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 0, 0, 0, 0]])
    following = tf.constant([[2, 3, 4, 0, 0], [5, 6, 7, 8, 9], [10, 0, 0, 0, 0]])
    for width in (None, D):
        for loss in ("top1", "bpr-max"):
            model = GRU4Rec(N, width, [U], loss, num_sampled=S if width else 0)
            x = {"history": history, "next": following}
            model.compute_loss(x=x, y_pred=model(x))
            model({"history": history})
