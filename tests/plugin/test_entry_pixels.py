"""A pixel size that is typed is used by Predict and by later runs alike."""

from __future__ import annotations

from dense_transformer.teaching import Project


def type_size(window, *sizes: float) -> None:
    for box, size in zip(window.dock.predict.pixels._boxes, sizes, strict=True):
        box.setValue(size)
    window.settle()


def kept(window) -> tuple[float, float] | None:
    with Project.open(window.teach.context.folder, write=False) as project:
        return project.entry("cells").pixel_nm


def test_a_size_that_is_corrected_later_is_that_of_later_runs(teaching, image_file):
    window = teaching(image_file)
    window.annotate()
    assert kept(window) is None
    type_size(window, 4.6, 5.0)
    assert "4.6 × 5 nm" in window.teach.status.text()
    assert kept(window) == window.teach.context.image.pixel_nm == (4.6, 5.0)
    type_size(window, 0.0, 0.0)  # unknown corrects nothing
    assert kept(window) == (4.6, 5.0)
    window.viewer.layers.remove("cells")
    window.settle()
    window.viewer.open(str(image_file), plugin="napari")
    window.settle()
    window.annotate()
    assert kept(window) == (4.6, 5.0)  # the layer says nothing of its pixels
    window.viewer.layers.remove("cells")
    window.settle()
    window.viewer.open(str(image_file), plugin="napari")
    window.settle()
    type_size(window, 3.0, 3.0)  # before it is annotated again
    window.annotate()
    assert kept(window) == (3.0, 3.0)
