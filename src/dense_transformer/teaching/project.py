"""A project: images, what is painted on them, runs that learn it, their models."""

from __future__ import annotations

from pathlib import Path

from dense_transformer.errors import ProjectError
from dense_transformer.teaching.journal import Journal
from dense_transformer.teaching.project_file import ModelRecord
from dense_transformer.teaching.project_folder import list_runs, make_run
from dense_transformer.teaching.project_images import ProjectImages
from dense_transformer.zoo import Model, load_model


class Project(ProjectImages):
    """A folder with images, annotations, runs and models; use it in a ``with`` block.

    One process writes; any number may look, also while it writes.

    Attributes
    ----------
    folder : Path
        ``project.json``; ``images/`` (copies of what has no file of its own);
        ``annotations/NAME.journal``; ``runs/0001`` and so on; ``models/``.
    """

    # Annotations

    def journal(self, image: str) -> Journal:
        """Return the journal of an image; always the same one while it is open.

        Raises
        ------
        ProjectError
            If there is no such image, or its journal is damaged or too new.
        """
        if image not in self._journals:
            entry = self.entry(image)
            self._journals[image] = Journal(
                self._journal_path(image),
                entry.shape,
                self.classes,
                write=self.writable,
            )
        return self._journals[image]

    def painted_at(self, image: str) -> float:
        """Return when an image was painted on last, s since 1970; 0 if it never was."""
        path = self._journal_path(image)
        try:
            with path.open("rb") as file:
                file.readline()  # what it is; each change follows as a line
                return path.stat().st_mtime if file.read(1) else 0.0
        except OSError:
            return 0.0

    def _journal_path(self, image: str) -> Path:
        return self.folder / "annotations" / f"{image}.journal"

    # Models

    @property
    def models(self) -> tuple[ModelRecord, ...]:
        """The model it began with and those that were kept, oldest first."""
        return self._record.models

    @property
    def model(self) -> ModelRecord:
        """The model in use."""
        return self._record.models[self._record.current]

    def model_path(self, model: ModelRecord | None = None) -> Path:
        """Return the file of a model of this project; of the one in use by default."""
        return self.folder / (model or self.model).file

    def load_model(self, model: ModelRecord | None = None) -> Model:
        """Return a model of this project, checked to be the one it was.

        Raises
        ------
        ModelError
            If its file is damaged.
        ProjectError
            If it is another one.
        """
        record = model or self.model
        loaded = load_model(self.model_path(record))
        if loaded.sha256 != record.sha256:
            raise ProjectError(
                f"{loaded.path} isn't the model {record.name!r} of this project any "
                "more; bring it back from a backup"
            )
        return loaded

    def add_model(self, model: ModelRecord) -> ModelRecord:
        """Note a model whose file lies in ``models/``, and use it from now on."""
        self.check_writable()
        self._write(models=(*self.models, model), current=len(self.models))
        return model

    def use_model(self, model: ModelRecord) -> None:
        """Use one of `models` from now on."""
        self.check_writable()
        self._write(current=self.models.index(model))

    # Runs

    @property
    def runs(self) -> tuple[Path, ...]:
        """The directories of its runs, oldest first."""
        return list_runs(self.folder)

    def new_run(self) -> Path:
        """Return the directory of a new run, made now; needs no lock.

        Raises
        ------
        WriteError
            If it can't be made.
        """
        return make_run(self.folder)
