#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

// json_fields NAME...: reads one JSON object and nothing else from standard input, and prints the
// fields of these names, one a line. Exit code 1 where it is no such object or lacks one.
int main(int argc, char** argv) {
  const auto object = nlohmann::json::parse(std::cin, nullptr, false);
  if (!object.is_object()) {
    std::fputs("not one JSON object\n", stderr);
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    if (!object.contains(argv[i])) {
      std::fprintf(stderr, "no field \"%s\" in %s\n", argv[i], object.dump().c_str());
      return 1;
    }
    std::puts(object[argv[i]].dump().c_str());
  }
  return 0;
}
