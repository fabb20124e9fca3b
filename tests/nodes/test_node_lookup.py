import pytest

from shoal.nodes.node_lookup import matching

NODES = ["tvmps_aa01_p", "tvmps_aa02_p", "tvmps_bb01_d"]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("tvmps_aa01_p", ["tvmps_aa01_p"]),
        ("TVMPS_AA01_P", ["tvmps_aa01_p"]),
        ("tvmps_a…02_p", ["tvmps_aa02_p"]),
        ("tvmps...01_p", ["tvmps_aa01_p"]),
        ("tvmps…p", ["tvmps_aa01_p", "tvmps_aa02_p"]),
        ("tvmps_b", ["tvmps_bb01_d"]),
        ("01_d", ["tvmps_bb01_d"]),
        ("aa01", []),
        ("", []),
    ],
)
def test_node_is_named_by_its_id_or_by_a_part_of_it_as_tables_show(text: str, nodes: list[str]) -> None:
    assert matching(text, NODES) == nodes


def test_id_that_begins_another_names_its_own_node() -> None:
    assert matching("tvm_1", ["tvm_1", "tvm_11"]) == ["tvm_1"]
