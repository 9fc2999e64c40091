"""Files of definitions: what is wrong is refused with file and line, what is right is loaded, overridden, reloaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from discovery.definitions import SHIPPED, BadDefinition, load
from discovery.library import Library, definitions_in
from discovery.tables import Table, read_table
from discovery.vendors import Vendors, read_vendors

GOOD = """vendor: Acme
definitions:
  - id: acme-os
    class: network.switch
    match:
      - {sysobjectid: 1.3.6.1.4.1.99999}
    identity:
      model:
        - {lookup: models/acme}
tables: {}
"""


def folder_with(folder: Path, text: str, name: str = "acme.yaml") -> Path:
    (folder / "models").mkdir(exist_ok=True, parents=True)
    (folder / "models/acme.tsv").write_text("@prefix 1.3.6.1.4.1.99999\n1\tAcme 1\n2.\tAcme 2\n")
    (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("find", "replace", "line", "why"),
    [
        ("    class: network.switch", "    klass: network.switch", 4, "unknown key klass"),
        ("network.switch", "network.toaster", 4, "network.toaster"),
        ("1.3.6.1.4.1.99999}", "1.3.x}", 6, "1.3.x"),
        ("{sysobjectid: 1.3.6.1.4.1.99999}", "{sysdescr: '(?=x)'}", 6, "(?=x)"),
        ("{sysobjectid: 1.3.6.1.4.1.99999}", "{except: {sysdescr: x}}", 6, "nothing but an exception"),
        ("{sysobjectid: 1.3.6.1.4.1.99999}", "{value: x, sysdescr: y}", 6, "value without get or walk"),
        ("{lookup: models/acme}", "{lookup: models/none}", 9, "none.tsv"),
        ("{lookup: models/acme}", "{lookup: none}", 9, "no table none"),
        ("{lookup: models/acme}", "{get: 1.3.6.1, walk: 1.3.6.1}", 9, "exactly one of"),
        ("{lookup: models/acme}", "{match: x}", 9, "exactly one of"),
        ("{lookup: models/acme}", "{text: x, format: y}", 9, "format without a pattern"),
        ("{lookup: models/acme}", "{none: true, match: x}", 9, "none stands alone"),
        ("{lookup: models/acme}", "{none: false}", 9, "True was expected"),
        ("vendor: Acme", "vendor: &a Acme\nos: *a", 2, "aliases"),
        ("vendor: Acme", "vendor: Acme\nvendor: Acme", 2, "vendor stands twice"),
        ("vendor: Acme", "vendor: [", 3, "expected"),
        ("vendor: Acme", "a: " + "[" * 40, 1, "nested"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, find: str, replace: str, line: int, why: str) -> None:
    folder = folder_with(tmp_path, GOOD.replace(find, replace))
    with pytest.raises(BadDefinition) as refused:
        load(folder / "acme.yaml")
    assert str(refused.value).startswith(f"{folder / 'acme.yaml'}:{line}: ")
    assert why in str(refused.value)


def test_a_table_of_models_knows_whole_keys_and_prefixes(tmp_path: Path) -> None:
    folder_with(tmp_path, GOOD)
    table = read_table(tmp_path / "models/acme.tsv")
    assert table.find("1.3.6.1.4.1.99999.1") == "Acme 1"
    assert table.find("1.3.6.1.4.1.99999.2.7.8") == "Acme 2"
    assert table.find("1.3.6.1.4.1.99999.3") is None
    assert Table({}).find("") is None


def test_the_same_id_twice_in_one_folder_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, GOOD)
    folder_with(tmp_path, GOOD, "other.yaml")
    with pytest.raises(BadDefinition, match="acme-os is defined twice"):
        definitions_in([tmp_path])


def test_a_users_definition_replaces_the_shipped_one_of_its_id(tmp_path: Path) -> None:
    folder_with(tmp_path, GOOD.replace("acme-os", "arista-eos"))
    known = definitions_in([SHIPPED, tmp_path])
    mine = [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.99999.1")]
    assert mine[0] == "arista-eos"
    assert "arista-eos" not in [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.30065.1")]


def test_a_changed_file_is_taken_up_and_a_broken_one_leaves_what_was_in_force(tmp_path: Path) -> None:
    folder_with(tmp_path, GOOD)
    library = Library(tmp_path)
    first = library.current()
    assert library.current() is first
    folder_with(tmp_path, GOOD.replace("acme-os", "acme-two"))
    assert "acme-two" in library.current().ids
    folder_with(tmp_path, "definitions: 7\n")
    assert "acme-two" in library.current().ids
    assert library.problem is not None
    assert "acme.yaml:1" in library.problem
    os.remove(tmp_path / "acme.yaml")
    assert "acme-two" not in library.current().ids
    assert library.problem is None


def test_the_longest_prefix_comes_first_and_the_fallback_last(tmp_path: Path) -> None:
    text = """definitions:
  - {id: wide, class: network, match: [{sysobjectid: 1.3.6.1.4.1.99999}]}
  - {id: deep, class: network, match: [{sysobjectid: 1.3.6.1.4.1.99999.2}]}
  - {id: picky, class: network, match: [{sysobjectid: 1.3.6.1.4.1.99999.2, sysdescr: x}]}
  - {id: words, class: network, match: [{sysdescr: x}]}
  - {id: probed, class: network, match: [{sysobjectid: 1.3.6.1.4.1.8072.3.2.10, get: 1.3.6.1.4.1.99999.1.0}]}
  - {id: linux, class: server, fallback: true, match: [{sysobjectid: 1.3.6.1.4.1.8072.3.2.10}]}
"""
    (tmp_path / "order.yaml").write_text(text)
    known = definitions_in([tmp_path])
    assert [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.99999.2.1")] == ["picky", "deep", "wide", "words"]
    assert [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.99999.22")] == ["wide", "words"]
    assert [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.8072.3.2.10")] == ["words", "probed", "linux"]


def test_words_do_not_speak_for_another_makers_number(tmp_path: Path) -> None:
    (tmp_path / "vendors.tsv").write_text("99999\tAcme Networks\tnetwork.switch\n")
    (tmp_path / "words.yaml").write_text(
        "definitions:\n"
        "  - {id: other, vendor: Other, class: server, match: [{sysdescr: x}]}\n"
        "  - {id: own, vendor: Acme, class: network, match: [{sysdescr: x}]}\n"
    )
    known = definitions_in([tmp_path])
    assert [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.99999.1")] == ["own"]
    assert [each.id for each, _, _ in known.candidates("1.3.6.1.4.1.88888.1")] == ["other", "own"]


def test_vendors_are_found_by_the_longest_number_by_product_and_by_name(tmp_path: Path) -> None:
    file = tmp_path / "vendors.tsv"
    file.write_text("# a comment\n11\tHP\n11.2.3.9\tHP\tauxiliary.printer\n20992\tCradlepoint\tnetwork.router\n")
    (tmp_path / "brands.tsv").write_text("acme lynx*\tAcme\tnetwork.switch\n")
    vendors = read_vendors(tmp_path, Vendors())
    found = vendors.of("1.3.6.1.4.1.11.2.3.9.1")
    assert found is not None
    assert (found[0], found[1].class_) == ("11.2.3.9", "auxiliary.printer")
    assert vendors.of("1.3.6.1.4.1.110") is None
    named = vendors.named_in("The Cradlepoint CBA850")
    assert named is not None
    assert named.class_ == "network.router"
    assert vendors.named_in("Linux cradlepoint 4.9 x86_64") is None
    branded = vendors.named_in("Cradlepoint beside an Acme Lynx-2.0")
    assert branded is not None
    assert branded.name == "Acme"


@pytest.mark.parametrize("line", ["x\tAcme", "11", "11\tHP\n11\tHP", "11\tHP\tnetwork\tmore"])
def test_a_bad_line_of_vendors_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "vendors.tsv").write_text(line + "\n")
    with pytest.raises(BadDefinition, match=r"vendors\.tsv:\d"):
        read_vendors(tmp_path, Vendors())


def test_the_shipped_vendors_name_classes_that_exist() -> None:
    import json

    schema = json.loads((SHIPPED / "schema.json").read_text())
    classes = set(schema["$defs"]["class"]["enum"])
    vendors = read_vendors(SHIPPED, Vendors())
    known = (*vendors.by_number.values(), *vendors.brands.values())
    assert {each.class_ for each in known if each.class_} <= classes
    assert len(vendors.by_number) > 600
