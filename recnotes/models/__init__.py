"""Models, one paper a file, each a short composition of layers."""

from recnotes.models.afm import AFM
from recnotes.models.aggregation import aggregation_value, controllable_aggregation
from recnotes.models.best_items import best_items
from recnotes.models.bst import BST
from recnotes.models.can import CAN
from recnotes.models.comirec import ComiRecDR, ComiRecSA
from recnotes.models.dcn import DCN
from recnotes.models.dcnv2 import DCNv2
from recnotes.models.deep_crossing import DeepCrossing
from recnotes.models.deepfm import DeepFM
from recnotes.models.din import DIN
from recnotes.models.esmm import ESMM
from recnotes.models.ffm import FFM
from recnotes.models.fm import FactorizationMachine
from recnotes.models.gmf import GMF
from recnotes.models.gru4rec import GRU4Rec
from recnotes.models.history_model import HistoryModel
from recnotes.models.logistic_regression import LogisticRegression
from recnotes.models.mind import MIND
from recnotes.models.mmoe import MMoE, OMoE
from recnotes.models.multi_interest import MultiInterest
from recnotes.models.multi_task import MultiTask
from recnotes.models.ncf_mlp import NCFMLP
from recnotes.models.neumf import NeuMF
from recnotes.models.nfm import NFM
from recnotes.models.ple import PLE
from recnotes.models.pnn import PNN
from recnotes.models.row_weights import RowWeights
from recnotes.models.sasrec import SASRec
from recnotes.models.shared_bottom import SharedBottom
from recnotes.models.stamp import STAMP
from recnotes.models.stmp import STMP
from recnotes.models.two_tower import TwoTower
from recnotes.models.wide_deep import WideDeep

__all__ = [
    "HistoryModel",
    "MultiInterest",
    "MultiTask",
    "RowWeights",
    "AFM",
    "PNN",
    "NFM",
    "BST",
    "CAN",
    "DCN",
    "DCNv2",
    "ComiRecDR",
    "ComiRecSA",
    "DIN",
    "DeepCrossing",
    "DeepFM",
    "FFM",
    "ESMM",
    "FactorizationMachine",
    "GMF",
    "GRU4Rec",
    "LogisticRegression",
    "MIND",
    "MMoE",
    "NCFMLP",
    "NeuMF",
    "OMoE",
    "PLE",
    "SASRec",
    "STAMP",
    "STMP",
    "SharedBottom",
    "TwoTower",
    "WideDeep",
    "aggregation_value",
    "best_items",
    "controllable_aggregation",
]
