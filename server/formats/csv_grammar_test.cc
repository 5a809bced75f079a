#include "server/formats/csv_grammar.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dnc {
namespace {

// Returns one letter per byte: Text, Quote, Delimiter, Line end, Ignored, or Misplaced, which ends
// it.
std::string Kinds(std::string_view text, CsvLineEnds line_ends = CsvLineEnds::kNewline) {
  constexpr std::string_view kLetters = "TQDLIM";
  CsvGrammar grammar(',', line_ends);
  std::string kinds;
  for (const char c : text) {
    kinds += kLetters[static_cast<size_t>(grammar.Take(c))];
    if (kinds.back() == 'M') break;
  }
  return kinds;
}

TEST(CsvGrammarTest, TellsWhatAByteIs) {
  EXPECT_EQ(Kinds("a,b\n"), "TDTL");
  EXPECT_EQ(Kinds(",,\n"), "DDL");
  EXPECT_EQ(Kinds("\"a,\n\"\n"), "QTTTQL");
  EXPECT_EQ(Kinds("\"a\"\"b\",c"), "QTQTTQDT");
  EXPECT_EQ(Kinds("\"\",\"\"\"\"\n"), "QQDQQTQL");
}

TEST(CsvGrammarTest, AQuoteInsideAnUnquotedFieldStandsForItself) {
  EXPECT_EQ(Kinds("5\" disk,x\n"), "TTTTTTTDTL");
  EXPECT_EQ(Kinds("a\"\"\n"), "TTTL");
}

TEST(CsvGrammarTest, TextBehindAClosingQuoteIsMisplaced) {
  EXPECT_EQ(Kinds("\"a\"b"), "QTQM");
  EXPECT_EQ(Kinds("\"a\" ,b"), "QTQM");
}

TEST(CsvGrammarTest, CarriageReturnsAreAsTheLineEndsSay) {
  EXPECT_EQ(Kinds("a\rb\r\n"), "TTTTL");
  EXPECT_EQ(Kinds("\"a\"\r\n"), "QTQIL");
  EXPECT_EQ(Kinds("a\r\"b\r\"\r\n", CsvLineEnds::kNewlineOrReturn), "TLQTTQLL");
}

TEST(CsvGrammarTest, KnowsWhetherAQuotedFieldIsOpen) {
  CsvGrammar grammar(';', CsvLineEnds::kNewline);
  for (const char c : std::string_view("a;\"b\n")) grammar.Take(c);
  EXPECT_TRUE(grammar.inside_quotes());
  grammar.Take('"');
  EXPECT_FALSE(grammar.inside_quotes());
}

TEST(CsvGrammarTest, FindsTheDelimiterOfTheFirstLine) {
  EXPECT_EQ(FindDelimiter("a;b,c;d\n1,2,3,4\n", CsvLineEnds::kNewline), ';');
  EXPECT_EQ(FindDelimiter("\"a;b;c\"\td\n", CsvLineEnds::kNewline), '\t');
  EXPECT_EQ(FindDelimiter("a|b", CsvLineEnds::kNewline), '|');
  EXPECT_EQ(FindDelimiter("a\n1;2\n", CsvLineEnds::kNewline), ',');
  EXPECT_EQ(FindDelimiter("a,b\rc;d;e\n", CsvLineEnds::kNewline), ';');
  EXPECT_EQ(FindDelimiter("a,b\rc;d;e\n", CsvLineEnds::kNewlineOrReturn), ',');
}

TEST(CsvGrammarTest, ValuesAreWithoutTheirQuotes) {
  EXPECT_EQ(CsvValue("a\"b"), "a\"b");
  EXPECT_EQ(CsvValue("\"a,\"\"b\"\"\n\""), "a,\"b\"\n");
  EXPECT_EQ(CsvValue("\"\""), "");
  EXPECT_EQ(CsvValue(""), "");
}

}  // namespace
}  // namespace dnc
