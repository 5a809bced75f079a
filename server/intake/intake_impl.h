// Keeps what intake.h promises, over a registry and its store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/intake/guard_check.h"
#include "server/intake/intake.h"
#include "server/intake/load_queue.h"
#include "server/intake/parsed_files.h"
#include "server/intake/upload_folders.h"
#include "server/registry/release_publisher.h"
#include "server/registry/release_store.h"

namespace dnc {

class IntakeImpl : public Intake {
 public:
  IntakeImpl(IntakeOptions options, Store* store, ReleasePublisher* publisher, const Clock* clock);
  // Reads what an earlier run left behind. Call it once, before anything else.
  absl::Status Start();

  absl::StatusOr<LoadInfo> StartLoad(const LoadOptions& options,
                                     const std::vector<std::string>& paths) override;
  absl::StatusOr<std::string> NewUploadDir() override { return uploads_.New(); }
  absl::StatusOr<LoadInfo> StartUploadedLoad(const LoadOptions& options,
                                             const std::string& upload_dir,
                                             const std::vector<LoadFile>& files) override;
  absl::StatusOr<LoadInfo> GetLoad(uint64_t id) const override;
  std::vector<LoadInfo> ListLoads(size_t limit, uint64_t before_id) const override {
    return loads_.List(limit, before_id);
  }

 private:
  // Returns the options with the list's canonical name, or why they are refused.
  absl::StatusOr<LoadOptions> CheckedOptions(const LoadOptions& options) const;
  absl::Status CheckPath(const std::string& path) const;

  // Does a load; the queue calls it and never has two running.
  absl::Status RunLoad(LoadJob& job, const LoadQueue::Update& update);
  // Has the files' release built and published. Returns it, or nullopt for a dry run.
  absl::StatusOr<std::optional<ReleaseInfo>> Publish(LoadJob& job, ParsedFiles files,
                                                     GuardCheck& guards,
                                                     const LoadQueue::Update& update);

  const IntakeOptions options_;
  ReleasePublisher* const publisher_;
  UploadFolders uploads_;
  ReleaseStore records_;  // of loads; what else lies in the store is the registry's
  LoadQueue loads_;       // last, since its loads use all of the above
};

}  // namespace dnc
