// A table of a PostgreSQL server over its unix socket. It is filled by a binary COPY into an
// unlogged, frozen table, then gets a unique index. It is asked with a prepared `= ANY($1)`, and
// answers in binary from an index-only scan.
#include <endian.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/compare/subject.h"

namespace dnc {
namespace {

constexpr uint32_t kBigintType = 20;
constexpr int kBinary = 1;

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

void Put16(std::string& out, uint16_t value) {
  value = htobe16(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void Put32(std::string& out, uint32_t value) {
  value = htobe32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void Put64(std::string& out, uint64_t value) {
  value = htobe64(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

class PostgresServer : public Subject {
 public:
  explicit PostgresServer(SubjectOptions options)
      : options_(std::move(options)), connection_(nullptr, PQfinish) {}

  absl::Status Begin(uint64_t) override {
    connection_.reset(PQconnectdb(
        absl::StrCat("host=", options_.address, " dbname=postgres user=postgres").c_str()));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return Failed();
    for (const char* command : {"BEGIN", "CREATE UNLOGGED TABLE listed (number bigint)"}) {
      auto done = Run(command);
      if (!done.ok()) return done;
    }
    const Result copy(
        PQexec(connection_.get(), "COPY listed FROM STDIN (FORMAT binary, FREEZE true)"), PQclear);
    if (PQresultStatus(copy.get()) != PGRES_COPY_IN) return Failed();
    buffer_.assign("PGCOPY\n\377\r\n\0", 11);
    Put64(buffer_, 0);  // no flags, no further header
    return Flush();
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) {
      Put16(buffer_, 1);
      Put32(buffer_, sizeof(number));
      Put64(buffer_, number);
    }
    return Flush();
  }

  absl::Status Finish() override {
    Put16(buffer_, UINT16_MAX);
    auto flushed = Flush();
    if (!flushed.ok()) return flushed;
    if (PQputCopyEnd(connection_.get(), nullptr) != 1) return Failed();
    while (const Result ended{PQgetResult(connection_.get()), PQclear}) {
      if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK) return Failed();
    }
    for (const char* command :
         {"COMMIT", "CREATE UNIQUE INDEX ON listed (number) WITH (fillfactor = 100)",
          "ANALYZE listed", "SET enable_seqscan = off", "SET enable_bitmapscan = off",
          "SET plan_cache_mode = force_generic_plan"}) {
      auto done = Run(command);
      if (!done.ok()) return done;
    }
    const Result prepared(
        PQprepare(connection_.get(), "ask",
                  "SELECT number FROM listed WHERE number = ANY($1::bigint[])", 0, nullptr),
        PQclear);
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) return Failed();
    return CheckPlan();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    EncodeArray(numbers);
    const char* value = buffer_.data();
    const int size = static_cast<int>(buffer_.size());
    const Result rows(PQexecPrepared(connection_.get(), "ask", 1, &value, &size, &kBinary, kBinary),
                      PQclear);
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) return Failed();
    found_.resize(static_cast<size_t>(PQntuples(rows.get())));
    for (size_t i = 0; i < found_.size(); ++i) {
      uint64_t number = 0;
      std::memcpy(&number, PQgetvalue(rows.get(), static_cast<int>(i), 0), sizeof(number));
      found_[i] = be64toh(number);
    }
    // An index scan returns them in ascending order.
    if (!std::is_sorted(found_.begin(), found_.end())) std::sort(found_.begin(), found_.end());
    for (size_t i = 0; i < numbers.size(); ++i) {
      listed[i] = std::binary_search(found_.begin(), found_.end(), numbers[i]) ? 1 : 0;
    }
    return absl::OkStatus();
  }

  SubjectMemory memory() override {
    return {Size("SELECT pg_relation_size('listed_number_idx')"), "its index, cached",
            Size("SELECT pg_total_relation_size('listed')")};
  }

 private:
  absl::Status Run(const char* command) {
    const Result done(PQexec(connection_.get(), command), PQclear);
    return PQresultStatus(done.get()) == PGRES_COMMAND_OK ? absl::OkStatus() : Failed();
  }

  // Another plan would be unfair without anybody noticing.
  absl::Status CheckPlan() {
    const Result plan(PQexec(connection_.get(), "EXPLAIN EXECUTE ask('{1,2}')"), PQclear);
    if (PQresultStatus(plan.get()) != PGRES_TUPLES_OK) return Failed();
    const std::string first = PQgetvalue(plan.get(), 0, 0);
    if (first.starts_with("Index Only Scan")) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("PostgreSQL plans no index-only scan: ", first.c_str()));
  }

  // Writes PostgreSQL's binary form of a one-dimensional bigint[].
  void EncodeArray(absl::Span<const Number> numbers) {
    buffer_.clear();
    Put32(buffer_, 1);
    Put32(buffer_, 0);
    Put32(buffer_, kBigintType);
    Put32(buffer_, static_cast<uint32_t>(numbers.size()));
    Put32(buffer_, 1);
    for (const Number number : numbers) {
      Put32(buffer_, sizeof(number));
      Put64(buffer_, number);
    }
  }

  uint64_t Size(const char* query) {
    const Result rows(PQexec(connection_.get(), query), PQclear);
    uint64_t bytes = 0;
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK ||
        !absl::SimpleAtoi(PQgetvalue(rows.get(), 0, 0), &bytes)) {
      return 0;
    }
    return bytes;
  }

  absl::Status Flush() {
    const int sent =
        PQputCopyData(connection_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
    buffer_.clear();
    return sent == 1 ? absl::OkStatus() : Failed();
  }

  absl::Status Failed() const {
    return absl::InternalError(absl::StrCat("PostgreSQL: ", PQerrorMessage(connection_.get())));
  }

  SubjectOptions options_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::string buffer_;
  std::vector<Number> found_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<PostgresServer>(options);
}

}  // namespace dnc
