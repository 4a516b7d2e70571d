"""Model files: written, read and checked; the shipped models and the user's own."""

from dense_transformer.zoo.card import Card, LevelHealth
from dense_transformer.zoo.catalogue import (
    ModelEntry,
    check_name,
    find_config,
    find_model,
    list_models,
    user_folder,
)
from dense_transformer.zoo.markdown import card_markdown, pixel_text
from dense_transformer.zoo.model_file import (
    Model,
    add_model,
    load_model,
    read_card,
    save_model,
)

__all__ = [
    "Card",
    "LevelHealth",
    "Model",
    "ModelEntry",
    "add_model",
    "card_markdown",
    "check_name",
    "find_config",
    "find_model",
    "list_models",
    "load_model",
    "pixel_text",
    "read_card",
    "save_model",
    "user_folder",
]
