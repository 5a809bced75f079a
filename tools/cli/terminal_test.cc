#include "tools/cli/terminal.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace dnc::cli {
namespace {

TEST(PrintableTest, TextStaysAsItIs) {
  for (const std::string text :
       {"", "national", "2026-8-5_201.txt", "a\\b", "caf\xc3\xa9", "\xe2\x82\xac 5", "\xe5\x8f\xb7",
        "\xf0\x9f\x93\x9e", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(PrintableTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("\x1b[2J\x1b]0;x\x07"), "\\x1b[2J\\x1b]0;x\\x07");
  EXPECT_EQ(Printable("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d");
  EXPECT_EQ(Printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Printable("\x7f"), "\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");
}

TEST(PrintableTest, InvisibleAndReorderingCharactersAreEscaped) {
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "txt.exe"),
            "\\u202etxt.exe");
  EXPECT_EQ(Printable("\xe2\x80\x8b\xe2\x81\xa6\xef\xbb\xbf"), "\\u200b\\u2066\\ufeff");
  EXPECT_EQ(Printable("\xf3\xa0\x81\x81"), "\\ue0041");
}

TEST(PrintableTest, BytesThatAreNoUtf8AreEscaped) {
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("\xc3"), "\\xc3");
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b");           // overlong
  EXPECT_EQ(Printable("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");  // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\xff\x1b"), "\\xff\\x1b");
}

TEST(PrintableTest, NoByteGetsThroughThatATerminalObeys) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      for (const char c : Printable(text)) {
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << first << " " << second;
      }
      EXPECT_EQ(Printable(text).find("\xc2\x9b"), std::string::npos);
    }
  }
}

TEST(TableTest, CellsAreMadePrintable) {
  Table table({"LIST", "WHY"}, {});
  table.AddRow({"a\x1b[2J", "two\nlines"});
  FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  table.Print(file);
  std::rewind(file);
  std::string text(200, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(text, "LIST      WHY\na\\x1b[2J  two\\x0alines\n");
}

}  // namespace
}  // namespace dnc::cli
