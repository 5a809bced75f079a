// Tests the properties that others rely on: exact counts, the registry's formats, and the same
// bytes every time.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tools/dncgen/base_set.h"
#include "tools/dncgen/change_list.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/full_list.h"
#include "tools/dncgen/generated_file.h"
#include "tools/dncgen/lead_list.h"
#include "tools/dncgen/line_reader.h"
#include "tools/dncgen/other_list.h"
#include "tools/dncgen/parallel.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

class DncgenTest : public testing::Test {
 protected:
  DncgenTest() : folder_(fs::path(testing::TempDir()) / fmt::format("dncgen_{}", getpid())) {
    fs::remove_all(folder_);
  }
  ~DncgenTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  FullListOptions Options(const std::string& name) const {
    FullListOptions options;
    options.folder = Path(name);
    options.numbers = 50'000;
    options.seed = 7;
    options.area_codes = {212, 201, 787};
    options.day = absl::CivilDay(2026, 8, 5);
    return options;
  }

  FullListResult Write(const FullListOptions& options) const {
    auto result = WriteFullList(options);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : FullListResult();
  }

  static std::vector<std::string> Lines(const std::string& path) {
    std::vector<std::string> lines;
    const absl::Status status = ForEachLine(path, [&](std::string_view line) {
      lines.emplace_back(line);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return lines;
  }

  static std::string Bytes(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }

  fs::path folder_;
};

TEST_F(DncgenTest, WritesExactlyTheNumbersInTheRegistrysFormat) {
  const FullListResult result = Write(Options("full"));
  ASSERT_EQ(result.paths.size(), 3u);
  const std::regex name("2026-8-5_(201|212|787)_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}.txt.zip");
  std::set<std::string> numbers;
  size_t records = 0;
  for (const std::string& path : result.paths) {
    const std::string file = fs::path(path).filename().string();
    EXPECT_TRUE(std::regex_match(file, name)) << file;
    for (const std::string& line : Lines(path)) {
      ASSERT_EQ(line.size(), 11u);
      ASSERT_EQ(line.substr(0, 4), file.substr(9, 3) + ",");
      numbers.insert(line);
      ++records;
    }
  }
  EXPECT_EQ(records, 50'000u);
  EXPECT_EQ(numbers.size(), 50'000u);
}

TEST_F(DncgenTest, TheSameArgumentsGiveTheSameBytesOnAnyNumberOfThreads) {
  FullListOptions options = Options("one");
  const FullListResult one = Write(options);
  options.folder = Path("two");
  options.threads = 4;
  const FullListResult two = Write(options);
  ASSERT_EQ(one.paths.size(), two.paths.size());
  for (size_t i = 0; i < one.paths.size(); ++i) {
    EXPECT_EQ(fs::path(one.paths[i]).filename(), fs::path(two.paths[i]).filename());
    EXPECT_EQ(Bytes(one.paths[i]), Bytes(two.paths[i]));
  }
  options.seed = 8;
  EXPECT_NE(Bytes(Write(options).paths.front()), Bytes(one.paths.front()));
}

TEST_F(DncgenTest, PlainFilesHoldTwelveBytesARecord) {
  FullListOptions options = Options("plain");
  options.plain = true;
  options.single_file = true;
  const FullListResult result = Write(options);
  ASSERT_EQ(result.paths.size(), 1u);
  EXPECT_NE(result.paths[0].find("2026-8-5_National_"), std::string::npos);
  EXPECT_EQ(fs::file_size(result.paths[0]), 50'000u * 12);
  EXPECT_EQ(Bytes(result.paths[0]).back(), '\n');
}

TEST_F(DncgenTest, XmlHoldsTheSameNumbersAsFlatText) {
  FullListOptions options = Options("flat");
  options.numbers = 3'000;
  options.single_file = true;
  const std::vector<std::string> lines = Lines(Write(options).paths[0]);
  options.folder = Path("xml");
  options.xml = true;
  options.plain = true;
  const std::string xml = Bytes(Write(options).paths[0]);
  EXPECT_EQ(xml.substr(xml.size() - 13), "</ac></list>\n");
  std::multiset<std::string> expected;
  for (const std::string& line : lines) expected.insert(line.substr(4));
  std::multiset<std::string> found;
  for (size_t at = xml.find("<ph val='"); at != std::string::npos; at = xml.find("<ph ", at + 1)) {
    found.insert(xml.substr(at + 9, 7));
  }
  EXPECT_EQ(found, expected);
}

TEST_F(DncgenTest, SpreadIsRealistic) {
  FullListOptions options = Options("spread");
  options.numbers = 1'400'000;
  options.area_codes = {201, 212};
  options.threads = 2;
  std::map<std::string, int> exchanges;
  for (const std::string& path : Write(options).paths) {
    for (const std::string& line : Lines(path)) ++exchanges[line.substr(0, 7)];
  }
  int low = 0;
  int full = 0;
  int usual = 0;
  for (const auto& [exchange, count] : exchanges) {
    low += exchange[4] < '2' ? 1 : 0;
    full += count >= 9'800 ? 1 : 0;
    usual += count >= 500 && count <= 4'000 ? 1 : 0;
  }
  EXPECT_EQ(low, 4);
  EXPECT_EQ(full, 2);
  EXPECT_GT(usual, 400);
  EXPECT_LT(exchanges.size(), 1'600u);
}

TEST_F(DncgenTest, ChangesFitTheirBase) {
  Write(Options("base"));
  auto base = BaseSet::Read(Path("base"), 2);
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_EQ(base->numbers(), 50'000u);
  ChangeListOptions options;
  options.folder = Path("base");
  options.adds = 300;
  options.deletes = 200;
  const auto path = WriteChangeList(*base, options);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_NE(path->find("2026-8-6_changes_"), std::string::npos);
  std::string before;
  std::map<char, int> actions;
  std::set<std::string> numbers;
  for (const std::string& line : Lines(*path)) {
    ASSERT_EQ(line.size(), 32u) << "a ten-digit number, a time and an action";
    const bool add = line.back() == 'A';
    EXPECT_EQ(base->Contains(std::stoull(line.substr(0, 10))), !add);
    // A deletion on the base's own day would not be believed.
    EXPECT_TRUE(line.substr(11, 10) == "2026-08-06" ||
                (add && line.substr(11, 10) == "2026-08-05"));
    EXPECT_LE(before, line.substr(11, 19));
    before = line.substr(11, 19);
    ++actions[line.back()];
    numbers.insert(line.substr(0, 10));
  }
  EXPECT_EQ(actions, (std::map<char, int>{{'A', 300}, {'D', 200}}));
  EXPECT_EQ(numbers.size(), 500u);
  ASSERT_TRUE(base->Apply(*path).ok());
  EXPECT_EQ(base->numbers(), 50'100u);
  EXPECT_EQ(BaseSet::Read(Path("base"), 1)->numbers(), 50'000u) << "a change list is no base";
}

TEST_F(DncgenTest, NthListedFindsEveryNumberInOrder) {
  FullListOptions options = Options("rank");
  options.numbers = 4'000;
  Write(options);
  const auto base = BaseSet::Read(Path("rank"), 1);
  ASSERT_TRUE(base.ok());
  Number before = 0;
  for (uint64_t rank = 0; rank < base->numbers(); ++rank) {
    const Number number = base->NthListed(rank);
    ASSERT_TRUE(base->Contains(number));
    ASSERT_GT(number, before);
    before = number;
  }
}

TEST_F(DncgenTest, ChangesInTheFutureOrBeforeTheBaseAreRefused) {
  FullListOptions options = Options("today");
  options.day = Today();
  Write(options);
  const auto base = BaseSet::Read(Path("today"), 1);
  ChangeListOptions changes;
  changes.path = Path("c.txt");
  changes.adds = 10;
  EXPECT_TRUE(WriteChangeList(*base, changes).ok());
  changes.day = Today() - 1;
  EXPECT_EQ(WriteChangeList(*base, changes).status().code(), absl::StatusCode::kInvalidArgument);
  changes.day.reset();
  changes.deletes = 1;
  EXPECT_EQ(WriteChangeList(*base, changes).status().code(), absl::StatusCode::kInvalidArgument);
  changes.deletes = 50'001;
  EXPECT_EQ(WriteChangeList(*base, changes).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DncgenTest, LeadsHaveTheShareOfHitsAndATruth) {
  Write(Options("base"));
  const auto base = BaseSet::Read(Path("base"), 2);
  LeadListOptions options;
  options.path = Path("leads.csv");
  options.truth_path = Path("truth.csv");
  options.numbers = 1'000;
  const auto hits = WriteLeadList(*base, options);
  ASSERT_TRUE(hits.ok()) << hits.status();
  EXPECT_EQ(*hits, 480u);
  const auto leads = Lines(options.path);
  const auto truth = Lines(options.truth_path);
  ASSERT_EQ(leads.size(), 1'001u);
  ASSERT_EQ(truth.size(), 1'001u);
  EXPECT_EQ(leads[0], "id,name,phone,city");
  for (size_t i = 1; i < leads.size(); ++i) {
    // The phone is in the third column; names have no digits and no commas.
    std::string digits;
    const size_t name_end = leads[i].find("\",");
    const size_t city = leads[i].rfind(',', leads[i].rfind(", ME\"") != std::string::npos ||
                                                    leads[i].rfind(", TX\"") != std::string::npos
                                                ? leads[i].size() - 5
                                                : std::string::npos);
    for (char c : leads[i].substr(name_end, city - name_end)) {
      if (c >= '0' && c <= '9') digits += c;
    }
    if (digits.size() == 11) digits.erase(0, 1);
    ASSERT_EQ(digits.size(), 10u) << "line " << i;
    EXPECT_EQ(truth[i], fmt::format("{},{}", i, base->Contains(std::stoull(digits)) ? 1 : 0));
  }
}

TEST_F(DncgenTest, OtherListsHoldExactlyTheNumbers) {
  OtherListOptions options;
  options.numbers = 2'000;
  options.area_codes = {512};
  options.path = Path("state.csv");
  ASSERT_TRUE(WriteOtherList(options).ok());
  EXPECT_EQ(Lines(options.path).size(), 2'001u);
  options.kind = OtherListKind::kWireless;
  options.path = Path("wireless.txt");
  ASSERT_TRUE(WriteOtherList(options).ok());
  EXPECT_EQ(Lines(options.path).size(), 2'000u);
  options.ranges = true;
  ASSERT_TRUE(WriteOtherList(options).ok());
  size_t numbers = 0;
  for (const std::string& line : Lines(options.path)) {
    const int first = std::stoi(line.substr(6, 4));
    numbers += line.size() == 10 ? 1 : static_cast<size_t>(std::stoi(line.substr(11)) - first + 1);
  }
  EXPECT_EQ(numbers, 2'000u);
}

TEST_F(DncgenTest, RefusesWhatNoAreaCodeCanHold) {
  FullListOptions options = Options("none");
  options.numbers = 0;
  EXPECT_EQ(WriteFullList(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.numbers = 21'000'001;
  EXPECT_EQ(WriteFullList(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ForEachInParallelTest, CallsEachOnceUntilAnError) {
  for (const int threads : {1, 4}) {
    std::vector<std::atomic<int>> calls(1'000);
    EXPECT_TRUE(ForEachInParallel(calls.size(), threads, [&](size_t at) {
                  ++calls[at];
                  return absl::OkStatus();
                }).ok());
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    std::atomic<size_t> begun{0};
    const absl::Status status = ForEachInParallel(1'000'000, threads, [&](size_t) {
      ++begun;
      return absl::DataLossError("no more");
    });
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_LE(begun, static_cast<size_t>(threads)) << "one call of each thread may have begun";
  }
  EXPECT_TRUE(ForEachInParallel(0, 4, [](size_t) { return absl::DataLossError("none"); }).ok());
}

TEST_F(DncgenTest, AFileAppearsWithCloseAloneAndAnEarlierOneStaysUntilThen) {
  const std::string path = Path("deep/list.txt.zip");
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << "an earlier file";
  {
    auto file = GeneratedFile::Create(path, {});
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append("201,5550123\n").ok());
  }
  EXPECT_EQ(fs::file_size(path), 15u);
  auto file = GeneratedFile::Create(path, {.bytes = 12});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Append("201,5550123\n").ok());
  ASSERT_TRUE((*file)->Close().ok());
  EXPECT_EQ(Lines(path), std::vector<std::string>{"201,5550123"});
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(path).parent_path()), {}), 1);
}

TEST(FileNameTest, ReadsAndWritesDates) {
  EXPECT_EQ(DayText(absl::CivilDay(2026, 8, 5)), "2026-8-5");
  EXPECT_EQ(*ParseDay("2026-08-05"), absl::CivilDay(2026, 8, 5));
  EXPECT_FALSE(ParseDay("2026-13-01").ok());
  EXPECT_FALSE(ParseDay("2026-08-05x").ok());
  EXPECT_EQ(DayOfFileName("2026-8-5_818_X.txt"), absl::CivilDay(2026, 8, 5));
  EXPECT_FALSE(DayOfFileName("818.txt").has_value());
  const absl::CivilDay day(2026, 8, 5);
  EXPECT_EQ(MakeGuid(1, "818", day), MakeGuid(1, "818", day));
  EXPECT_NE(MakeGuid(1, "818", day), MakeGuid(1, "819", day));
}

}  // namespace
}  // namespace dnc
