#include "nn/files/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

namespace nn::inline LOWRANK_PRECISION {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view verb, const fs::path& path, std::string_view reason) {
  throw FileError(fmt::format("cannot {} {}: {}", verb, path.string(), reason));
}

[[noreturn]] void fail(std::string_view verb, const fs::path& path, int error) {
  fail(verb, path, std::generic_category().message(error));
}

/// Repeats a system call for as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// An open file, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

  /// A full disk may show only here (network file systems), so the result matters.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

/// Where the bytes have to land. Renaming onto a link would replace the link, and onto a device
/// (as root: /dev/null) would replace the device.
fs::path resolve_target(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return path;
  if (error) fail("write", path, error.message());
  if (fs::is_directory(status)) fail("write", path, EISDIR);
  if (!fs::is_regular_file(status)) fail("write", path, "not a regular file");
  if (!fs::is_symlink(path)) return path;
  fs::path target = fs::canonical(path, error);
  if (error) fail("write", path, error.message());
  return target;
}

/// A new file beside the target, removed unless it has taken the target's name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : TemporaryFile(target, target) {}
  /// Beside another file than the target, which is only what errors name.
  TemporaryFile(const fs::path& target, const fs::path& beside)
      : target_(target), file_(create(beside)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n =
          uninterrupted([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
      if (n < 0) fail("write", target_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }

  void reach_disk() {
    if (!nn::reach_disk(file_.get())) fail("write", target_, errno);
  }

  void take_name_of_target() {
    reach_disk();
    if (!file_.close()) fail("write", target_, errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail("write", target_, errno);
    renamed_ = true;
  }

 private:
  /// Exclusive creation makes the name unique among processes and threads; a name that a crashed
  /// process left behind is skipped.
  int create(const fs::path& beside) {
    for (int n = 0;; ++n) {
      path_ = fmt::format("{}.tmp-{}-{}", beside.string(), ::getpid(), n);
      const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
      const int fd = uninterrupted([&] { return ::open(path_.c_str(), flags, 0666); });
      if (fd >= 0) return fd;
      if (errno != EEXIST) fail("write", target_, errno);
    }
  }

  fs::path target_;
  std::string path_;
  Descriptor file_;
  bool renamed_ = false;
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_there(const fs::path& path, const fs::path& wanted) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none) fail("write", wanted, error.message());
  return fs::exists(status);
}

}  // namespace

bool reach_disk(int descriptor) {
#ifdef F_FULLFSYNC  // macOS, where fsync ends in the drive's own memory
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return true;
#endif
  if (uninterrupted([&] { return ::fsync(descriptor); }) == 0) return true;
  return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOTSUP;
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  const fs::path target = resolve_target(path);
  const fs::path folder = folder_of(target);
  TemporaryFile file(target);
  file.write(bytes);
  file.take_name_of_target();
  // The new name is an entry of the folder. The file is whole and has it, so a folder that cannot
  // be synchronised (it may not even be readable) is no failure: only a crash in the next seconds
  // could still bring the old name back.
  const Descriptor folder_file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder_file.is_open()) reach_disk(folder_file.get());
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void check_writable(const fs::path& path, std::size_t bytes) {
  const fs::path target = resolve_target(path);
  std::vector<fs::path> missing;
  fs::path folder = folder_of(target);
  for (; !is_there(folder, path); folder = folder_of(folder)) missing.push_back(folder.filename());
  // A system refuses to look up a name that is too long, but only in a folder that is there.
  for (const fs::path& name : missing) is_there(folder / name, path);
  TemporaryFile probe(path, folder / target.filename());
  probe.write(std::vector<std::byte>(bytes));
  probe.reach_disk();
}

void create_folders(const fs::path& path) {
  std::error_code error;
  if (!path.empty()) fs::create_directories(path, error);
  if (error) fail("create the folder", path, error.message());
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "lowrank-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("create", name, errno);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string read_file(const fs::path& path, std::size_t at_most) try {
  const Descriptor file(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  struct stat status;
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) fail("read", path, errno);

  // The size is a hint: a pipe has none, and a file may grow. One byte more than it sees the end.
  std::string text;
  std::size_t length = 0;
  text.resize(std::min(static_cast<std::size_t>(status.st_size) + 1, at_most));
  while (length < at_most) {
    const ssize_t n = uninterrupted(
        [&] { return ::read(file.get(), text.data() + length, text.size() - length); });
    if (n < 0) fail("read", path, errno);
    if (n == 0) break;
    length += static_cast<std::size_t>(n);
    if (length == text.size()) text.resize(std::min(2 * length, at_most));
  }
  text.resize(length);
  return text;
} catch (const std::bad_alloc&) {
  fail("read", path, ENOMEM);
} catch (const std::length_error&) {
  fail("read", path, EFBIG);
}

std::string read_file(const fs::path& path) {
  return read_file(path, std::numeric_limits<std::size_t>::max());
}

std::string read_file_part(const fs::path& path, std::uint64_t begin, std::size_t size) try {
  const Descriptor file(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!file.is_open()) fail("read", path, errno);
  std::string part(size, '\0');
  for (std::size_t length = 0; length < size;) {
    const auto at = static_cast<off_t>(begin + length);
    const ssize_t n =
        uninterrupted([&] { return ::pread(file.get(), part.data() + length, size - length, at); });
    if (n < 0) fail("read", path, errno);
    if (n == 0) fail("read", path, ENODATA);  // it has become shorter since its header was read
    length += static_cast<std::size_t>(n);
  }
  return part;
} catch (const std::bad_alloc&) {
  fail("read", path, ENOMEM);
} catch (const std::length_error&) {
  fail("read", path, EFBIG);
}

void write_unless_equal(const std::filesystem::path& path, std::string_view text) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored) && read_file(path) == text) return;
  create_folders(path.parent_path());
  write_file_atomically(path, text);
}

}  // namespace nn::inline LOWRANK_PRECISION
