"""What can go wrong, by kind; every message carries the value and the remedy."""

from __future__ import annotations


class DTNError(Exception):
    """Any error that this package raises on purpose."""


class ConfigError(DTNError, ValueError):
    """A setting is unknown, missing or out of range."""


class ImageError(DTNError, ValueError):
    """An image or label file can't be read, or holds what we can't use."""


class DataError(DTNError, ValueError):
    """A data set is incomplete or its images and labels don't fit together."""


class ModelError(DTNError, ValueError):
    """A model file is damaged, hostile, too new, or not there."""


class RunError(DTNError, RuntimeError):
    """A run directory is in use, damaged or belongs to another configuration."""


class ProjectError(DTNError, RuntimeError):
    """A teaching project is in use, damaged, too new, or its images have changed."""


class DivergedError(DTNError, RuntimeError):
    """Fiducials, loss or weights are no longer finite."""


class DeviceError(DTNError, RuntimeError):
    """The device that was asked for is not there."""


class WriteError(DTNError, OSError):
    """A file can't be written: full disk, read-only or missing folder."""


class StoppedError(DTNError, RuntimeError):
    """The caller asked to stop before there was a result to return."""


class DownloadError(DTNError, OSError):
    """A file can't be fetched, or isn't the one that was pinned.

    Attributes
    ----------
    passing : bool
        Whether another try may succeed.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
