"""Several losses into one step: how much each task counts, as functions and as objects for `fit`."""

from recnotes.balancing.balanced import Balanced
from recnotes.balancing.balancer import Balancer
from recnotes.balancing.decay import DecayedWeights
from recnotes.balancing.gradients import flatten_gradients
from recnotes.balancing.gradnorm import GradNorm, gradnorm_loss, gradnorm_targets
from recnotes.balancing.joint import joint_sample_loss
from recnotes.balancing.mgda import MGDA, min_norm_pair, min_norm_weights
from recnotes.balancing.pcgrad import PCGrad, pcgrad, pcgrad_weights
from recnotes.balancing.uncertainty import UncertaintyWeights, uncertainty_loss

__all__ = [
    "MGDA",
    "Balanced",
    "Balancer",
    "DecayedWeights",
    "GradNorm",
    "PCGrad",
    "UncertaintyWeights",
    "flatten_gradients",
    "gradnorm_loss",
    "gradnorm_targets",
    "joint_sample_loss",
    "min_norm_pair",
    "min_norm_weights",
    "pcgrad",
    "pcgrad_weights",
    "uncertainty_loss",
]
