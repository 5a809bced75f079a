// LMDB with integer keys without values, appended in order, one read transaction and one cursor.
// The questions of a batch are asked in ascending order. It is synced once, at the end of the load.
#include <lmdb.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/compare/subject.h"

namespace dnc {
namespace {

constexpr size_t kMapBytesANumber = 48;
constexpr size_t kSpareBytes = size_t{64} << 20;

absl::Status Checked(int code) {
  if (code == MDB_SUCCESS) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("LMDB: ", mdb_strerror(code)));
}

class LmdbStore : public Subject {
 public:
  explicit LmdbStore(SubjectOptions options) : options_(std::move(options)) {}

  ~LmdbStore() override {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
    if (transaction_ != nullptr) mdb_txn_abort(transaction_);
    if (environment_ != nullptr) mdb_env_close(environment_);
  }

  absl::Status Begin(uint64_t total) override {
    mdb_env_create(&environment_);
    mdb_env_set_mapsize(environment_, total * kMapBytesANumber + kSpareBytes);
    const unsigned flags = MDB_NOSYNC | MDB_WRITEMAP | MDB_NORDAHEAD;
    auto opened = Checked(mdb_env_open(environment_, options_.directory.c_str(), flags, 0600));
    if (!opened.ok()) return opened;
    return OpenTransaction(0);
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) {
      MDB_val key = KeyOf(number);
      MDB_val value = {0, nullptr};
      const int code = mdb_cursor_put(cursor_, &key, &value, MDB_APPEND);
      if (code != MDB_SUCCESS) return Checked(code);
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    mdb_cursor_close(cursor_);
    cursor_ = nullptr;
    auto committed = Checked(mdb_txn_commit(transaction_));
    transaction_ = nullptr;
    if (!committed.ok()) return committed;
    auto synced = Checked(mdb_env_sync(environment_, 1));
    return synced.ok() ? OpenTransaction(MDB_RDONLY) : synced;
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    order_.resize(numbers.size());
    for (size_t i = 0; i < order_.size(); ++i) order_[i] = {numbers[i], i};
    std::sort(order_.begin(), order_.end());
    for (const auto& [number, index] : order_) {
      MDB_val key = KeyOf(number);
      const int code = mdb_cursor_get(cursor_, &key, nullptr, MDB_SET);
      if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return Checked(code);
      listed[index] = code == MDB_SUCCESS ? 1 : 0;
    }
    return absl::OkStatus();
  }

  SubjectMemory memory() override {
    MDB_stat stat;
    mdb_stat(transaction_, database_, &stat);
    const uint64_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    return {pages * stat.ms_psize, "its pages, mapped", pages * stat.ms_psize};
  }

 private:
  static MDB_val KeyOf(const Number& number) {
    return {sizeof(number), const_cast<Number*>(&number)};
  }

  absl::Status OpenTransaction(unsigned flags) {
    auto begun = Checked(mdb_txn_begin(environment_, nullptr, flags, &transaction_));
    if (!begun.ok()) return begun;
    auto opened = Checked(mdb_dbi_open(transaction_, nullptr, MDB_INTEGERKEY, &database_));
    if (!opened.ok()) return opened;
    return Checked(mdb_cursor_open(transaction_, database_, &cursor_));
  }

  SubjectOptions options_;
  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  MDB_dbi database_ = 0;
  std::vector<std::pair<Number, size_t>> order_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<LmdbStore>(options);
}

}  // namespace dnc
