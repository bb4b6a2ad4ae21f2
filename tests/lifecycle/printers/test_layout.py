from hypothesis import given
from hypothesis import strategies as st

from lifecycle.printers.layout import aligned, described, escaped, tabled

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\v\f\r\x1b"), max_size=8)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6)


def test_a_column_is_as_wide_as_its_widest_cell_in_a_run_of_lines() -> None:
    lines = ["Name:\ta", "Namespace:\tb", "IPs:", "  IP:\t1", "Controlled By:\tc"]
    assert described(lines) == "Name:       a\nNamespace:  b\nIPs:\n  IP:           1\nControlled By:  c\n"


def test_blocks_have_columns_of_their_own() -> None:
    assert described(["a:\tb"], ["long:\tc"]) == "a:  b\nlong:  c\n"


def test_a_form_feed_ends_all_columns_and_a_vertical_tab_ends_a_cell() -> None:
    assert aligned("a\tb\flong\tc\nx\vy", minimum=0, padding=2) == "a  b\nlong  c\nx     y"


def test_an_empty_value_leaves_the_padding_at_the_end_of_its_line() -> None:
    assert described(["Status:\t", "Reason:\tx"]) == "Status:  \nReason:  x\n"


def test_a_table_has_columns_of_six_at_least_and_pads_by_three() -> None:
    assert tabled(["NAME\tAGE\tX", "web\t5s\ty"]) == "NAME   AGE   X\nweb    5s    y\n"


def test_what_moves_a_cursor_is_shown_as_text() -> None:
    assert escaped("a\x1b[31m\rb") == "a^[[31m\\rb"


@given(ROWS)
def test_cells_of_one_column_begin_at_one_place(rows: list[list[str]]) -> None:
    width = max(map(len, rows))
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    lines = aligned("\n".join("\t".join(row) for row in full), minimum=0, padding=2).split("\n")
    start = 0
    for column in range(width):
        assert [line[start : start + len(row[column])] for line, row in zip(lines, full, strict=True)] == [
            row[column] for row in full
        ]
        start += max(len(row[column]) for row in full) + 2


def test_a_table_remembers_how_wide_its_columns_were_where_a_cell_of_two_lines_ends_them() -> None:
    assert tabled(["NAMESPACE\tMESSAGE", "default\tone", "two", "x\tthree"]) == (
        "NAMESPACE   MESSAGE\ndefault     one\ntwo\nx           three\n"
    )


def test_a_description_measures_its_columns_anew_after_a_line_without_a_cell() -> None:
    assert described(["Name:\tx", "Annotations:\ty", "none", "a:\tb"]) == "Name:         x\nAnnotations:  y\nnone\na:  b\n"
