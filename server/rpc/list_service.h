// dnc.v1.ListService.
#pragma once

#include "server/base/clock.h"
#include "server/rpc/method_table.h"
#include "server/service/list_changes.h"
#include "server/service/list_queries.h"
#include "server/service/stream_places.h"

namespace dnc {

// Outlives the calls.
class ListService {
 public:
  // How many streams may be open at the same time.
  struct Streams {
    int exports = 2;  // of all tenants; one tenant has at most half of them
    int each = 100;   // imports of a tenant, and as many watches
  };

  // `changes`, `queries` and `clock` must outlive the service.
  ListService(ListChanges* changes, const ListQueries* queries, const Clock* clock,
              const Streams& streams);
  ListService(const ListService&) = delete;
  ListService& operator=(const ListService&) = delete;

  // Adds the service's methods.
  void AddTo(MethodTable* table);

 private:
  void AddWrites(MethodTable* table);
  void AddReads(MethodTable* table);

  ListChanges* const changes_;
  const ListQueries* const queries_;
  const Clock* const clock_;
  StreamPlaces exports_;
  StreamPlaces imports_;
  StreamPlaces watches_;
};

// The streams: ImportNumbers, ExportNumbers and WatchChanges (list_streams.cc). What is given
// outlives the calls.
void AddImportNumbers(ListChanges* changes, StreamPlaces* places, MethodTable* table);
void AddExportNumbers(const ListQueries* queries, StreamPlaces* places, MethodTable* table);
void AddWatchChanges(const ListQueries* queries, StreamPlaces* places, MethodTable* table);

}  // namespace dnc
