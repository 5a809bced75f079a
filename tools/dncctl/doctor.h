// What `dncctl doctor` finds: one entry for each thing that it looked at, or could not look at.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/dncctl/session.h"

namespace dnc::cli {

enum class Health { kGood, kUnknown, kWarning, kFailure };

struct DoctorFinding {
  std::string subject;  // "data folder"
  Health health = Health::kGood;
  std::string text;    // what is so
  std::string remedy;  // what to do; empty where nothing is
};

class DoctorReport {
 public:
  void Good(std::string subject, std::string text) {
    Add({std::move(subject), Health::kGood, std::move(text), ""});
  }
  // It can't be looked at; `remedy` says how it could.
  void Unknown(std::string subject, std::string text, std::string remedy) {
    Add({std::move(subject), Health::kUnknown, std::move(text), std::move(remedy)});
  }
  void Warn(std::string subject, std::string text, std::string remedy) {
    Add({std::move(subject), Health::kWarning, std::move(text), std::move(remedy)});
  }
  void Fail(std::string subject, std::string text, std::string remedy) {
    Add({std::move(subject), Health::kFailure, std::move(text), std::move(remedy)});
  }
  const std::vector<DoctorFinding>& findings() const { return findings_; }
  // The worst; what could not be looked at is no fault.
  Health worst() const;

 private:
  void Add(DoctorFinding finding) { findings_.push_back(std::move(finding)); }

  std::vector<DoctorFinding> findings_;
};

// What the configuration file says, as far as the doctor needs it.
struct DoctorConfig {
  std::string data_dir;
  std::string certificate;
  std::string key;
  std::vector<std::string> load_dirs;
};

// Says why a path can't be looked at, by errno.
void NotThere(const std::string& subject, const std::string& path, DoctorReport* report);

// Reads `path`, and says in the report what is wrong with the file itself.
DoctorConfig ReadDoctorConfig(const std::string& path, DoctorReport* report);
// The certificate in a file: until when it is valid, with all that stand behind it.
void LookAtCertificate(const std::string& path, DoctorReport* report);
// The certificate that the server shows to callers, if they come by TLS: until when it is valid,
// with those that it brings. Waits no longer than calls do.
void LookAtServedCertificate(const GlobalOptions& options, DoctorReport* report);
// Certificate, key and folders that the configuration names.
void LookAtConfigured(const DoctorConfig& config, DoctorReport* report);
// The data folder: owner, mode, halves, disk, and the process that has it open.
void LookAtDataFolder(const std::string& path, DoctorReport* report);
// Huge pages and the clock of this machine. `data_dir` may be empty.
void LookAtMachine(const std::string& data_dir, DoctorReport* report);
// The server: whether it answers, its clock, lists and keys.
void LookAtServer(const GlobalOptions& options, DoctorReport* report);

}  // namespace dnc::cli
