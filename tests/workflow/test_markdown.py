"""Marked places in a text, and what is put there."""

import pytest

from sopr_uq.errors import InputError
from sopr_uq.workflow.markdown import filled

TEXT = "Before.\n<!-- a:begin -->\nold\n<!-- a:end -->\nAfter.\n"


def test_what_stood_there_is_replaced_and_the_rest_kept():
    once = filled(TEXT, {"a": ["new", "lines"]})
    assert once == "Before.\n<!-- a:begin -->\nnew\nlines\n<!-- a:end -->\nAfter.\n"
    assert filled(once, {"a": ["new", "lines"]}) == once


@pytest.mark.parametrize(
    "text", ["", TEXT.replace("a:begin", "b:begin"), TEXT.split("<!-- a:end")[0]]
)
def test_a_place_that_is_not_there_is_named(text):
    with pytest.raises(InputError, match="a:begin"):
        filled(text, {"a": []})
