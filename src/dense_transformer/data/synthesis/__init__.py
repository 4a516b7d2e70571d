"""Believable scenes with labels, drawn from a seed: EM sections and roads."""

from dense_transformer.data.synthesis.em import EM_PIXEL_NM, em_stack
from dense_transformer.data.synthesis.road import road_scene
from dense_transformer.data.synthesis.scene import Scene

__all__ = ["EM_PIXEL_NM", "Scene", "em_stack", "road_scene"]
