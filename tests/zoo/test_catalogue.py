"""Models by name: the shipped ones, the user's own, and names that play tricks."""

import sys
from pathlib import Path

import pytest

from dense_transformer.errors import ConfigError, ModelError, WriteError
from dense_transformer.zoo import (
    Card,
    add_model,
    catalogue,
    check_name,
    find_config,
    find_model,
    list_models,
    load_model,
    read_card,
    save_model,
    user_folder,
)


@pytest.fixture
def stocked(shelf, network):
    shipped, own = shelf
    save_model(shipped / "em.safetensors", network, Card(name="em", title="shipped"))
    save_model(own / "mine.safetensors", network, Card(name="mine", title="own"))
    return shipped, own


def test_models_are_listed_shipped_first_and_loaded_by_name(stocked):
    entries = list_models()
    assert [(e.name, e.source, e.card.title, e.problem) for e in entries] == [
        ("em", "shipped", "shipped", ""),
        ("mine", "own", "own", ""),
    ]
    for entry in entries:
        assert load_model(entry.name).path == entry.path
        assert read_card(entry.name) == entry.card


def test_a_model_is_found_by_path_however_it_is_given(stocked):
    path = stocked[1] / "mine.safetensors"
    for form in (path, str(path)):
        assert find_model(form) == path


def test_a_shipped_model_is_not_hidden_by_an_own_one_of_its_name(stocked, network):
    shipped, own = stocked
    save_model(own / "em.safetensors", network, Card(name="em", title="impostor"))
    assert read_card("em").title == "shipped"
    listed = [(e.name, e.source, e.path) for e in list_models()]
    assert listed[0] == ("em", "shipped", shipped / "em.safetensors")
    assert [name for name, _, _ in listed] == ["em", "mine"]


def test_an_unknown_name_tells_the_known_ones(stocked):
    with pytest.raises(ModelError, match=r"no model 'none'; known are em, mine; or"):
        load_model("none")
    with pytest.raises(ModelError, match=r"no model file .*none\.safetensors.* em"):
        load_model("none.safetensors")


def test_without_any_model_the_list_is_empty_and_the_error_says_so(shelf):
    shelf[0].rmdir()
    assert list_models() == ()
    with pytest.raises(ModelError, match="none is installed"):
        load_model("em")


def test_a_damaged_file_is_listed_with_its_problem_beside_the_others(stocked):
    _shipped, own = stocked
    (own / "broken.safetensors").write_bytes(b"half")
    (own / "readme.txt").write_bytes(b"not a model")
    (own / ".mine.safetensors.0123.partial").write_bytes(b"half")
    entries = {entry.name: entry for entry in list_models()}
    assert set(entries) == {"em", "mine", "broken"}
    assert entries["broken"].card is None
    assert "cut off" in entries["broken"].problem


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", ".hidden", "-x", "a b", "a\nb", "a\0b", "é", "x" * 65, "a:b",
        "con", "NUL", "com1.txt", "dot.", "*", "~", "%2e", "$HOME",
    ],
)  # fmt: skip
def test_names_that_play_tricks_are_refused(stocked, name):
    with pytest.raises(ModelError, match="model name"):
        check_name(name)
    with pytest.raises(ModelError):
        load_model(name)


@pytest.mark.parametrize("name", ["em", "em-membrane-dtn", "a", "v1.2_b", "x" * 64])
def test_plain_names_are_taken(name):
    assert check_name(name) == name


def test_a_path_that_climbs_out_is_only_a_path(stocked):
    with pytest.raises(ModelError, match="no model file"):
        load_model("../models/../../etc/passwd")


def test_an_added_model_is_found_by_its_cards_name_or_the_given_one(
    stocked, network, tmp_path
):
    file = tmp_path / "download.bin.safetensors"
    save_model(file, network, Card(name="fresh", title="new"))
    assert add_model(file).read_bytes() == file.read_bytes()
    add_model(file, "other")
    assert read_card("fresh").title == read_card("other").title == "new"


def test_a_damaged_model_or_a_taken_or_unsafe_name_is_not_added(
    stocked, network, tmp_path
):
    file = tmp_path / "file.safetensors"
    save_model(file, network, Card(name="../../evil"))
    before = sorted(tmp_path.rglob("*"))
    for name in (None, "em", "EM", "../up"):
        with pytest.raises(ModelError, match="model name"):
            add_model(file, name)
    assert sorted(tmp_path.rglob("*")) == before
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        add_model(file, "good")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_for_own_models_that_is_a_file_is_named(
    stocked, network, tmp_path, monkeypatch
):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "file"))
    path = tmp_path / "m.safetensors"
    save_model(path, network, Card(name="m"))
    with pytest.raises(WriteError, match="can't create"):
        add_model(path)
    assert [e.name for e in list_models()] == ["em"]


def test_the_users_folder_follows_the_environment(tmp_path):
    assert user_folder({"DTN_HOME": "/a b"}) == Path("/a b/models")
    if sys.platform == "linux":
        given = user_folder({"XDG_DATA_HOME": "/data"})
        assert given == Path("/data/napari-dtn/models")
        assert user_folder({}) == Path.home() / ".local/share/napari-dtn/models"


def test_a_shipped_configuration_is_found_by_name_and_any_other_by_path(
    tmp_path, monkeypatch
):
    shipped = tmp_path / "configs"
    monkeypatch.setattr(catalogue, "CONFIG_FOLDER", shipped)
    with pytest.raises(ConfigError, match="no configuration 'em'; known are none"):
        find_config("em")
    shipped.mkdir()
    (shipped / "em.toml").write_text("")
    (tmp_path / "my.toml").write_text("")
    assert find_config("em") == shipped / "em.toml"
    assert find_config(tmp_path / "my.toml") == tmp_path / "my.toml"
    with pytest.raises(ConfigError, match="no configuration 'road'; known are em"):
        find_config("road")
    for missing in ("none.toml", "some/where", "../em"):
        with pytest.raises(ConfigError, match="no configuration file"):
            find_config(missing)
