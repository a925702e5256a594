import pytest

from benchmarks.claims import Claim, Relation, Section, Table, claims_table, number, section_text


@pytest.mark.parametrize(
    ("relation", "figure", "met"),
    [
        ("<=", 1.1, True),
        ("<=", 1.11, False),
        (">=", 1.1, True),
        (">=", 1.09, False),
        ("==", 1.1, True),
        ("==", 1.0, False),
    ],
)
def test_a_claim_is_met_up_to_its_bound(relation: Relation, figure: float, met: bool):
    assert Claim("a claim", relation, 1.1, figure).met is met


def test_a_missed_claim_and_a_benchmark_without_a_result_stand_out_in_the_table():
    missed = Section("fetch", "", (Claim("cold", "<=", 1.1, 1.25, "x"),))
    failed = Section("index", "", failure="no network")

    assert claims_table([missed, failed]).splitlines()[2:] == [
        "| fetch | cold | ≤ 1.1x | 1.25x | **no** |",
        "| index | no network |  |  | **not measured** |",
    ]


def test_a_section_shows_its_figures_and_how_they_were_taken():
    table = Table(("files", "seconds"), [("10", "0.5")], "Least of three.")

    assert section_text(Section("fetch", "Summary.", (), (table,))).splitlines() == [
        *("## fetch", "", "Summary.", "", "| files | seconds |", "| --- | --- |", "| 10 | 0.5 |"),
        *("", "Least of three."),
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(7_000, "7,000"), (0, "0"), (1.2345, "1.23"), (1234.5, "1,234")]
)
def test_numbers_show_what_matters(value: float, text: str):
    assert number(value) == text
