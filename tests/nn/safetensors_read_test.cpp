#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "nn/files/file.h"
#include "tests/nn/safetensors_files.h"
#include "tests/nn/temporary_folder.h"

namespace safetensors_read_test {

using nn::Dtype;
using nn::SafetensorsFile;

namespace {

/// An entry called x.
std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return fmt::format(R"({{"x":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape,
                     offsets);
}

/// The kind for a file of one tensor x with `size` zero bytes.
std::string kind_of_entry(const std::string& dtype, const std::string& shape,
                          const std::string& offsets, std::size_t size) {
  return kind_of_file(file_of(entry(dtype, shape, offsets), std::string(size, '\0')));
}

std::string kind_of_shape(const std::string& shape, std::size_t size) {
  return kind_of_entry("U8", shape, fmt::format("[0,{}]", size), size);
}

std::string kind_of_header(const std::string& header) { return kind_of_file(file_of(header)); }

/// Two bytes of U8 tensors, "a" and "b", at these offsets.
std::string kind_of_two(const std::string& a, const std::string& b) {
  return kind_of_file(file_of(fmt::format(R"({{"a":{{"dtype":"U8","shape":[1],"data_offsets":{}}},)"
                                          R"("b":{{"dtype":"U8","shape":[1],"data_offsets":{}}}}})",
                                          a, b),
                              "ab"));
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

/// A file of one tensor x.
template <class T>
SafetensorsFile file_with(const std::string& dtype, std::initializer_list<T> values) {
  const std::string data = raw(values);
  return SafetensorsFile::parse(
      file_of(entry(dtype, fmt::format("[{}]", values.size()), fmt::format("[0,{}]", data.size())),
              data),
      "f");
}

}  // namespace

TEST_CASE("a file by hand is read") {
  const std::string data = raw<float>({1, 2, 3, 4, 5, 6}) + raw<std::int32_t>({-7, 8});
  const SafetensorsFile file =
      SafetensorsFile::parse(file_of(R"({"__metadata__":{"k":"v"},)"
                                     R"("i":{"dtype":"I32","shape":[2,1],"data_offsets":[24,32]},)"
                                     R"("w":{"data_offsets":[0,24],"shape":[2,3],"dtype":"F32"}})",
                                     data),
                             "f");
  CHECK(file.metadata() == std::map<std::string, std::string>{{"k", "v"}});
  REQUIRE(file.entries().size() == 2);
  CHECK(file.entries()[0].name == "w");  // in the order of the data, not of the header
  CHECK(file.contains("i"));
  CHECK_FALSE(file.contains("j"));
  CHECK_FALSE(file.contains("__metadata__"));
  CHECK(file.entry("i").dtype == Dtype::I32);
  CHECK(file.entry("i").shape == std::vector<std::uint64_t>{2, 1});
  CHECK(file.bytes(file.entry("i")).size() == 8);
  CHECK(file.int32("i") == std::vector<std::int32_t>{-7, 8});

  const autograd::Tensor w = file.tensor("w");
  CHECK(w.shape == autograd::Shape{2, 3});
  CHECK(w.m(0, 2) == 3);
  CHECK(w.m(1, 0) == 4);
}

TEST_CASE("HeaderTooSmall: eight bytes are the least") {
  CHECK(kind_of_file("") == "HeaderTooSmall");
  CHECK(kind_of_file(std::string(7, '\0')) == "HeaderTooSmall");
  CHECK(kind_of_file(std::string(8, '\0')) == "InvalidHeaderDeserialization");  // N = 0: no JSON
  CHECK(kind_of_header("{}") == "valid");
}

TEST_CASE("HeaderTooLarge and InvalidHeaderLength") {
  const auto with_length = [](std::uint64_t n, const std::string& rest) {
    return kind_of_file(raw({n}) + rest);
  };
  CHECK(with_length(100'000'001, "{}") == "HeaderTooLarge");
  CHECK(with_length(~std::uint64_t{0}, "{}") == "HeaderTooLarge");
  CHECK(with_length(100'000'000, "{}") == "InvalidHeaderLength");
  CHECK(with_length(3, "{}") == "InvalidHeaderLength");
  CHECK(with_length(2, "{}") == "valid");
}

TEST_CASE("InvalidHeader: the header is UTF-8") {
  const auto named = [](const std::string& name) {
    return kind_of_header(R"({"__metadata__":{"k":")" + name + R"("}})");
  };
  CHECK(named("\x7F") == "valid");
  CHECK(named("\xC2\x80") == "valid");
  CHECK(named("\xDF\xBF") == "valid");
  CHECK(named("\xE0\xA0\x80") == "valid");
  CHECK(named("\xED\x9F\xBF") == "valid");
  CHECK(named("\xEF\xBF\xBF") == "valid");
  CHECK(named("\xF0\x90\x80\x80") == "valid");
  CHECK(named("\xF4\x8F\xBF\xBF") == "valid");
  for (const std::string wrong :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF",  // a second byte alone; overlong forms of two
        "\xC2", "\xC2\x7F", "\xC2\xC0",          // a second byte missing or wrong
        "\xE0\x9F\xBF", "\xE1\x80", "\xE1\x80\x7F", "\xED\xA0\x80", "\xED\xBF\xBF",  // surrogates
        "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF1\x80\x80\xC0", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(wrong);
    CHECK(named(wrong) == "InvalidHeader");
  }
  CHECK(kind_of_header("{}\xC3") == "InvalidHeader");  // cut in two by the header's end
}

TEST_CASE("InvalidHeaderDeserialization: what is not JSON, and what may surround it") {
  const std::string wrong = "InvalidHeaderDeserialization";
  CHECK(kind_of_header(" \t\n\r{} \t\n\r") == "valid");
  CHECK(kind_of_header("") == wrong);
  CHECK(kind_of_header("    ") == wrong);
  CHECK(kind_of_header("{") == wrong);
  CHECK(kind_of_header("{}}") == wrong);
  CHECK(kind_of_header("{} {}") == wrong);
  CHECK(kind_of_header("{/**/}") == wrong);
  CHECK(kind_of_header("[]") == wrong);
  CHECK(kind_of_header("null") == wrong);
  CHECK(kind_of_header("1") == wrong);
  CHECK(kind_of_header("{}\v") == wrong);
  CHECK(kind_of_header(std::string("{}\0\0", 4)) == wrong);  // NUL padding
  CHECK(kind_of_header(std::string("\0{}", 3)) == wrong);
  CHECK(kind_of_header("\xEF\xBB\xBF{}") == wrong);  // a byte order mark
  CHECK(kind_of_header(R"({"__metadata__":{"k":"\ud800"}})") == wrong);
  CHECK(kind_of_header("{\"__metadata__\":{\"k\":\"\n\"}}") == wrong);
}

TEST_CASE("InvalidHeaderDeserialization: metadata map strings to strings") {
  const std::string wrong = "InvalidHeaderDeserialization";
  const auto metadata = [](const std::string& value) {
    return kind_of_header(R"({"__metadata__":)" + value + "}");
  };
  CHECK(metadata("{}") == "valid");
  CHECK(metadata(R"({"a":"1","b":""})") == "valid");
  CHECK(metadata("null") == "valid");
  for (const std::string value : {"1", "1.5", "-1", "true", "null", "{}", "[]"}) {
    CAPTURE(value);
    CHECK(metadata(fmt::format(R"({{"a":{}}})", value)) == wrong);
  }
  for (const std::string value : {"1", "true", "\"\"", "[]"}) {
    CAPTURE(value);
    CHECK(metadata(value) == wrong);
  }
}

TEST_CASE("InvalidHeaderDeserialization: an entry has a dtype, a shape and two offsets") {
  const std::string wrong = "InvalidHeaderDeserialization";
  const auto x = [](const std::string& value) {
    return kind_of_file(file_of(R"({"x":)" + value + "}", "d"));
  };
  CHECK(x(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})") == "valid");
  CHECK(x(R"({"shape":[1],"data_offsets":[0,1]})") == wrong);
  CHECK(x(R"({"dtype":"U8","data_offsets":[0,1]})") == wrong);
  CHECK(x(R"({"dtype":"U8","shape":[1]})") == wrong);
  CHECK(x("{}") == wrong);
  for (const std::string value :
       {"null", "1", "-1", "1.5", "true", "\"U8\"", R"(["U8",[1],[0,1]])"}) {
    CAPTURE(value);
    CHECK(x(value) == wrong);
    CHECK(x(fmt::format(R"({{"dtype":{},"shape":[1],"data_offsets":[0,1]}})",
                        value == "\"U8\"" ? "\"u8\"" : value)) == wrong);
    CHECK(x(fmt::format(R"({{"dtype":"U8","shape":{},"data_offsets":[0,1]}})", value)) == wrong);
    CHECK(x(fmt::format(R"({{"dtype":"U8","shape":[1],"data_offsets":{}}})", value)) == wrong);
  }
  for (const std::string offsets : {"[]", "[0]", "[0,1,1]", "[0,1,1,1]", "[[0],1]", "{}"}) {
    CAPTURE(offsets);
    CHECK(x(fmt::format(R"({{"dtype":"U8","shape":[1],"data_offsets":{}}})", offsets)) == wrong);
  }
}

TEST_CASE("InvalidHeaderDeserialization: sizes and offsets are whole numbers of 64 bits") {
  const std::string wrong = "InvalidHeaderDeserialization";
  CHECK(kind_of_shape("[1]", 1) == "valid");
  CHECK(kind_of_shape("[18446744073709551615,0]", 0) == "valid");
  for (const std::string number :
       {"-0", "-1", "1.0", "1.5", "1e0", "1E+0", "01", "+1", "0x1", "NaN", "18446744073709551616",
        "1e999", "\"1\"", "null", "true", "[1]", "{}", "-9223372036854775809"}) {
    CAPTURE(number);
    CHECK(kind_of_shape(fmt::format("[{}]", number), 1) == wrong);
    CHECK(kind_of_entry("U8", "[1]", fmt::format("[0,{}]", number), 1) == wrong);
  }
}

TEST_CASE("keys of an entry that the format does not know are passed over") {
  const auto with = [](const std::string& member) {
    return kind_of_file(
        file_of(R"({"x":{"dtype":"U8",)" + member + R"(,"shape":[1],"data_offsets":[0,1]}})", "d"));
  };
  CHECK(with(R"("note":"text")") == "valid");
  CHECK(with(R"("a":{"shape":[{"dtype":1},-1.5,true,null,"",[]],"b":{}},"c":[[],{}])") == "valid");
  CHECK(with(R"("a":{)") == "InvalidHeaderDeserialization");
  const auto nested = [&](std::size_t depth) {
    return with("\"a\":" + std::string(depth, '[') + std::string(depth, ']'));
  };
  CHECK(nested(125) == "valid");
  CHECK(nested(126) == "InvalidHeaderDeserialization");
  CHECK(nested(1'000'000) == "InvalidHeaderDeserialization");
  CHECK(with("\"a\":" + std::string(1'000'000, '[')) == "InvalidHeaderDeserialization");
}

TEST_CASE("DuplicateKey: a key twice in one object") {
  const std::string x = R"("x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  CHECK(kind_of_header("{" + x + "}") == "valid");
  CHECK(kind_of_header("{" + x + "," + x + "}") == "DuplicateKey");
  CHECK(kind_of_header("{" + x + R"(,"\u0078":{}})") == "DuplicateKey");  // spelt in two ways
  CHECK(kind_of_header(R"({"__metadata__":{"a":"1","b":"1"}})") == "valid");
  CHECK(kind_of_header(R"({"__metadata__":{"a":"1","a":"1"}})") == "DuplicateKey");
  CHECK(kind_of_header(R"({"__metadata__":{},"__metadata__":{}})") == "DuplicateKey");
  for (const std::string twice : {R"("dtype":"U8")", R"("shape":[0])", R"("data_offsets":[0,0])"}) {
    CAPTURE(twice);
    CHECK(kind_of_header(fmt::format(
              R"({{"x":{{"dtype":"U8","shape":[0],"data_offsets":[0,0],{}}}}})", twice)) ==
          "DuplicateKey");
  }
  CHECK(kind_of_header(R"({"x":{"n":1,"n":2}})") == "DuplicateKey");
}

TEST_CASE("InvalidOffset: gaps, overlaps and reversed ranges") {
  CHECK(kind_of_two("[0,1]", "[1,2]") == "valid");
  CHECK(kind_of_two("[1,2]", "[0,1]") == "valid");
  CHECK(kind_of_two("[0,1]", "[0,1]") == "InvalidOffset");
  CHECK(kind_of_two("[0,1]", "[2,3]") == "InvalidOffset");
  CHECK(kind_of_two("[1,2]", "[2,3]") == "InvalidOffset");  // the first does not begin at 0
  CHECK(kind_of_two("[0,1]", "[1,0]") == "InvalidOffset");
  CHECK(kind_of_entry("U8", "[1]", "[1,0]", 1) == "InvalidOffset");
  CHECK(kind_of_entry("U8", "[1]", "[18446744073709551615,0]", 1) == "InvalidOffset");
}

TEST_CASE("ValidationOverflow: the size in bits is a number of 64 bits") {
  CHECK(kind_of_shape("[4294967296,4294967296]", 0) == "ValidationOverflow");
  CHECK(kind_of_shape("[4294967296,4294967296,0]", 0) == "ValidationOverflow");
  CHECK(kind_of_shape("[0,4294967296,4294967296]", 0) == "valid");
  CHECK(kind_of_shape("[2305843009213693952]", 0) == "ValidationOverflow");  // 2^61 bytes
  CHECK(kind_of_shape("[2305843009213693951]", 0) == "TensorInvalidInfo");
}

TEST_CASE("MisalignedSlice: elements of 4 and 6 bits fill whole bytes") {
  CHECK(kind_of_entry("F4", "[2]", "[0,1]", 1) == "valid");
  CHECK(kind_of_entry("F4", "[3]", "[0,2]", 2) == "MisalignedSlice");
  CHECK(kind_of_entry("F6_E2M3", "[4]", "[0,3]", 3) == "valid");
  CHECK(kind_of_entry("F6_E3M2", "[2,2]", "[0,3]", 3) == "valid");
  CHECK(kind_of_entry("F6_E3M2", "[3]", "[0,3]", 3) == "MisalignedSlice");
}

TEST_CASE("TensorInvalidInfo: the range has the size that dtype and shape ask for") {
  CHECK(kind_of_entry("F32", "[2]", "[0,8]", 8) == "valid");
  CHECK(kind_of_entry("F32", "[2]", "[0,7]", 7) == "TensorInvalidInfo");
  CHECK(kind_of_entry("F32", "[2]", "[0,9]", 9) == "TensorInvalidInfo");
  CHECK(kind_of_entry("F32", "[]", "[0,4]", 4) == "valid");
  CHECK(kind_of_entry("F32", "[]", "[0,0]", 0) == "TensorInvalidInfo");
  CHECK(kind_of_entry("F32", "[3,0]", "[0,0]", 0) == "valid");
}

TEST_CASE("MetadataIncompleteBuffer: the file ends with its last tensor") {
  CHECK(kind_of_entry("F32", "[2]", "[0,8]", 8) == "valid");
  CHECK(kind_of_entry("F32", "[2]", "[0,8]", 7) == "MetadataIncompleteBuffer");
  CHECK(kind_of_entry("F32", "[2]", "[0,8]", 9) == "MetadataIncompleteBuffer");
  CHECK(kind_of_entry("F32", "[2]", "[0,8]", 0) == "MetadataIncompleteBuffer");
  CHECK(kind_of_file(file_of("{}", "x")) == "MetadataIncompleteBuffer");
}

TEST_CASE("of two errors the reference's first is reported") {
  // Not UTF-8 and not JSON; wrong offset and wrong size; overflow and wrong size; wrong size and
  // trailing bytes; the first tensor's wrong size and the second's wrong offset.
  CHECK(kind_of_header("{\xFF") == "InvalidHeader");
  CHECK(kind_of_entry("F32", "[2]", "[1,2]", 2) == "InvalidOffset");
  CHECK(kind_of_entry("F32", "[18446744073709551615]", "[0,2]", 2) == "ValidationOverflow");
  CHECK(kind_of_entry("F4", "[3]", "[0,5]", 5) == "MisalignedSlice");
  CHECK(kind_of_entry("F32", "[2]", "[0,7]", 20) == "TensorInvalidInfo");
  CHECK(kind_of_two("[0,2]", "[3,4]") == "TensorInvalidInfo");
}

TEST_CASE("each dtype has its name and its bits") {
  const std::vector<std::pair<std::string, std::uint64_t>> dtypes{
      {"BOOL", 8}, {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},
      {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8},     {"F8_E4M3FNUZ", 8},
      {"I16", 16}, {"U16", 16},    {"F16", 16},    {"F8_E5M2FNUZ", 8}, {"BF16", 16},
      {"I32", 32}, {"U32", 32},    {"F32", 32},    {"C64", 64},        {"F64", 64},
      {"I64", 64}, {"U64", 64}};
  for (const auto& [name, bits] : dtypes) {
    CAPTURE(name);
    REQUIRE(nn::parse_dtype(name).has_value());
    CHECK(to_string(*nn::parse_dtype(name)) == name);
    // Eight elements fill as many bytes as one element has bits.
    CHECK(kind_of_entry(name, "[8]", fmt::format("[0,{}]", bits), bits) == "valid");
    CHECK(kind_of_entry(name, "[8]", fmt::format("[0,{}]", bits + 1), bits + 1) ==
          "TensorInvalidInfo");
  }
  CHECK_FALSE(nn::parse_dtype("F128").has_value());
  CHECK_FALSE(nn::parse_dtype("").has_value());
}

TEST_CASE("floating-point dtypes become Scalars") {
  const autograd::Tensor doubles = file_with<double>("F64", {0.1, -2, 1e300}).tensor("x");
  CHECK(doubles.m(0, 0) == static_cast<autograd::Scalar>(0.1));
  CHECK(doubles.m(0, 1) == -2);

  // 1; the largest; the smallest normal; the smallest; -2; infinity.
  const autograd::Tensor halves =
      file_with<std::uint16_t>("F16", {0x3C00, 0x7BFF, 0x0400, 0x0001, 0xC000, 0x7C00}).tensor("x");
  CHECK(halves.m(0, 0) == 1);
  CHECK(halves.m(0, 1) == 65504);
  CHECK(halves.m(0, 2) == std::ldexp(1.0f, -14));
  CHECK(halves.m(0, 3) == std::ldexp(1.0f, -24));
  CHECK(halves.m(0, 4) == -2);
  CHECK(std::isinf(halves.m(0, 5)));

  const autograd::Tensor brains =
      file_with<std::uint16_t>("BF16", {0x3F80, 0x4049, 0xFF80, 0x7FC0}).tensor("x");
  CHECK(brains.m(0, 0) == 1);
  CHECK(brains.m(0, 1) == 3.140625f);
  CHECK(brains.m(0, 2) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(brains.m(0, 3)));
}

TEST_CASE("integers are read as 32 bits if they fit") {
  CHECK(file_with<std::int64_t>("I64", {-2147483648, 2147483647}).int32("x") ==
        std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), 2147483647});
  const SafetensorsFile large = file_with<std::int64_t>("I64", {1, 2147483648});
  CHECK(message_of([&] { large.int32("x"); }) ==
        "f: ValueOutOfRange: tensor \"x\" has the dtype I64 and the shape (2); "
        "its element 2147483648 is no 32-bit integer");
  CHECK(kind_of([&] { file_with<float>("F32", {1}).int32("x"); }) == "UnsupportedDtype");
}

TEST_CASE("a tensor that cannot be had is an error of the request, not of the file") {
  const SafetensorsFile integers = file_with<std::int32_t>("I32", {1, 2});
  CHECK(message_of([&] { integers.tensor("x"); }) ==
        "f: UnsupportedDtype: tensor \"x\" has the dtype I32 and the shape (2); "
        "F16, BF16, F32 or F64 is wanted");
  CHECK(message_of([&] { integers.tensor("y"); }) == "f: TensorNotFound: there is no tensor \"y\"");

  const auto kind_of_f32 = [](const std::string& shape, std::size_t size) {
    const SafetensorsFile file = SafetensorsFile::parse(
        file_of(entry("F32", shape, fmt::format("[0,{}]", size)), std::string(size, '\0')), "f");
    return kind_of([&] { file.tensor("x"); });
  };
  CHECK(kind_of_f32("[1,1,1,1]", 4) == "valid");
  CHECK(kind_of_f32("[1,1,1,1,1]", 4) == "UnsupportedShape");
  CHECK(kind_of_f32("[]", 4) == "valid");
  CHECK(kind_of_f32("[0,9223372036854775807]", 0) == "valid");
  CHECK(kind_of_f32("[0,9223372036854775808]", 0) == "UnsupportedShape");
  CHECK(kind_of_f32("[4611686018427387904,0]", 0) == "valid");
  CHECK(kind_of_f32("[4611686018427387904,2,0]", 0) == "UnsupportedShape");
}

TEST_CASE("messages are one line, name the file and the tensor, and do not repeat raw bytes") {
  CHECK(message_of_file(file_of(entry("F32", "[2]", "[0,7]"), "1234567")) ==
        "f: TensorInvalidInfo: tensor \"x\" needs 8 bytes for its shape, "
        "its data_offsets are [0,7]");
  CHECK(message_of_file(file_of("{} x")) ==
        "f: InvalidHeaderDeserialization: the header is not JSON at its byte 4");
  CHECK(message_of_file(file_of(entry("F128", "[2]", "[0,8]"))) ==
        "f: InvalidHeaderDeserialization: tensor \"x\" has the unknown dtype \"F128\"");
  CHECK(message_of_file(file_of(entry("U8", "[-1]", "[0,8]"))) ==
        "f: InvalidHeaderDeserialization: tensor \"x\": "
        "a size must be a whole number below 2^64, not a negative number");

  const auto message_for_name = [](const std::string& name) {
    return message_of_file(file_of("{\"" + name + "\":1}"));
  };
  CHECK(message_for_name(R"(a\u0000\n\u001b[31m)"
                         "\x7F\xC2\x9B") ==
        R"(f: InvalidHeaderDeserialization: tensor "a\u0000\n\u001b[31m\u007f\u009b" must be an )"
        R"(object, not the number 1)");
  CHECK(message_for_name(std::string(1'000'000, 'n')).size() < 300);
}

TEST_CASE("names with control characters are names") {
  const SafetensorsFile file = SafetensorsFile::parse(
      file_of(R"({"a\u0000b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "d"), "f");
  CHECK(file.contains(std::string_view("a\0b", 3)));
  CHECK_FALSE(file.contains("a"));
}

TEST_CASE("a file on disk is read under its own name") {
  const TemporaryFolder folder;
  const std::string path = (folder / "m.safetensors").string();
  nn::write_file_atomically(path, file_of("{}", "x"));
  CHECK(message_of([&] { SafetensorsFile::read(path); }) ==
        path + ": MetadataIncompleteBuffer: the data must have 0 bytes for the tensors, not 1");
  CHECK_THROWS_AS(SafetensorsFile::read(folder / "no"), nn::FileError);
}

}  // namespace safetensors_read_test
