"""The images of a project: where they lie, and whether they are what they were."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from dense_transformer.data import read_image
from dense_transformer.errors import ProjectError
from dense_transformer.teaching.images import (
    copy_image,
    describe_image,
    find_file,
    free_name,
    is_there,
    link_image,
    open_entry,
)
from dense_transformer.teaching.open_project import OpenProject
from dense_transformer.teaching.project_file import ImageEntry
from dense_transformer.types import ArrayLike, Image


class ProjectImages(OpenProject):
    """What of a project has to do with its images."""

    @property
    def images(self) -> tuple[ImageEntry, ...]:
        """Its images, in the order in which they were added."""
        return self._record.images

    def entry(self, image: str) -> ImageEntry:
        """Return the entry of an image; raises ProjectError if there is none."""
        for entry in self.images:
            if entry.name == image:
                return entry
        known = ", ".join(entry.name for entry in self.images) or "none"
        raise ProjectError(f"the project has no image {image!r}; it has {known}")

    def find(
        self, path: str | os.PathLike[str], dataset: str = ""
    ) -> ImageEntry | None:
        """Return the entry whose image lies at `path`, if there is one."""
        wanted = Path(path).resolve()
        for entry in self.images:
            if entry.stored or entry.dataset != dataset:
                continue
            try:
                if find_file(entry, self.folder).resolve() == wanted:
                    return entry
            except ProjectError:
                continue  # moved
        return None

    @property
    def missing(self) -> tuple[ImageEntry, ...]:
        """Images that are no longer where they were."""
        return tuple(e for e in self.images if not is_there(e, self.folder))

    def find_moved(self, fingerprint: str) -> ImageEntry | None:
        """Return the missing image whose content has this `fingerprint`, if any."""
        return next((e for e in self.missing if e.fingerprint == fingerprint), None)

    def find_image(self, image: str) -> Path:
        """Return where an image lies now; raises ProjectError if it has moved."""
        return find_file(self.entry(image), self.folder)

    def add_image(
        self,
        name: str,
        source: str | os.PathLike[str] | ArrayLike,
        pixel_nm: tuple[float, float] | None = None,
        *,
        axes: str | None = None,
        dataset: str = "",
    ) -> ImageEntry:
        """Add an image; return its entry, with a name that no other has.

        Parameters
        ----------
        name : str
            What to call it; its file's name as a rule.
        source : path-like or array
            Its file or folder, which is left where it is; or pixels that have no
            file, which are copied to ``images/`` as a compressed TIFF.
        pixel_nm : tuple of float, optional
            Pixel size (y, x), nm; what the file says if not given.
        axes : str, optional
            Of an array: ``"yx"``, ``"zyx"``, ``"yxc"`` or ``"zyxc"``; by default
            the first two, by its number of axes.
        dataset : str
            Of an HDF5 file that holds several.

        Raises
        ------
        ImageError
            If it can't be read.
        ProjectError
            If the project was opened only to look.
        WriteError
            If there is no room for it.
        """
        self.check_writable()
        free = free_name(name, [entry.name for entry in self.images])
        if isinstance(source, str | os.PathLike):
            entry = link_image(Path(source), free, self.folder, pixel_nm, dataset)
        else:
            order = axes or ("zyx" if len(source.shape) == 3 else "yx")
            entry = copy_image(Image(source, order, free, pixel_nm), free, self.folder)
        self._write(images=(*self.images, entry))
        return entry

    def open_image(self, image: str, *, check: bool = True) -> Image:
        """Return an image, opened lazily; `check`: compare it with what it was.

        Raises
        ------
        ProjectError
            If it moved or changed; see `locate`.
        ImageError
            If it can't be read.
        """
        return open_entry(self.entry(image), self.folder, check=check)

    def set_pixel_nm(self, image: str, pixel_nm: tuple[float, float]) -> ImageEntry:
        """Correct the pixel size (y, x), nm, of an image; of runs that begin later."""
        self.check_writable()
        old = self.entry(image)
        new = dataclasses.replace(old, pixel_nm=pixel_nm)
        self._write(images=tuple(new if e is old else e for e in self.images))
        return new

    def locate(
        self,
        image: str,
        path: str | os.PathLike[str],
        pixel_nm: tuple[float, float] | None = None,
    ) -> ImageEntry:
        """Say where an image lies now, or that its changed file is meant.

        `pixel_nm` corrects its pixel size (y, x), nm, too.

        Raises
        ------
        ProjectError
            If the size differs from what was annotated.
        ImageError
            If it can't be read.
        """
        self.check_writable()
        old = self.entry(image)
        size = pixel_nm or old.pixel_nm
        found = read_image(path, dataset=old.dataset or None, pixel_nm=size)
        new = describe_image(found, image, Path(path), self.folder)
        if new.shape != old.shape:
            raise ProjectError(
                f"{path} has the shape {new.shape} (z, y, x), {image!r} was annotated "
                f"at {old.shape}; give the image that was annotated"
            )
        new = dataclasses.replace(new, dataset=old.dataset)
        self._write(images=tuple(new if e is old else e for e in self.images))
        return new
