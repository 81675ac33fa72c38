"""What of a module's source counts: two that do the same are the same to whom depends on it."""

import pytest

from stages.code import bearing

PLAIN = """import os

LIST = [
    1,
    2,
]


class Kept:
    size: int = 3

    def text(self) -> str:
        return "# no comment" + os.sep
"""
TOLD = '''"""A module
of many words."""

import os

# Numbers, as they come.
LIST = [
    1,  # the first
    2,
]


class Kept:
    """What is kept."""

    size: int = 3  # "quoted"

    def text(self) -> str:
        """Its text:
        # all of it."""

        return "# no comment" + os.sep
'''


def test_comments_docstrings_and_blank_lines_have_no_bearing() -> None:
    assert bearing(TOLD) == bearing(PLAIN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    2,", "    3,"),
        ("# no comment", "# another"),
        ("size: int = 3", "size: int = 4"),
        ("        return", "        raise SystemExit\n        return"),
    ],
)
def test_all_else_has(before: str, after: str) -> None:
    assert bearing(PLAIN.replace(before, after)) != bearing(PLAIN)


def test_a_string_that_is_no_docstring_counts_line_by_line() -> None:
    styles = 'STYLE = """\n#page {color: red}\n\n# end\n"""\n'
    assert bearing(styles) != bearing(styles.replace("red", "blue"))
    assert bearing(styles) != bearing(styles.replace("# end", "# fin"))


def test_indentation_counts() -> None:
    inside = "for i in range(3):\n    a(i)\n    b(i)\n"
    assert bearing(inside) != bearing(inside.replace("    b(i)", "b(i)"))
