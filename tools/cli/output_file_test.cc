#include "tools/cli/output_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace dnc::cli {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest()
      : folder_(fs::path(testing::TempDir()) / ("output_file_test." + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~OutputFileTest() override { fs::remove_all(folder_); }

  std::string Path() const { return (folder_ / "result.csv").string(); }
  static std::string Read(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  const fs::path folder_;
};

TEST_F(OutputFileTest, AppearsWithCommitAlone) {
  auto file = OutputFile::Open(Path());
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string text(1'000'000, 'x');
  ASSERT_TRUE((*file)->Write(text).ok());
  EXPECT_FALSE(fs::exists(Path()));
  ASSERT_TRUE((*file)->Commit().ok());
  file->reset();
  EXPECT_EQ(Read(Path()), text);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(OutputFileTest, LeavesNothingWithoutCommit) {
  std::ofstream(Path()) << "an earlier result";
  {
    auto file = OutputFile::Open(Path());
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Write(std::string(1'000'000, 'x')).ok());
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(OutputFileTest, KeepsAnEarlierFileUntilCommit) {
  std::ofstream(Path()) << "an earlier result";
  {
    auto file = OutputFile::Open(Path(), OutputFile::Earlier::kKeptUntilCommit);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Write("never complete").ok());
  }
  EXPECT_EQ(Read(Path()), "an earlier result");
  auto file = OutputFile::Open(Path(), OutputFile::Earlier::kKeptUntilCommit);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("new").ok());
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(Read(Path()), "new");
}

TEST_F(OutputFileTest, ThreadsWriteFilesOfTheirOwn) {
  constexpr int kThreads = 8;
  constexpr int kFilesEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kFilesEach; ++i) {
        const std::string path = Path() + std::to_string(t * kFilesEach + i);
        auto file = OutputFile::Open(path);
        ASSERT_TRUE(file.ok()) << file.status();
        ASSERT_TRUE((*file)->Write(path).ok());
        ASSERT_TRUE((*file)->Commit().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kThreads * kFilesEach; ++i) {
    EXPECT_EQ(Read(Path() + std::to_string(i)), Path() + std::to_string(i));
  }
  // The process handles the signals itself again.
  EXPECT_EQ(signal(SIGTERM, SIG_DFL), SIG_DFL);
}

TEST_F(OutputFileTest, LeavesNothingWhenInterrupted) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const pid_t child = fork();
    if (child == 0) {
      auto file = OutputFile::Open(Path());
      if (file.ok()) raise(number);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 128 + number);
    EXPECT_TRUE(fs::is_empty(folder_));
  }
}

TEST_F(OutputFileTest, RefusesFoldersAndMissingFolders) {
  EXPECT_FALSE(OutputFile::Open(folder_.string()).ok());
  EXPECT_FALSE(OutputFile::Open((folder_ / "none" / "result.csv").string()).ok());
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(OutputFileTest, FullDeviceIsAnError) {
  auto file = OutputFile::Open("/dev/full");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("x").ok());
  EXPECT_FALSE((*file)->Commit().ok());
}

}  // namespace
}  // namespace dnc::cli
