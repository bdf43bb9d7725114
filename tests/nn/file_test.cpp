#include "nn/files/file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "tests/nn/temporary_folder.h"

namespace file_test {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

/// The message of the FileError that `action` throws; "" if it throws none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const nn::FileError& error) {
    return error.what();
  }
  return "";
}

std::string error_of_writing(const fs::path& path) {
  return error_of([&] { nn::write_file_atomically(path, "new"); });
}

/// While it lives no file of this process can grow beyond `bytes`: a write fails half-way, as it
/// does on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    const rlimit limit{bytes, old_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

/// While it lives the process is not root, whom permissions do not hold back.
class Unprivileged {
 public:
  Unprivileged() : old_(::geteuid()) { active = old_ != 0 || ::seteuid(65534) == 0; }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (old_ == 0 && ::seteuid(0) != 0) std::abort();
  }
  bool active = false;

 private:
  uid_t old_;
};

}  // namespace

TEST_CASE("a file is written, replaced and read back, and nothing else is left") {
  const TemporaryFolder folder;
  const std::string zeros_and_lines("a\0b\r\n\xff", 6);
  nn::write_file_atomically(folder / "f", zeros_and_lines);
  CHECK(nn::read_file(folder / "f") == zeros_and_lines);
  nn::write_file_atomically(folder / "f", "");
  CHECK(nn::read_file(folder / "f").empty());
  const std::string large(3'000'000, 'x');
  nn::write_file_atomically(folder / "f", std::as_bytes(std::span(large)));
  CHECK(nn::read_file(folder / "f") == large);
  CHECK(folder.names() == Names{"f"});
}

TEST_CASE("a path without a folder means the current one") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  nn::write_file_atomically("f", "here");
  nn::create_folders("");
  fs::current_path(before);
  CHECK(nn::read_file(folder / "f") == "here");
}

TEST_CASE("a write that fails half-way keeps the old file and leaves no temporary one") {
  const TemporaryFolder folder;
  const std::string large(100'000, 'x');
  nn::write_file_atomically(folder / "f", "old");
  {
    const FileSizeLimit limit(4096);
    const std::string error = error_of([&] { nn::write_file_atomically(folder / "f", large); });
    CHECK(error == "cannot write " + (folder / "f").string() + ": File too large");
    CHECK(error_of([&] { nn::write_file_atomically(folder / "g", large); }) != "");
  }
  CHECK(nn::read_file(folder / "f") == "old");
  CHECK(folder.names() == Names{"f"});
  nn::write_file_atomically(folder / "f", large);  // without the limit it succeeds
  CHECK(nn::read_file(folder / "f") == large);
}

TEST_CASE("whether a file could be written is found out without a trace") {
  const TemporaryFolder folder;
  const auto error_of_checking = [&](const fs::path& path, std::size_t bytes) {
    return error_of([&] { nn::check_writable(path, bytes); });
  };
  nn::write_file_atomically(folder / "f", "old");
  CHECK(error_of_checking(folder / "f", 100) == "");
  CHECK(error_of_checking(folder.path() / "new" / "newer" / "g", 100) == "");
  const fs::path below_a_file = folder.path() / "f" / "new" / "g";
  CHECK(error_of_checking(below_a_file, 0) ==
        "cannot write " + below_a_file.string() + ": Not a directory");
  CHECK(error_of_checking(folder.path(), 0) ==
        "cannot write " + folder.path().string() + ": Is a directory");
  const fs::path too_long = folder.path() / "new" / std::string(300, 'x') / "newer" / "g";
  CHECK(error_of_checking(too_long, 0) ==
        "cannot write " + too_long.string() + ": File name too long");
  {
    const FileSizeLimit limit(4096);
    CHECK(error_of_checking(folder / "g", 4000) == "");
    CHECK(error_of_checking(folder / "g", 5000) ==
          "cannot write " + (folder / "g").string() + ": File too large");
  }
  CHECK(nn::read_file(folder / "f") == "old");
  CHECK(folder.names() == Names{"f"});
}

TEST_CASE("a folder without permission to write keeps its old file") {
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "f", "old");
  fs::permissions(folder.path(), fs::perms(0555));
  {
    const Unprivileged process;
    if (process.active) {
      CHECK(error_of_writing(folder / "f") ==
            "cannot write " + (folder / "f").string() + ": Permission denied");
      CHECK(error_of([&] { nn::create_folders(folder / "sub"); }) ==
            "cannot create the folder " + (folder / "sub").string() + ": Permission denied");
    } else {
      MESSAGE("skipped: the process can neither be refused nor give up its privileges");
    }
  }
  fs::permissions(folder.path(), fs::perms(0755));
  CHECK(nn::read_file(folder / "f") == "old");
  CHECK(folder.names() == Names{"f"});
}

TEST_CASE("targets that are not regular files are refused and stay what they are") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "sub");
  CHECK(error_of_writing(folder / "sub") ==
        "cannot write " + (folder / "sub").string() + ": Is a directory");
  CHECK(folder.names() == Names{"sub"});
  CHECK(fs::is_empty(folder / "sub"));

  CHECK(error_of_writing("/dev/null") == "cannot write /dev/null: not a regular file");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("missing folders, files in the place of folders and impossible names are errors") {
  const TemporaryFolder folder;
  CHECK(error_of_writing(folder / "no/f") ==
        "cannot write " + (folder / "no/f").string() + ": No such file or directory");
  nn::write_file_atomically(folder / "f", "old");
  CHECK(error_of_writing(folder / "f/g") ==
        "cannot write " + (folder / "f/g").string() + ": Not a directory");
  CHECK(error_of_writing("") != "");
  CHECK(error_of_writing(folder / std::string(300, 'x')).ends_with(": File name too long"));
  CHECK(folder.names() == Names{"f"});
}

TEST_CASE("a symbolic link keeps pointing at the file that is replaced") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "sub");
  nn::write_file_atomically(folder / "sub/f", "old");
  fs::create_symlink("sub/f", folder / "link");
  nn::write_file_atomically(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(nn::read_file(folder / "sub/f") == "new");
}

TEST_CASE("threads that write one file leave one whole file") {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'})
    threads.emplace_back([&, letter] {
      for (int i = 0; i < 20; ++i)
        nn::write_file_atomically(folder / "f", std::string(10'000, letter));
    });
  for (std::thread& thread : threads) thread.join();
  const std::string text = nn::read_file(folder / "f");
  CHECK(text.size() == 10'000);
  CHECK(text == std::string(10'000, text.front()));
  CHECK(folder.names() == Names{"f"});
}

TEST_CASE("folders are created with their parents, and twice without complaint") {
  const TemporaryFolder folder;
  nn::create_folders(folder / "a/b/c");
  nn::create_folders(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  nn::write_file_atomically(folder / "f", "");
  CHECK(error_of([&] { nn::create_folders(folder / "f"); }).ends_with(": Not a directory"));
  CHECK(error_of([&] { nn::create_folders(folder / "f/g"); }).ends_with(": Not a directory"));
}

TEST_CASE("what cannot be read is named with the reason") {
  const TemporaryFolder folder;
  CHECK(error_of([&] { nn::read_file(folder / "no"); }) ==
        "cannot read " + (folder / "no").string() + ": No such file or directory");
  CHECK(error_of([&] { nn::read_file(folder.path()); }) ==
        "cannot read " + folder.path().string() + ": Is a directory");
}

}  // namespace file_test
