// Scrubs a CSV file against a server in this process: tests what goes in, what comes out, and what
// happens when the server misbehaves.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "clients/cpp/testing/fake_dncd.h"
#include "tools/cli/names.h"
#include "tools/dncctl/scrub_file.h"
#include "tools/dncctl/scrub_stream.h"

namespace dnc::cli {
namespace {

class ScrubTest : public ::testing::Test {
 protected:
  ScrubTest() : path_(testing::TempDir() + "/scrub_test." + std::to_string(getpid())) {
    options_.server = server_.address();
    options_.timeout_seconds = 300;
  }
  ~ScrubTest() override {
    if (fd_ >= 0) close(fd_);
    std::filesystem::remove(path_);
  }

  ScrubFile Open(const std::string& text, char delimiter = ',') {
    std::ofstream(path_, std::ios::binary) << text;
    if (fd_ >= 0) close(fd_);
    fd_ = open(path_.c_str(), O_RDONLY);
    return ScrubFile(fd_, delimiter);
  }

  // Scrubs `text`. Of the added columns only the verdict is kept, so that rows stay short.
  absl::Status Scrub(const std::string& text, const std::string& column, std::string* out,
                     char delimiter = ',') {
    ScrubFile file = Open(text, delimiter);
    ScrubTable table;
    if (!column.empty()) table.columns.columns = {column};
    const absl::Status status = file.Open(table);
    if (!status.ok()) return status;
    *out = file.HeadingLine();
    Session session(options_);
    return ScrubStream(
        session, {}, [&](ScrubBatch* batch) { return file.NextBatch(batch); },
        [&](const ScrubBatch& batch, const v1::ScrubResponse& answer) {
          int next = 0;
          for (const ScrubRow& row : batch.rows) {
            const std::string verdict = row.blank ? "" : Name(answer.results(next++).verdict());
            file.AppendRow(row, {verdict, "", "", ""}, out);
          }
          return absl::OkStatus();
        });
  }

  // Returns `count` rows, alternately listed and clear.
  static std::string Leads(int count) {
    std::string text = "id,phone\n";
    for (int i = 0; i < count; ++i) {
      text += std::to_string(i) + "," + std::to_string(2015550000 + i % 1000) + "\n";
    }
    return text;
  }

  FakeDncd server_;
  GlobalOptions options_;
  const std::string path_;
  int fd_ = -1;
};

constexpr char kHeading[] = ",dnc_verdict,dnc_reasons,dnc_listed_since,dnc_valid_until";

TEST_F(ScrubTest, KeepsRowsAsTheyStand) {
  std::string out;
  ASSERT_TRUE(Scrub("id,\"Phone\"\r\n\"a \"\"1\"\"\",(201) 555-0101\r\n\r\n x ,\"2015550100\"",
                    "phone", &out)
                  .ok());
  EXPECT_EQ(out, std::string("id,\"Phone\"") + kHeading +
                     "\r\n\"a \"\"1\"\"\",(201) 555-0101,LISTED,,,\r\n\r\n"
                     " x ,\"2015550100\",CLEAR,,,");
}

TEST_F(ScrubTest, AddedColumnsStayUnderTheirHeadings) {
  std::string out;
  ASSERT_TRUE(Scrub("id,phone,city\n1\n2,2015550101\n3,2015550100,x,CLEAR\n", "phone", &out).ok());
  EXPECT_EQ(out, std::string("id,phone,city") + kHeading +
                     "\n1,,,INVALID,,,\n2,2015550101,,LISTED,,,\n3,2015550100,x,CLEAR,,,,CLEAR\n");
}

TEST_F(ScrubTest, ForeignBytesAreReadOrInvalidAndFailNothing) {
  std::string out;
  ASSERT_TRUE(Scrub("phone\n201\xA0"
                    "5550100\n" +
                        std::string(5000, '2') + "\n2015550100\n",
                    "", &out)
                  .ok());
  EXPECT_NE(out.find("5550100,CLEAR"), std::string::npos);
  EXPECT_NE(out.find("2222,INVALID"), std::string::npos);
  EXPECT_NE(out.find("\n2015550100,CLEAR"), std::string::npos);
}

TEST_F(ScrubTest, FindsTheColumn) {
  std::string out;
  EXPECT_TRUE(Scrub("a,b\n1,2\n", "b", &out).ok());
  EXPECT_TRUE(Scrub("a, B \n1,2\n", "b", &out).ok());
  EXPECT_TRUE(Scrub("b,B\n1,2\n", "B", &out).ok());
  EXPECT_TRUE(Scrub("id,Telephone\n1,2\n", "", &out).ok());
  EXPECT_TRUE(Scrub("x\n1\n", "", &out).ok());
  EXPECT_TRUE(Scrub("a;b\n1;2\n", "b", &out, ';').ok());
  for (const auto& [text, column] : std::vector<std::pair<std::string, std::string>>{
           {"a,b\n", "c"},
           {"a,a\n", "a"},
           {"a,b\n", ""},
           {"", "a"},
           {"\n", "a"},
           {"2015550100\n", "2015550100"},
           {"id,2015550100\n", ""},
           {"phone,number\n", ""},
           {"phone,DNC_Verdict\n", "phone"},
           {std::string("\xFF\xFE\x61\x00\n\x00\x00", 7), "a"}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Scrub(text, column, &out))) << text;
  }
}

TEST_F(ScrubTest, ManyBatchesKeepTheirOrder) {
  const std::string text = Leads(50'000);
  std::string out;
  ASSERT_TRUE(Scrub(text, "phone", &out).ok());
  std::istringstream rows(out);
  std::string row;
  std::getline(rows, row);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_TRUE(std::getline(rows, row));
    ASSERT_EQ(row, std::to_string(i) + "," + std::to_string(2015550000 + i % 1000) +
                       (i % 2 == 0 ? ",CLEAR,,," : ",LISTED,,,"));
  }
  EXPECT_LE(server_.scrub.largest_batch, static_cast<int>(ScrubFile::kBatchRows));
}

TEST_F(ScrubTest, ServerThatTakesFewerIsAskedInSmallerBatches) {
  const std::string text = Leads(5'000);
  std::string whole;
  ASSERT_TRUE(Scrub(text, "phone", &whole).ok());
  for (const auto& [max_batch, hidden] :
       {std::pair(1999, false), std::pair(300, true), std::pair(7, false)}) {
    server_.scrub.max_batch = max_batch;
    server_.scrub.hide_limit = hidden;
    std::string out;
    ASSERT_TRUE(Scrub(text, "phone", &out).ok()) << max_batch;
    EXPECT_EQ(out, whole) << max_batch;
  }
}

TEST_F(ScrubTest, NoRowsAreAnswered) {
  std::string out;
  EXPECT_TRUE(Scrub("phone\n", "phone", &out).ok());
  EXPECT_TRUE(Scrub("phone\n\n\n\n", "phone", &out).ok());
}

TEST_F(ScrubTest, BrokenStreamIsAnError) {
  std::string out;
  for (const bool quietly : {false, true}) {
    server_.scrub.end_quietly = quietly;
    for (const int limit : {0, 1, 5, 24}) {
      server_.scrub.stream_limit = limit;
      EXPECT_FALSE(Scrub(Leads(50'000), "phone", &out).ok()) << limit << quietly;
    }
  }
}

TEST_F(ScrubTest, WrongAnswersAreErrors) {
  std::string out;
  server_.scrub.drop_verdicts = 1;
  EXPECT_FALSE(Scrub(Leads(10), "phone", &out).ok());
  server_.scrub.drop_verdicts = 0;
  server_.scrub.contradict = true;
  EXPECT_FALSE(Scrub(Leads(10), "phone", &out).ok());
}

TEST_F(ScrubTest, SilentServerIsATimeout) {
  options_.timeout_seconds = 0.2;
  server_.scrub.stall = true;
  std::string out;
  // Without a timeout, this would wait forever.
  EXPECT_TRUE(absl::IsDeadlineExceeded(Scrub(Leads(50'000), "phone", &out)));
}

TEST_F(ScrubTest, LostQuoteInTheMiddleIsAnError) {
  std::string out;
  EXPECT_FALSE(Scrub(Leads(20'000) + "\"x,2015550100\n", "phone", &out).ok());
}

TEST_F(ScrubTest, SinkErrorEndsTheScrub) {
  ScrubFile file = Open(Leads(100'000));
  ASSERT_TRUE(file.Open({}).ok());
  Session session(options_);
  const absl::Status status = ScrubStream(
      session, {}, [&](ScrubBatch* batch) { return file.NextBatch(batch); },
      [&](const ScrubBatch&, const v1::ScrubResponse&) {
        return absl::ResourceExhaustedError("disk full");
      });
  EXPECT_EQ(status, absl::ResourceExhaustedError("disk full"));
}

TEST_F(ScrubTest, NoServerIsAnError) {
  options_.server = "127.0.0.1:1";
  std::string out;
  EXPECT_FALSE(Scrub(Leads(10), "phone", &out).ok());
}

}  // namespace
}  // namespace dnc::cli
