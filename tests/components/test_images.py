from datetime import date

import pytest

from components.argument_fault import as_given
from components.pool.image_rules import faults
from shoal.azure.images import AS_OF, IMAGES, image_doubt, image_fault, living

OWN = {"image_id": "/galleries/own", "node_agent_sku_id": "batch.node.el 9"}


@pytest.mark.parametrize(
    ("name", "today", "expected"),
    [
        ("ubuntu-24.04", date(2026, 11, 22), None),
        ("ubuntu-22.04", date(2027, 6, 30), None),
        ("ubuntu-22.04", date(2027, 7, 1), "its support ended on 2027-06-30, take ubuntu-24.04 instead"),
        ("centos-7", date(2026, 11, 22), "its support ended on 2024-06-30, take almalinux-9 instead"),
        ("ubuntu-24.04", date(2031, 11, 1), "its support ended on 2029-04-30, take one of almalinux-9 instead"),
        ("ubuntu", date(2031, 1, 1), "it must be one of almalinux-9, windows-2022"),
    ],
)
def test_image_is_refused_from_the_day_after_its_end(name: str, today: date, expected: str | None) -> None:
    assert image_fault(name, today) == expected


@pytest.mark.parametrize(
    ("today", "days"),
    [(date(2027, 1, 1), 180), (date(2027, 6, 30), 0), (date(2026, 12, 31), None), (date(2027, 7, 1), None)],
)
def test_half_a_year_before_its_end_an_image_is_doubtful(today: date, days: int | None) -> None:
    expected = f"image ubuntu-22.04 is supported until 2027-06-30, {days} days from now; take ubuntu-24.04 before then"
    assert image_doubt("ubuntu-22.04", today) == (None if days is None else expected)


def test_what_is_taken_instead_lives_longer_and_is_of_the_table() -> None:
    for image in IMAGES.values():
        assert image.source
        if image.instead:
            assert IMAGES[image.instead].end_of_life > image.end_of_life
            assert image.instead in living(AS_OF)


@pytest.mark.parametrize(
    ("pool", "text"),
    [
        ({}, "has no image; give image, or image_id and node_agent_sku_id for one of your own"),
        ({**OWN, "image": "ubuntu-24.04"}, "has both image and image_id; a pool has one image"),
        ({"image_id": "/own"}, "has image_id but no node_agent_sku_id; Batch must know which node agent fits it"),
        (
            {**OWN, "image_version": "1.0.0"},
            "has both image_id and image_version; the id of your own image has the version in it",
        ),
    ],
)
def test_pool_has_one_image_of_the_table_or_one_of_its_own(pool: dict[str, str], text: str) -> None:
    assert [fault.text for fault in faults(pool, as_given, AS_OF)] == [text]
    assert list(faults(OWN, as_given, AS_OF)) == []
