#include <doctest/doctest.h>

#include <array>

#include "autograd/random.h"
#include "nn/files/file.h"
#include "tests/nn/safetensors_files.h"
#include "tests/nn/temporary_folder.h"

namespace safetensors_write_test {

using autograd::Scalar;
using autograd::Shape;
using autograd::Tensor;
using nn::Dtype;
using nn::SafetensorsFile;
using nn::SafetensorsWriter;

namespace {

SafetensorsFile read_back(const SafetensorsWriter& writer) {
  return SafetensorsFile::parse(writer.bytes(), "f");
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape && a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.m.data(), b.m.data(), static_cast<std::size_t>(a.bytes())) == 0);
}

}  // namespace

TEST_CASE("a small file has the bytes that the format asks for") {
  // Written out by hand: I64 before F32, w before w2 by name, the header of 203 characters filled
  // up to 208 = 0xd0.
  SafetensorsWriter writer;
  writer.add("w2", Tensor(Shape{}, {-2}));
  writer.add("w", Tensor(Shape{2, 1}, {1, 0.5}));
  writer.add("n", Dtype::I64, {1}, std::string("\x2A\0\0\0\0\0\0\0", 8));
  writer.metadata = {{"z", "2"}, {"a", "line\n"}};
  const std::string header = R"({"__metadata__":{"a":"line\n","z":"2"},)"
                             R"("n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                             R"("w":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},)"
                             R"("w2":{"dtype":"F32","shape":[],"data_offsets":[16,20]}})";
  REQUIRE(header.size() == 203);
  CHECK(writer.bytes() == std::string("\xD0\0\0\0\0\0\0\0", 8) + header + "     " +
                              std::string("\x2A\0\0\0\0\0\0\0"
                                          "\0\0\x80\x3F"
                                          "\0\0\0\x3F"
                                          "\0\0\0\xC0",
                                          20));
  CHECK(SafetensorsWriter().bytes() == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
}

TEST_CASE("the order of adding does not show in the file, the contents do") {
  const std::array<const char*, 4> names{"b", "a", "a.b", "B"};
  const auto bytes_of = [&](const std::vector<int>& order, Scalar value) {
    SafetensorsWriter writer;
    for (const int i : order) {
      const std::string name = names.at(static_cast<std::size_t>(i));
      writer.add(name, Tensor(Shape{1}, {value}), i % 2 == 0 ? Dtype::F32 : Dtype::F64);
      writer.metadata.emplace(name, "x");
    }
    return writer.bytes();
  };
  const std::string bytes = bytes_of({0, 1, 2, 3}, 1);
  CHECK(bytes_of({0, 1, 2, 3}, 1) == bytes);
  CHECK(bytes_of({3, 2, 1, 0}, 1) == bytes);
  CHECK(bytes_of({2, 0, 3, 1}, 1) == bytes);
  CHECK(bytes_of({0, 1, 2, 3}, 2) != bytes);

  const SafetensorsFile file = SafetensorsFile::parse(bytes, "f");
  std::string order;
  for (const auto& entry : file.entries()) order += entry.name + " ";
  CHECK(order == "B a a.b b ");  // F64: B, a; F32: a.b, b
}

TEST_CASE("the data begin at a multiple of 8") {
  for (std::size_t length = 1; length <= 16; ++length) {
    SafetensorsWriter writer;
    writer.add(std::string(length, 'n'), Tensor(Shape{1}, {1}));
    CHECK(writer.bytes().size() % 8 == 4);
    CHECK(read_back(writer).entries().size() == 1);
  }
}

TEST_CASE("floats come back bit for bit") {
  const std::array<std::uint32_t, 10> bits{0x00000000, 0x80000000,   // the two zeros
                                           0x00000001, 0x807FFFFF,   // subnormal
                                           0x7F800000, 0xFF800000,   // infinite
                                           0x7FC00000, 0xFFC12345,   // NaN, and one with a payload
                                           0x7F812345, 0x3F800001};  // a signalling NaN; 1 + 2^-23
  std::string data(sizeof(bits), '\0');
  std::memcpy(data.data(), bits.data(), data.size());
  SafetensorsWriter writer;
  writer.add("raw", Dtype::F32, {2, 5}, data);
  const Tensor tensor = read_back(writer).tensor("raw");
  REQUIRE(tensor.shape == Shape{2, 5});
  if constexpr (sizeof(Scalar) == 4)
    CHECK(std::memcmp(tensor.m.data(), bits.data(), sizeof(bits)) == 0);

  SafetensorsWriter again;
  again.add("raw", tensor);
  const SafetensorsFile file = read_back(again);
  const auto stored = file.bytes(file.entry("raw"));
  if constexpr (sizeof(Scalar) == 4)
    CHECK(std::memcmp(stored.data(), bits.data(), sizeof(bits)) == 0);
  CHECK(stored.size() == sizeof(bits));
}

TEST_CASE("tensors of every rank come back, also without elements") {
  autograd::Random random(11, "safetensors");
  SafetensorsWriter writer;
  std::map<std::string, Tensor> tensors;
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 2}, Shape{2, 3, 4}, Shape{2, 1, 3, 2},
                             Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{2, 0, 4}}) {
    const Tensor& tensor = tensors[shape.str()] = random.normal(shape, 1.0);
    writer.add("32 " + shape.str(), tensor, Dtype::F32);
    writer.add("64 " + shape.str(), tensor, Dtype::F64);
  }
  const SafetensorsFile file = read_back(writer);
  CHECK(file.entries().size() == 2 * tensors.size());
  const char* exact = sizeof(Scalar) == 4 ? "32 " : "64 ";
  for (const auto& [name, tensor] : tensors) {
    CAPTURE(name);
    CHECK(same_bits(file.tensor(exact + name), tensor));
    CHECK(same_bits(file.tensor("64 " + name), tensor));  // double holds every Scalar
  }
  CHECK_FALSE(same_bits(tensors["(7)"], tensors["(3,2)"]));
  Tensor changed = tensors["(7)"];
  changed.m(0, 3) = -changed.m(0, 3);
  CHECK_FALSE(same_bits(changed, tensors["(7)"]));
}

TEST_CASE("integers and metadata come back") {
  SafetensorsWriter writer;
  const std::vector<std::int32_t> ids{0, -1, 2147483647, -2147483647 - 1, 5, 6};
  writer.add("ids", ids, {2, 3});
  const std::string odd = std::string("\0", 1) + R"(quote " backslash \ )" + "\x1F\n\xC3\xA9";
  writer.metadata = {{"", ""}, {odd, odd}, {"__metadata__", "x"}};
  writer.add(odd, Dtype::BOOL, {2}, std::string("\0\1", 2));
  writer.add("", Dtype::U8, {0}, "");
  const SafetensorsFile file = read_back(writer);
  CHECK(file.int32("ids") == ids);
  CHECK(file.entry("ids").shape == std::vector<std::uint64_t>{2, 3});
  CHECK(file.metadata() == writer.metadata);
  CHECK(file.contains(odd));
  CHECK(file.contains(""));
}

TEST_CASE("what cannot be written is refused when it is added") {
  SafetensorsWriter writer;
  const Tensor one(Shape{1}, {1});
  writer.add("w", one);
  const std::string before = writer.bytes();
  CHECK(message_of([&] { writer.add("w", one); }) ==
        "safetensors file to be written: DuplicateKey: tensor \"w\" was added twice");
  CHECK(kind_of([&] { writer.add("w", one, Dtype::F64); }) == "DuplicateKey");
  CHECK(kind_of([&] { writer.add("__metadata__", one); }) == "ReservedName");
  CHECK(kind_of([&] { writer.add("\xFF", one); }) == "InvalidHeader");
  CHECK(kind_of([&] { writer.add("x", one, Dtype::F16); }) == "UnsupportedDtype");
  Tensor of_three = one;
  of_three.shape = {3};
  CHECK(kind_of([&] { writer.add("x", of_three); }) == "InvalidTensorView");
  CHECK(kind_of([&] {
          writer.add("x", std::vector<std::int32_t>{1, 2}, {3});
        }) == "InvalidTensorView");
  CHECK(kind_of([&] { writer.add("x", Dtype::F4, {3}, "ab"); }) == "MisalignedSlice");
  CHECK(kind_of([&] { writer.add("x", Dtype::U8, {1ull << 61}, "ab"); }) == "ValidationOverflow");
  CHECK(message_of([&] {
          writer.add("x", Dtype::U8, {2, 1}, "abc");
        }) ==
        "safetensors file to be written: InvalidTensorView: tensor \"x\" of U8 with the shape "
        "(2,1) has 2 bytes, not 3");
  CHECK(writer.bytes() == before);
  writer.metadata["k"] = "\xFF";
  CHECK(kind_of([&] { writer.bytes(); }) == "InvalidHeader");
}

TEST_CASE("a header that a reader would refuse is not written") {
  SafetensorsWriter writer;
  writer.metadata["k"] = std::string(16'700'000, '\x01');  // six characters each in JSON
  CHECK(kind_of([&] { writer.bytes(); }) == "HeaderTooLarge");
}

TEST_CASE("a file is written and read, and a failed writing keeps the old one") {
  const TemporaryFolder folder;
  SafetensorsWriter writer;
  writer.add("w", Tensor(Shape{2}, {1, 2}));
  writer.write(folder / "m.safetensors");
  CHECK(SafetensorsFile::read(folder / "m.safetensors").tensor("w").m(0, 1) == 2);

  CHECK_THROWS_AS(writer.write(folder / "no/m.safetensors"), nn::FileError);
  writer.metadata["k"] = "\xFF";
  CHECK_THROWS_AS(writer.write(folder / "m.safetensors"), nn::SafetensorsError);
  CHECK(SafetensorsFile::read(folder / "m.safetensors").tensor("w").m(0, 1) == 2);
  CHECK(folder.names() == std::vector<std::string>{"m.safetensors"});
}

}  // namespace safetensors_write_test
