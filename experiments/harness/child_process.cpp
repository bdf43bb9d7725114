#include "experiments/harness/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace experiments::harness {

namespace {

// What posix_spawn takes, freed at the end of its scope.
struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

std::string read_to_end(int descriptor) {
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t n = ::read(descriptor, part, sizeof part);
    if (n > 0) text.append(part, static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

ChildOutput run_program(const std::vector<std::string>& arguments,
                        const std::filesystem::path& folder) {
  int ends[2];
  if (::pipe(ends) != 0) return {-1, std::strerror(errno)};
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);

  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&settings.actions, ends[1], 2);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&settings.actions, folder.c_str());
  // This process ignores SIGPIPE (output.h); the program may count on it.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, words[0], &settings.actions, &settings.attributes,
                                   words.data(), environ);
  ::close(ends[1]);
  ChildOutput output;
  if (error != 0) {
    output = {-1, std::strerror(error)};
  } else {
    output.text = read_to_end(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  ::close(ends[0]);
  return output;
}

}  // namespace experiments::harness
