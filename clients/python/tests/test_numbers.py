"""What callers give as numbers."""

import pytest

import dnc
from dnc._numbers import MAX_REQUEST_BYTES, batch_length, plain_digits, shows, wire_text


@pytest.mark.parametrize("given, sent", [
    ("(201) 555-0100", "(201) 555-0100"), (2015550100, "2015550100"), (12015550100, "12015550100"),
    (5, "5"), (-2015550100, "0"), (10**30, "0"), ("", ""), (None, None),
    ("2" * 200, "2" * 80), ("2" * 79 + "é", "2" * 79 + "?"), ("201\ud800555", "201???555"),
])
def test_texts_and_integers_are_sent(given, sent):
    assert wire_text(given) == sent


@pytest.mark.parametrize("given", [
    2015550100.0, float("nan"), True, b"2015550100", 2015550100j, ["2015550100"], object()])
def test_what_may_have_lost_digits_is_a_mistake(fake, given):
    with pytest.raises(TypeError, match="read the numbers as text|were read|as text"):
        wire_text(given)
    # Nothing is asked then, and nothing of the list is answered.
    for call in (fake.scrub, fake.add_opt_outs):
        with pytest.raises(TypeError):
            call(["2015550100", given])
    with pytest.raises(TypeError):
        fake.may_call(given)
    assert not fake.calls


def test_one_text_is_not_asked_by_letters(fake):
    for call in (fake.scrub, fake.add_opt_outs):
        with pytest.raises(TypeError, match="list of numbers"):
            call("2015550100")


@pytest.mark.parametrize("text, number", [
    ("2015550100", 2015550100), ("(201) 555-0100", 2015550100), ("+1.201.555.0100", 2015550100),
    ("12015550100", 2015550100), ("001 201 555 0100", 2015550100), ("", 0), ("201555010", 0),
    ("20155501000", 0), ("2015550100.0", 0), ("tel:2015550100", 0), ("2.0155501E+09", 0),
    ("２０１５５５０１００", 0), ('="2015550100"', 0)])
def test_plain_numbers_are_read_and_all_else_is_left_to_the_server(text, number):
    assert plain_digits(text) == number


def test_batches_end_by_count_and_by_bytes():
    assert batch_length([10] * 5, 0, 3) == 3
    assert batch_length([10] * 5, 3, 3) == 2
    assert 10_000 < batch_length([80] * 60_000, 0, 60_000) <= MAX_REQUEST_BYTES // 80
    assert batch_length([MAX_REQUEST_BYTES * 2, 1], 0, 5) == 1


def test_every_number_has_its_own_answer_in_the_order_asked(fake):
    asked = ["201-555-0101", None, 2015550100, "12", "", "(201) 555-0102"]
    result = fake.scrub(iter(asked))
    assert [answer.asked for answer in result] == asked
    assert [answer.verdict.name for answer in result] == [
        "LISTED", "UNKNOWN", "CLEAR", "INVALID", "INVALID", "CLEAR"]
    assert [answer.may_call for answer in result] == [False, False, True, False, False, True]
    assert result.ok and result.answered == 5
    assert result.callable() == [2015550100, "(201) 555-0102"]
    # What is missing is not asked about.
    assert list(fake.calls[0].texts) == ["201-555-0101", "2015550100", "12", "", "(201) 555-0102"]
    assert fake.scrub([None, None]).ok and fake.scrub([]).ok and len(fake.calls) == 1
    assert fake.check(None) == dnc.Answer() and not fake.may_call(None)


def test_a_clear_number_stands_in_the_text():
    for text in ("(201) 555-0123", "1 201 555 0123", "tel:+12015550123", '="2015550123"',
                 "2015550123.0", "2.015550123E+09", "\uff12\uff10\uff11 555-0123",
                 "201\u00a0555\u20110123"):
        assert shows(text, 2015550123), text
    for text in ("", "201-555-0124", "tel:2015550124", "201555012.0", "no number", "3210555102",
                 "\u0662\u0660\u0661\u0665\u0665\u0665\u0660\u0661\u0662\u0663"):
        assert not shows(text, 2015550123), text
