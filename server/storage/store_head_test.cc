#include "server/storage/store_head.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/base/file_error.h"
#include "server/storage/checked_value.h"
#include "server/storage/mark_file.h"
#include "server/storage/position_slots.h"
#include "server/storage/revision_note.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

class StoreHeadTest : public testing::Test {
 protected:
  StoreHeadTest() : dir_(testing::TempDir() + "/dnc_store_head_test") {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~StoreHeadTest() override { fs::remove_all(dir_); }

  const std::string dir_;
};

TEST_F(StoreHeadTest, IsReadAsItWasWritten) {
  const auto store = Store::Open({.path = dir_ + "/store"});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->made());
  EXPECT_EQ(ReadStoreHead(**store)->has_value(), false);
  EXPECT_EQ(ReadAcceptedClock(**store)->revision, 0U);
  const absl::Time since = absl::FromUnixSeconds(1'790'000'000);
  const StoreHead head{NewStoreId(), NewStoreId(), {11, 17}, {since, since + absl::Hours(2)}};
  ASSERT_TRUE(WriteStoreHead(head, **store).ok());
  const AcceptedClock accepted{5, 3, absl::FromUnixMicros(2'000'000), absl::FromUnixMicros(1)};
  ASSERT_TRUE(WriteAcceptedClock(accepted, **store).ok());
  const auto read = ReadStoreHead(**store);
  ASSERT_TRUE(read.ok() && read->has_value());
  EXPECT_EQ((*read)->id, head.id);
  EXPECT_EQ((*read)->other, head.other);
  EXPECT_EQ((*read)->lost.after, 11U);
  EXPECT_EQ((*read)->lost.up_to, 17U);
  EXPECT_FALSE((*read)->untold.Has(since - absl::Microseconds(1)));
  EXPECT_TRUE((*read)->untold.Has(since));
  EXPECT_FALSE((*read)->untold.Has(since + absl::Hours(2)));
  EXPECT_NE(head.id, head.other);
  const auto clock = ReadAcceptedClock(**store);
  ASSERT_TRUE(clock.ok());
  EXPECT_EQ(clock->revision, 5U);
  EXPECT_EQ(clock->release_id, 3U);
  EXPECT_EQ(clock->stores_time, accepted.stores_time);
  EXPECT_EQ(clock->accepted_at, accepted.accepted_at);
}

TEST_F(StoreHeadTest, NothingIsUntoldUnlessSaid) {
  const auto store = Store::Open({.path = dir_ + "/store"});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(WriteStoreHead({NewStoreId(), NewStoreId(), {}, {}}, **store).ok());
  const auto read = ReadStoreHead(**store);
  ASSERT_TRUE(read.ok() && read->has_value());
  EXPECT_FALSE((*read)->lost.Has(0));
  EXPECT_FALSE((*read)->lost.Has(1));
  EXPECT_FALSE((*read)->untold.Has(absl::UnixEpoch()));
  EXPECT_FALSE((*read)->untold.Has(absl::Now()));
}

TEST_F(StoreHeadTest, AHeadOfAnEarlierVersionIsRead) {
  const auto store = Store::Open({.path = dir_ + "/store"});
  ASSERT_TRUE(store.ok()) << store.status();
  for (const size_t words : {5, 6, 7}) {
    std::string content;
    for (size_t word = 0; word < words; ++word) {
      content += std::string(7, '\0') + static_cast<char>(word + 1);
    }
    StoreBatch batch;
    batch.Put(Column::kMeta, "store/head", AddCheck("store/head", content));
    ASSERT_TRUE((*store)->Write(batch).ok());
    const auto read = ReadStoreHead(**store);
    if (words == 7) {  // no version had so many
      EXPECT_TRUE(absl::IsDataLoss(read.status()));
      continue;
    }
    ASSERT_TRUE(read.ok() && read->has_value()) << read.status();
    EXPECT_EQ((*read)->id, (StoreId{1, 2}));
    EXPECT_EQ((*read)->other, (StoreId{3, 4}));
    EXPECT_EQ((*read)->lost.up_to, 5U);
    EXPECT_EQ((*read)->lost.after, words == 5 ? 0U : 6U);
    EXPECT_FALSE((*read)->untold.Has(absl::UnixEpoch()));
  }
}

TEST_F(StoreHeadTest, ACopyIsToldOnce) {
  const auto store = Store::Open({.path = dir_ + "/store"});
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::Time known = absl::FromUnixSeconds(1'790'000'000);
  const absl::Time later = known + absl::Hours(1);
  std::ofstream(dir_ + "/note") << "first";
  EXPECT_FALSE(*NoteCopied(dir_ + "/note", known, **store)) << "nothing was known";
  EXPECT_FALSE(*NoteCopied(dir_ + "/note", known, **store));
  EXPECT_EQ(*KnownWhenCopied(**store), absl::InfiniteFuture());
  fs::copy_file(dir_ + "/note", dir_ + "/note2");
  fs::rename(dir_ + "/note2", dir_ + "/note");
  EXPECT_TRUE(*NoteCopied(dir_ + "/note", known, **store));
  EXPECT_FALSE(*NoteCopied(dir_ + "/note", later, **store));
  EXPECT_EQ(*KnownWhenCopied(**store), known);
  // This is how it was written before moments were recorded.
  StoreBatch batch;
  batch.Put(Column::kMeta, "store/place", AddCheck("store/place", std::string(8, '\0')));
  ASSERT_TRUE((*store)->Write(batch).ok());
  EXPECT_EQ(*KnownWhenCopied(**store), absl::InfiniteFuture());
  EXPECT_TRUE(*NoteCopied(dir_ + "/note", later, **store));
  EXPECT_EQ(*KnownWhenCopied(**store), later);
}

TEST_F(StoreHeadTest, ADamagedHeadIsNoHead) {
  const auto store = Store::Open({.path = dir_ + "/store"});
  ASSERT_TRUE(store.ok()) << store.status();
  StoreBatch batch;
  batch.Put(Column::kMeta, "store/head", std::string(48, 'x'));
  ASSERT_TRUE((*store)->Write(batch).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadStoreHead(**store).status()));
}

TEST_F(StoreHeadTest, ANoteKeepsTheNewestWholeSlot) {
  const std::string path = dir_ + "/note";
  EXPECT_TRUE(absl::IsNotFound(RevisionNote::Open(path).status()));
  const StoreId id = NewStoreId();
  {
    const auto note = RevisionNote::Make(path, {id, 0});
    ASSERT_TRUE(note.ok()) << note.status();
    for (uint64_t revision = 1; revision <= 7; ++revision) (*note)->Note(revision);
    (*note)->Note(3);  // a note never goes back
  }
  auto note = RevisionNote::Open(path);
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ((*note)->last().revision, 7U);
  EXPECT_EQ((*note)->last().store, id);
  (*note)->Note(8);
  // If a slot was cut in the middle of its write, the other one counts.
  for (const int page : {0, 1}) {
    fs::copy_file(path, path + "2", fs::copy_options::overwrite_existing);
    std::fstream file(path + "2", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(page * 4096 + 20);
    file.put('\x7F');
    file.close();
    const auto read = RevisionNote::Open(path + "2");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_GE((*read)->last().revision, 7U);
  }
  std::ofstream(path) << "nothing";
  EXPECT_TRUE(absl::IsDataLoss(RevisionNote::Open(path).status()));
}

// A position whose sync failed may be on the disk or not, so what comes next must not replace the
// one that is there for certain.
TEST_F(StoreHeadTest, WhatIsNotCertainReplacesNothingThatIs) {
  const int fd = open((dir_ + "/slots").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  PositionSlots slots(fd, 17, 2);
  const Position certain{{1, 2}, 5};
  ASSERT_TRUE(slots.Write(certain));
  slots.Advance();
  const off_t next = slots.next_offset();
  for (const uint64_t revision : {6, 7}) {
    EXPECT_TRUE(slots.Write({{1, 2}, revision}));
    EXPECT_EQ(PositionSlots(fd, 17, 2).Read()->newest, (Position{{1, 2}, revision}));
    EXPECT_EQ(slots.next_offset(), next);
  }
  for (const off_t copy : {next, next + PositionSlots::kSlots * PositionSlots::kPage}) {
    EXPECT_EQ(pwrite(fd, "torn", 4, copy), 4);
  }
  EXPECT_EQ(PositionSlots(fd, 17, 2).Read()->newest, certain);
  // The file is not of another kind.
  EXPECT_EQ(PositionSlots(fd, 18, 2).Read()->newest, std::nullopt);
  EXPECT_FALSE(PositionSlots(fd, 18, 2).Read()->blank);
  close(fd);
}

TEST_F(StoreHeadTest, ATimeMarkIsReadAsItWasWritten) {
  const std::string path = dir_ + "/clock";
  EXPECT_EQ(*ReadTimeMark(path), std::nullopt);
  const absl::Time time = absl::FromUnixMicros(1'754'488'800'123'456);
  ASSERT_TRUE(WriteTimeMark(path, time).ok());
  EXPECT_EQ(*ReadTimeMark(path), time);
  EXPECT_TRUE(absl::IsDataLoss(ReadMark(path).status())) << "it is no revision";
}

TEST(FileErrorTest, SaysWhoOwnsWhat) {
  const absl::Status denied = FileError("opening", "/etc/hostname", EACCES);
  EXPECT_TRUE(absl::IsFailedPrecondition(denied));
  EXPECT_TRUE(IsPermissionError(denied));
  const std::string text(denied.message());
  for (const char* const part : {"/etc/hostname", "root (uid 0)", "chown", "Nothing is lost"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(FileError("writing", "/x", ENOSPC)));
  EXPECT_FALSE(IsPermissionError(FileError("writing", "/x", EIO)));
  EXPECT_TRUE(CheckPermission("/not/there", 4).ok());
}

}  // namespace
}  // namespace dnc
