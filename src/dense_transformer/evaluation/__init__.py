"""How good a prediction is, and whether its warps are alive."""

from dense_transformer.evaluation.pixels import RocCurve, roc_curve, score
from dense_transformer.evaluation.ranking import Ranking, rank

__all__ = ["Ranking", "RocCurve", "rank", "roc_curve", "score"]
