"""What the DeepFM topic uses."""

import numpy as np
import tensorflow as tf

from recnotes.data.interactions import planted_interactions
from recnotes.embedding.feature import FeatureEmbedding
from recnotes.embedding.field import check_field_ids
from recnotes.layers.fm import FMInteraction, fm_pairs
from recnotes.metrics.ctr import auc
from recnotes.models.deepfm import DeepFM
from recnotes.models.fm import FactorizationMachine
from recnotes.models.logistic_regression import LogisticRegression
from recnotes.oracles import deepfm as oracle
from recnotes.oracles.fm import fm_pairwise, fm_pairwise_gradient
from tests.checks.shape_cases import sizes

B, F, D, n = 3, 5, 11, 2
SIZES = [4, 5, 6, 7, 8]


def inputs():
    sparse = np.random.default_rng(0).integers(0, SIZES, (B, F)).astype("int32")
    return {"dense": tf.ones([B, n]), "sparse": tf.constant(sparse)}


@sizes(B=B, F=F, D=D, n=n)
def case_embeddings():
    FeatureEmbedding(SIZES, num_dense=n, width=D)(inputs())


@sizes(B=B, F=F)
def case_checked_ids_in_a_graph():
    tf.config.run_functions_eagerly(False)
    tf.function(lambda ids: check_field_ids(ids, SIZES), autograph=False)(inputs()["sparse"])


@sizes(B=B, F=F, D=D, P=10)
def case_interaction():
    e = tf.random.normal([B, F, D], seed=0)
    FMInteraction()(e)
    fm_pairs(e)


@sizes(B=B, F=(F, F + n), D=(D, 1), n=n, m=F + n)
def case_models():
    for model in (
        LogisticRegression(SIZES, num_dense=n),
        FactorizationMachine(SIZES, num_dense=n, embedding_dim=D),
        DeepFM(SIZES, num_dense=n, embedding_dim=D, hidden_units=(13,)),
    ):
        model(inputs())


@sizes(B=(B, 1), F=(F, F + n), D=(D, 1), n=n, m=F + n, N=B)
def case_oracles():
    rng = np.random.default_rng(0)
    fm_pairwise(rng.normal(size=(B, F, D)))
    fm_pairwise_gradient(rng.normal(size=B), rng.normal(size=(B, D)))
    model = DeepFM(SIZES, num_dense=n, embedding_dim=D, hidden_units=(13,))
    model(inputs())
    fields, p = oracle.weights_of(model)
    x = rng.normal(size=sum(SIZES) + n)
    p.update(c1=rng.normal(size=len(fields)), c2=rng.normal(size=D))
    oracle.projection_logit(x, fields, p)
    p["kernels"][0] = rng.normal(size=(F * D + n, 13))
    oracle.deepctr_logit(x, fields, p, n)


@sizes(B=5)
def case_metrics():
    auc([0, 1, 1, 0, 1], [0.1, 0.2, 0.1, 0.4, 0.5])


@sizes(B=B)
def case_parts_of_the_planted_logit():
    planted_interactions(B).parts()
