"""What the topic of collaborative filtering with networks uses."""

import tensorflow as tf

from recnotes.models.gmf import GMF
from recnotes.models.ncf_mlp import NCFMLP
from recnotes.models.neumf import NeuMF
from tests.checks.shape_cases import sizes

INPUTS = {"user": tf.constant([0, 4, 2]), "item": tf.constant([5, 0, 5])}


@sizes(B=3, F=2, D=11)
def case_gmf_and_mlp():
    GMF(5, 6, embedding_dim=11)(INPUTS)
    NCFMLP(5, 6, embedding_dim=11, hidden_units=(13,))(INPUTS)


@sizes(B=3, F=2, D=(11, 7), E=7, U=13)
def case_neumf():
    NeuMF(5, 6, gmf_dim=11, mlp_dim=7, hidden_units=(13,))(INPUTS)
