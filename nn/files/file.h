#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "autograd/scalar.h"

namespace nn::inline LOWRANK_PRECISION {

/// A file or folder that cannot be read or written; the message is one line with the path and the
/// system's reason.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Replaces the file at `path` by `bytes`, or changes nothing: the bytes go to a new file beside
/// it, reach the disk, and only then take its name. A reader sees the old file or the new one, also
/// after a crash. A symbolic link is followed; anything else that is not a regular file is refused.
/// Throws FileError, after which no temporary file is left.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// The same of a table or the like, its folder created where it is missing. What is there already
/// is not written again: somebody else's finished results can be printed from a folder that cannot
/// be written.
void write_unless_equal(const std::filesystem::path& path, std::string_view text);

/// Returns once what was written to an open file or folder is on the disk; false, with errno, where
/// it may not be. A file system that has no such notion (some network and user-space ones) counts
/// as done: there is nothing better to wait for.
bool reach_disk(int descriptor);

/// Throws the FileError that writing so many bytes to `path` would meet now, its folders created
/// first where they are missing: it writes them to a temporary file in the innermost folder there
/// is, and removes it. For what is written only at the end of long work.
void check_writable(const std::filesystem::path& path, std::size_t bytes);

/// Creates the folder and its parents where they are missing; throws FileError. An empty path is
/// the current folder.
void create_folders(const std::filesystem::path& path);

/// A new folder that is removed with everything in it at the end of its scope. Throws FileError.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Whether a path names something that this user can see. Does not throw.
bool is_there(const std::filesystem::path& path);

/// The whole file, or the first bytes of it; throws FileError.
std::string read_file(const std::filesystem::path& path);
std::string read_file(const std::filesystem::path& path, std::size_t at_most);

/// `size` bytes of a file from `begin`; throws FileError, also where there are fewer.
std::string read_file_part(const std::filesystem::path& path, std::uint64_t begin,
                           std::size_t size);

}  // namespace nn::inline LOWRANK_PRECISION
