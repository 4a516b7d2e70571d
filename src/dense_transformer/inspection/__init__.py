"""What the warps of a network mean, and what happens if they are changed."""

__all__: list[str] = []
