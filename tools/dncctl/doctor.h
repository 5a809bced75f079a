// The findings of `dncctl doctor`: one entry for each thing that it checked or could not check.
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
  std::string text;    // what is the case
  std::string remedy;  // what to do; empty if nothing
};

class DoctorReport {
 public:
  void Good(std::string subject, std::string text) {
    Add({std::move(subject), Health::kGood, std::move(text), ""});
  }
  // Notes that something cannot be checked; `remedy` says how it could be.
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
  // Returns the worst finding; what could not be checked is no fault.
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

// Reports why a path cannot be checked, by errno.
void NotThere(const std::string& subject, const std::string& path, DoctorReport* report);

// Reads `path`, and reports what is wrong with the file itself.
DoctorConfig ReadDoctorConfig(const std::string& path, DoctorReport* report);
// Checks until when the certificate in a file, and all that follow it, are valid.
void LookAtCertificate(const std::string& path, DoctorReport* report);
// Checks until when the certificate that the server shows to callers, and those that it sends
// along, are valid, if callers use TLS. Waits no longer than calls do.
void LookAtServedCertificate(const GlobalOptions& options, DoctorReport* report);
// Checks the certificate, the key and the folders that the configuration names.
void LookAtConfigured(const DoctorConfig& config, DoctorReport* report);
// Checks the data folder: owner, mode, halves, disk, and the process that has it open.
void LookAtDataFolder(const std::string& path, DoctorReport* report);
// Checks this machine's huge pages and clock. `data_dir` may be empty.
void LookAtMachine(const std::string& data_dir, DoctorReport* report);
// Checks the server: whether it answers, and its clock, lists and keys.
void LookAtServer(const GlobalOptions& options, DoctorReport* report);

}  // namespace dnc::cli
