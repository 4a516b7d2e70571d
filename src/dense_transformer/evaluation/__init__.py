"""How good a prediction is, and whether its warps are alive."""

from dense_transformer.evaluation.contours import ContourScores, score_contours
from dense_transformer.evaluation.health import measure_health
from dense_transformer.evaluation.pixels import RocCurve, roc_curve, score
from dense_transformer.evaluation.ranking import Ranking, rank

__all__ = [
    "ContourScores",
    "Ranking",
    "RocCurve",
    "measure_health",
    "rank",
    "roc_curve",
    "score",
    "score_contours",
]
