#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "nn/files/safetensors.h"

/// A file as the format lays it out: the length of the header in eight bytes, header, data.
inline std::string file_of(const std::string& header, const std::string& data = "") {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(static_cast<unsigned char>(std::uint64_t{header.size()} >> (8 * i)));
  return file + header + data;
}

/// The message of the SafetensorsError that `action` throws; "" if it throws none.
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const nn::SafetensorsError& error) {
    return error.what();
  }
  return "";
}

/// The name of its kind; "valid" if it throws none.
template <class Action>
std::string kind_of(Action action) {
  try {
    action();
  } catch (const nn::SafetensorsError& error) {
    return std::string(to_string(error.kind()));
  }
  return "valid";
}

inline std::string kind_of_file(const std::string& bytes) {
  return kind_of([&] { nn::SafetensorsFile::parse(bytes, "f"); });
}

inline std::string message_of_file(const std::string& bytes) {
  return message_of([&] { nn::SafetensorsFile::parse(bytes, "f"); });
}
