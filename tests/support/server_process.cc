#include "tests/support/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string ProgramPath() {
  const char* other = std::getenv("DNC_DNCD");
  return other != nullptr ? other : DNC_BIN_DIR "/dncd";
}

// Runs in the child, so it makes only calls that are safe after fork.
[[noreturn]] void BecomeServer(const std::string& program, std::vector<char*> arguments, int out,
                               int log, uint64_t max_file_bytes) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (max_file_bytes != 0) {
    const rlimit limit = {max_file_bytes, max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    // Otherwise the signal would end the server; a full disk only makes the write fail.
    ::signal(SIGXFSZ, SIG_IGN);
  }
  ::execv(program.c_str(), arguments.data());
  ::_exit(127);
}

}  // namespace

ServerProcess::ServerProcess(ServerSettings settings) : settings_(std::move(settings)) {
  std::string pattern = "/tmp/dnc-server-log-XXXXXX";
  const int fd = ::mkstemp(pattern.data());
  if (fd >= 0) ::close(fd);
  log_path_ = pattern;
}

ServerProcess::~ServerProcess() {
  Kill();
  ::unlink(ConfigPath().c_str());
  ::unlink(log_path_.c_str());
}

std::string ServerProcess::ConfigPath() const { return log_path_ + ".yaml"; }

bool ServerProcess::Start() {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return false;
  const int log = ::open(log_path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  std::vector<std::string> words = {"dncd",     "--data-dir",     settings_.data_dir,
                                    "--listen", settings_.listen, "--metrics-listen",
                                    "",         "--http-listen",  ""};
  words.insert(words.end(), settings_.arguments.begin(), settings_.arguments.end());
  if (std::find(words.begin(), words.end(), "--config") == words.end()) {
    // The lists of tests are small.
    std::ofstream(ConfigPath()) << "guards: {min_first_numbers: 0}\n" << settings_.config;
    words.insert(words.end(), {"--config", ConfigPath()});
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string program = ProgramPath();
  pid_ = ::fork();
  if (pid_ == 0) BecomeServer(program, arguments, out[1], log, settings_.max_file_bytes);
  ::close(out[1]);
  ::close(log);
  const bool started = pid_ > 0 && ReadAddress(out[0]);
  ::close(out[0]);
  if (!started) Kill();
  return started;
}

std::string ServerProcess::CreateOperatorKey() const {
  const std::string command = ProgramPath() + " --data-dir " + settings_.data_dir +
                              " --create-operator-key 2>>" + log_path_;
  FILE* const out = ::popen(command.c_str(), "r");
  if (out == nullptr) return "";
  char line[256] = "";
  std::string key = std::fgets(line, sizeof line, out) != nullptr ? line : "";
  if (::pclose(out) != 0 || key.empty() || key.back() != '\n') return "";
  key.pop_back();
  return key;
}

bool ServerProcess::ReadAddress(int fd) {
  const auto deadline = SteadyClock::now() + kPatience;
  std::string line;
  while (line.find('\n') == std::string::npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    pollfd wait = {fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    char bytes[512];
    const ssize_t count = ::read(fd, bytes, sizeof bytes);
    if (count <= 0) return false;
    line.append(bytes, static_cast<size_t>(count));
  }
  const std::string marker = " listening on ";
  const size_t at = line.find(marker);
  if (at == std::string::npos) return false;
  const size_t begin = at + marker.size();
  address_ = line.substr(begin, line.find('\n') - begin);
  return true;
}

int ServerProcess::Wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int ServerProcess::Stop() {
  if (pid_ <= 0) return -1;
  ::kill(pid_, SIGTERM);
  if (!WaitUntil([this] { return !running(); })) ::kill(pid_, SIGKILL);
  return Wait();
}

void ServerProcess::Kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  Wait();
}

bool ServerProcess::running() {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  const int result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return result == 0 && info.si_pid == 0;
}

std::string ServerProcess::Log() const {
  std::ifstream file(log_path_);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace dnc::blackbox
