// dnc.v1.ListService on the completion queue.
#pragma once

#include "dnc/v1/list_service.grpc.pb.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/unary_call.h"
#include "server/service/list_changes.h"
#include "server/service/list_queries.h"
#include "server/service/stream_places.h"

namespace dnc {

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

  grpc::Service* service() { return &service_; }

  // Lets `calls` calls of each writing method wait for callers, and fewer of the others; the server
  // must have started. The service must outlive the calls.
  void Arm(const RpcContext& rpc, int calls);

 private:
  void AddWrites();
  void AddReads(const Clock* clock);

  v1::ListService::AsyncService service_;
  ListChanges* const changes_;
  const ListQueries* const queries_;
  StreamPlaces exports_;
  StreamPlaces imports_;
  StreamPlaces watches_;
  UnaryMethods writes_;
  UnaryMethods others_;
};

// The streams: ImportNumbers, ExportNumbers and WatchChanges (list_streams.cc).

// What the streams of a method share; all of it outlives them.
struct WritingStreams {
  v1::ListService::AsyncService* service;
  ListChanges* changes;
  StreamPlaces* places;
};
struct ReadingStreams {
  v1::ListService::AsyncService* service;
  const ListQueries* queries;
  StreamPlaces* places;
};

// Each lets one stream of its method wait for a caller.
void ArmImport(const WritingStreams& shared, const RpcContext& rpc);
void ArmExport(const ReadingStreams& shared, const RpcContext& rpc);
void ArmWatchChanges(const ReadingStreams& shared, const RpcContext& rpc);

}  // namespace dnc
