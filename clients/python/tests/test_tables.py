"""The helpers for tables: a phone column is text, or it is refused."""

import datetime

import pytest

import dnc
from dnc._numbers import wire_text

PHONES = ["201-555-0101", None, "(201) 555-0100", "12"]
UNTIL = datetime.datetime.fromtimestamp(1_790_086_400, datetime.timezone.utc)
FLAGS, VERDICTS = [False, False, True, False], ["LISTED", "UNKNOWN", "CLEAR", "INVALID"]


def failing(fake):
    fake.fails = [dnc.Unavailable("gone", code="UNAVAILABLE")]
    return fake


def test_integers_of_numpy_are_integers():
    numpy = pytest.importorskip("numpy")
    assert wire_text(numpy.int64(2015550100)) == "2015550100"
    with pytest.raises(TypeError):
        wire_text(numpy.float64(2015550100))
    with pytest.raises(TypeError):
        wire_text(numpy.bool_(True))


class TestPandas:
    pandas = None

    @pytest.fixture(autouse=True)
    def _pandas(self):
        self.pandas = pytest.importorskip("pandas")
        pytest.importorskip("dnc.pandas")

    @pytest.mark.parametrize("dtype", ["object", "string", "category", None])
    def test_verdicts_are_added(self, fake, dtype):
        table = self.pandas.DataFrame(
            {"phone": self.pandas.Series(PHONES, dtype=dtype, index=[7, 7, 2, 1])})
        before = table.copy()
        for _ in range(2):  # columns of an earlier call are replaced
            table = dnc.pandas.add_verdicts(table, "phone", fake, prefix="x_")
        assert list(table.columns) == ["phone", "x_may_call", "x_verdict", "x_reasons",
                                       "x_valid_until", "x_revision"]
        assert list(table["x_may_call"]) == FLAGS and table["x_may_call"].dtype == bool
        assert list(table["x_verdict"]) == VERDICTS
        assert list(table["x_reasons"]) == ["NATIONAL", "", "", "MALFORMED"]
        until = table["x_valid_until"]
        assert list(until.isna()) == [False, True, False, True] and until.iloc[2] == UNTIL
        assert list(table["x_revision"].isna()) == [False, True, False, False]
        assert before["phone"].equals(table["phone"])
        assert len(table[table["x_may_call"]]) == 1

    @pytest.mark.parametrize("values", [
        [2015550100, 2015550101], [2015550100.0, None], [True], [2015550100, "2015550101"],
        ["2015550100", 2015550101.0], [datetime.datetime(2026, 1, 1)], [b"2015550100"]])
    def test_numbers_are_no_phones(self, fake, values):
        table = self.pandas.DataFrame({"phone": values})
        with pytest.raises(TypeError, match=r"read_csv\(..., dtype=\{'phone': str\}\)"):
            dnc.pandas.add_verdicts(table, "phone", fake)
        for dtype in ("Int64", "category"):
            if all(isinstance(value, int) and value is not True for value in values):
                with pytest.raises(TypeError):
                    dnc.pandas.add_verdicts(table.astype(dtype), "phone", fake)
        assert not fake.calls

    def test_missing_values_of_all_kinds_are_unknown(self, fake):
        pandas = self.pandas
        values = [None, float("nan"), pandas.NA, pandas.NaT, "2015550100"]
        table = pandas.DataFrame({"phone": pandas.Series(values, dtype="object")})
        table = dnc.pandas.add_verdicts(table, "phone", fake)
        assert list(table["dnc_may_call"]) == [False, False, False, False, True]

    def test_errors_are_raised_unless_a_part_will_do(self, fake):
        table = self.pandas.DataFrame({"phone": ["2015550100"]})
        with pytest.raises(dnc.Unavailable):
            dnc.pandas.add_verdicts(table, "phone", failing(fake))
        table = dnc.pandas.add_verdicts(table, "phone", failing(fake), partial=True)
        assert list(table["dnc_verdict"]) == ["UNKNOWN"] and not table["dnc_may_call"].any()

    def test_an_empty_table_stays_one(self, fake):
        table = self.pandas.DataFrame({"phone": self.pandas.Series([], dtype="object")})
        assert list(dnc.pandas.add_verdicts(table, "phone", fake)["dnc_may_call"]) == []

    def test_two_columns_of_one_name_are_refused(self, fake):
        table = self.pandas.DataFrame([["2015550100"] * 2], columns=["phone", "phone"])
        with pytest.raises(ValueError, match="several columns"):
            dnc.pandas.add_verdicts(table, "phone", fake)


class TestPolars:
    polars = None

    @pytest.fixture(autouse=True)
    def _polars(self):
        self.polars = pytest.importorskip("polars")
        pytest.importorskip("dnc.polars")

    @pytest.mark.parametrize("kind", ["String", "Categorical"])
    def test_verdicts_are_added(self, fake, kind):
        table = self.polars.DataFrame(
            {"phone": self.polars.Series(PHONES).cast(getattr(self.polars, kind))})
        for _ in range(2):
            table = dnc.polars.add_verdicts(table, "phone", fake)
        assert table.columns == ["phone", "dnc_may_call", "dnc_verdict", "dnc_reasons",
                                 "dnc_valid_until", "dnc_revision"]
        assert table["dnc_may_call"].to_list() == FLAGS
        assert table["dnc_verdict"].to_list() == VERDICTS
        assert table["dnc_valid_until"].to_list() == [UNTIL, None, UNTIL, None]
        assert table["dnc_revision"].to_list() == [7, None, 7, 7]
        assert table.filter("dnc_may_call")["phone"].to_list() == ["(201) 555-0100"]

    @pytest.mark.parametrize("values", [
        [2015550100], [2015550100.0, None], [True], [datetime.date(2026, 1, 1)], [b"2015550100"],
        [["2015550100"]]])
    def test_numbers_are_no_phones(self, fake, values):
        table = self.polars.DataFrame({"phone": values})
        with pytest.raises(TypeError, match="schema_overrides={'phone': polars.String}"):
            dnc.polars.add_verdicts(table, "phone", fake)
        assert not fake.calls

    def test_missing_values_are_unknown(self, fake):
        table = self.polars.DataFrame({"phone": [None, None]})
        assert dnc.polars.add_verdicts(table, "phone", fake)["dnc_verdict"].to_list() == [
            "UNKNOWN"] * 2

    def test_errors_are_raised_unless_a_part_will_do(self, fake):
        table = self.polars.DataFrame({"phone": ["2015550100"]})
        with pytest.raises(dnc.Unavailable):
            dnc.polars.add_verdicts(table, "phone", failing(fake))
        table = dnc.polars.add_verdicts(table, "phone", failing(fake), partial=True)
        assert not table["dnc_may_call"].any()
