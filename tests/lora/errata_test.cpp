#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <regex>
#include <set>
#include <vector>

#include "lora/inject.h"
#include "lora/methods/method.h"
#include "tests/lora/pages.h"
#include "tests/lora/subspaces.h"

namespace errata_test {

// What docs/errata.md says of the paper, as far as it can be computed, and printed there: the
// counts from our own formula (lora::Target), the rest from the paper's printed numbers or on
// random matrices.

namespace {

/// Trainable parameters of `matrices` adapted square matrices of width d.
lora::Index count(lora::Index matrices, lora::Index d, lora::Index r) {
  const lora::Target one{"", d, d, {r}};
  return matrices * one.parameters();
}

/// |x - printed| is at most half a unit of the last printed digit.
bool rounds_to(double x, double printed, double unit) { return std::abs(x - printed) <= unit / 2; }

constexpr lora::Index gpt3 = 12288, gpt3_layers = 96;

}  // namespace

TEST_CASE("counts and sizes of the paper's models") {
  // GPT-3 175B, wq and wv in 96 layers
  CHECK(count(2 * gpt3_layers, gpt3, 4) == 18'874'368);
  CHECK(count(2 * gpt3_layers, gpt3, 8) == 37'748'736);
  const double adapter = 2.0 * 18'874'368;  // two bytes a number
  const double model = 2.0 * 175e9;
  CHECK(adapter / (1 << 20) == 36);
  CHECK(rounds_to(adapter / 1e6, 37.7, 0.1));
  CHECK(model / 1e9 == 350);
  CHECK(rounds_to(model / adapter, 9272, 1));
  CHECK(rounds_to((model + 100 * adapter) / 1e9, 354, 1));  // footnote 4
  // The toy base, q and v in 2 layers
  CHECK(count(4, 64, 4) == 2048);
  for (const lora::Index n : {2048, 393'216, 18'874'368, 37'748'736})
    CHECK(prints("lora.md", grouped(n)));
  CHECK(prints("lora.md", fmt::format("{:.0f}", adapter / (1 << 20))));
  CHECK(prints("lora.md", grouped(std::lround(model / adapter))));
}

TEST_CASE("every column of Table 5 has the same number of parameters") {
  CHECK(count(1 * gpt3_layers, gpt3, 8) == 18'874'368);
  CHECK(count(2 * gpt3_layers, gpt3, 4) == 18'874'368);
  CHECK(count(4 * gpt3_layers, gpt3, 2) == 18'874'368);
}

TEST_CASE("erratum 1: phi is 1 - d²/p, and not (1 - d²)/p") {
  const Index d = 20;
  const MatrixXd U = random_basis(d, 5, 1, "U"), V = random_basis(d, 3, 2, "V");
  const double p = 3, distance = projection_metric(U, V);
  CHECK(phi(U, V) == doctest::Approx(1 - distance * distance / p));
  CHECK(std::abs(phi(U, V) - (1 - distance * distance) / p) > 0.1);
  // The same subspace, and one that is orthogonal to it: phi has to be 1 and 0.
  const MatrixXd both = random_basis(d, 6, 3, "both");
  const MatrixXd first = both.leftCols(3), second = both.rightCols(3);
  const auto printed = [&](double metric) { return (1 - metric * metric) / p; };
  CHECK(phi(first, first) == doctest::Approx(1));
  CHECK(printed(projection_metric(first, first)) == doctest::Approx(1 / p));
  CHECK(phi(first, second) == doctest::Approx(0));
  CHECK(printed(projection_metric(first, second)) == doctest::Approx((1 - p) / p));
}

TEST_CASE("erratum 2: the product fits with singular vectors as rows, and then it is UᵀWV") {
  const Index d = 7, k = 5, r = 2;
  const MatrixXd W = gaussian_matrix(d, k, 1, "W");
  const MatrixXd U = svd_of(W).matrixU().leftCols(r);                // (d,r)
  const MatrixXd V = svd_of(W).matrixV().leftCols(r);                // (k,r), vectors as columns
  const MatrixXd rows = svd_of(W).matrixV().transpose().topRows(r);  // (r,k), as NumPy's vh
  CHECK((U.transpose() * W).cols() != V.transpose().rows());         // (r,k) times (r,k)
  CHECK((U.transpose() * W).cols() == rows.transpose().rows());
  const MatrixXd product = U.transpose() * W * rows.transpose();
  CHECK((product - U.transpose() * W * V).norm() < 1e-12);
  // H.4's UUᵀWVᵀV: with rows, W from U's space to V's. With columns its last factor is I, of r x r.
  const MatrixXd projected = U * U.transpose() * W * rows.transpose() * rows;
  CHECK((projected - U * product * V.transpose()).norm() < 1e-12);
  CHECK((V.transpose() * V).isIdentity(1e-12));
  const VectorXd top = svd_of(W).singularValues().head(r);
  CHECK((product - MatrixXd(top.asDiagonal())).norm() < 1e-12);
}

TEST_CASE("erratum 3: 37.7M is all four at r = 4, and not at r = 2") {
  CHECK(count(4 * gpt3_layers, gpt3, 4) == count(2 * gpt3_layers, gpt3, 8));
  CHECK(count(4 * gpt3_layers, gpt3, 4) == 37'748'736);
  CHECK(count(4 * gpt3_layers, gpt3, 2) == 18'874'368);
}

TEST_CASE("erratum 5: DeBERTa XXL's 4.7M parameters need r = 16") {
  const lora::Index d = 1536, layers = 48;
  CHECK(count(2 * layers, d, 16) == 4'718'592);
  CHECK(count(2 * layers, d, 8) == 2'359'296);
  for (const lora::Index r : {8, 16}) CHECK(prints("errata.md", grouped(count(2 * layers, d, r))));
}

TEST_CASE("erratum 6: GPT-2's counts are not those of the formula") {
  const lora::Index medium = count(2 * 24, 1024, 4), large = count(2 * 36, 1280, 4);
  CHECK(medium == 393'216);
  CHECK(large == 737'280);
  CHECK_FALSE(rounds_to(static_cast<double>(medium) / 1e6, 0.35, 0.01));
  CHECK_FALSE(rounds_to(static_cast<double>(large) / 1e6, 0.77, 0.01));
  CHECK(prints("errata.md", grouped(medium)));
  CHECK(prints("errata.md", grouped(large)));
  CHECK(medium * 4 == 1.5 * (1 << 20));  // the published checkpoint, in float
}

TEST_CASE("erratum 6: RoBERTa's counts are those of Table 2") {
  const lora::Index base = count(2 * 12, 768, 8), large = count(2 * 24, 1024, 8);
  CHECK(rounds_to(static_cast<double>(base) / 1e6, 0.3, 0.1));
  CHECK(rounds_to(static_cast<double>(large) / 1e6, 0.8, 0.1));
  CHECK(prints("errata.md", grouped(base)));
  CHECK(prints("errata.md", grouped(large)));
}

TEST_CASE("erratum 9: Table 7's random column is ‖W‖ r/d, and its scale changes by 16") {
  const double W = 61.95, d = 12288;
  CHECK(rounds_to(W * 4 / d, 0.0202, 1e-4));
  CHECK(rounds_to(W * 64 / d, 0.3227, 1e-4));
  const struct {
    double r, delta, in_delta, in_W, random;  // a column of Table 7
    const char *amplification, *over_random, *by_chance, *percent_in_W;
  } columns[] = {{4, 6.91, 0.32, 21.67, 0.02, "21.59", "15.9", "342.7", "12.2"},
                 {64, 3.57, 1.90, 37.71, 0.33, "1.88", "5.9", "11.1", "37.1"}};
  for (const auto& c : columns) {
    const double random = W * c.r / d;
    CHECK(std::abs(random - c.random) < 0.01);  // one draw, two digits
    CHECK(fmt::format("{:.2f}", c.delta / c.in_delta) == c.amplification);
    CHECK(fmt::format("{:.1f}", c.in_delta / random) == c.over_random);
    CHECK(fmt::format("{:.1f}", c.delta / random) == c.by_chance);
    CHECK(fmt::format("{:.1f}", 100 * std::pow(c.in_W / W, 2)) == c.percent_in_W);
    for (const char* number : {c.amplification, c.over_random, c.by_chance}) {
      CHECK(prints("errata.md", number));
      CHECK(prints("low-rank-analysis.md", number));
    }
  }
  const auto scale = [](long r) { return lora::scale(lora::Scaling::alpha_over_r, 8, r); };
  CHECK(scale(4) / scale(64) == 16);
  CHECK_FALSE(prints("errata.md", "21.58"));  // control
}

TEST_CASE("erratum 11: counts of GPT-3's baselines are not those of the formulas") {
  const nn::DecoderConfig c{.d_model = gpt3, .layers = gpt3_layers, .d_mlp = 4 * gpt3};
  const lora::Index Ld = gpt3_layers * gpt3;
  const auto millions = [](lora::Index n) { return static_cast<double>(n) / 1e6; };

  const lora::Index bitfit = lora::count({.name = "bitfit"}, c);
  CHECK(bitfit == 11 * Ld + gpt3);
  CHECK_FALSE(rounds_to(millions(bitfit), 14.2, 0.1));
  CHECK(rounds_to(millions(12 * Ld), 14.2, 0.1));

  const lora::Index prefix = lora::count({.name = "prefix-layer", .size = 8 + 8}, c);
  CHECK(prefix == 16 * Ld);
  CHECK_FALSE(rounds_to(millions(prefix), 20.2, 0.1));
  for (lora::Index n = 0; n < 100; ++n) CHECK_FALSE(rounds_to(millions(n * Ld), 20.2, 0.1));

  // PreLayer's other rows: the positions, what is printed, and LoRA's r where there is one.
  const struct {
    lora::Index positions;
    const char *printed, *by_formula;
    lora::Index r;
  } rows[] = {{2 + 2, "5.1", "4.7", 0},    {8 + 0, "10.1", "9.4", 0},   {8 + 8, "20.2", "18.9", 0},
              {32 + 4, "44.1", "42.5", 0}, {64 + 0, "76.1", "75.5", 0}, {8 + 4, "52.8", "51.9", 8}};
  for (const auto& row : rows) {
    const lora::Index layers = lora::count({.name = "prefix-layer", .size = row.positions}, c);
    CHECK(layers == row.positions * Ld);
    const lora::Index all = layers + (row.r == 0 ? 0 : count(2 * gpt3_layers, gpt3, row.r));
    CHECK(fmt::format("{:.1f}", millions(all)) == row.by_formula);
    CHECK(prints("errata.md", fmt::format("| {}M | {}M |", row.printed, row.by_formula)));
  }

  const auto lora_and_prefix = [&](lora::Index r) {
    return count(2 * gpt3_layers, gpt3, r) +
           lora::count({.name = "prefix-embedding", .size = 12}, c);
  };
  CHECK_FALSE(rounds_to(millions(lora_and_prefix(8)), 37.8, 0.1));
  CHECK(std::floor(10 * millions(lora_and_prefix(8))) == 378);  // cut off, as in the same table
  CHECK(std::floor(10 * millions(count(2 * gpt3_layers, gpt3, 4))) == 188);
  CHECK(std::floor(10 * millions(count(2 * gpt3_layers, gpt3, 64))) == 3019);
  CHECK(rounds_to(millions(lora_and_prefix(32)), 151.1, 0.1));  // control: these two are right
  CHECK(rounds_to(millions(lora_and_prefix(64)), 302.1, 0.1));

  for (const lora::Index n : {bitfit, 12 * Ld, prefix, lora_and_prefix(8)})
    CHECK(prints("errata.md", grouped(n)));
}

TEST_CASE("erratum 12: Figure 8's 0.2 stands over a chance of 0.1") {
  const double d = 12288, top = std::round(0.1 * d), chance = top / d;  // top 4 against top 10 %
  CHECK(top == 1229);
  CHECK(rounds_to(chance, 0.1, 0.001));
  CHECK(rounds_to((0.2 - chance) / (1 - chance), 0.11, 0.01));
  CHECK(prints("errata.md", grouped(1229)));
  CHECK(prints("low-rank-analysis.md", "0.11"));
}

TEST_CASE("erratum 13: columns of A have r numbers, rows and right singular vectors k") {
  const Index k = 100;
  const MatrixXd A8 = gaussian_matrix(8, k, 1, "A"), A64 = gaussian_matrix(64, k, 2, "A");
  CHECK(A8.col(0).size() != A64.col(0).size());
  CHECK(A8.row(0).size() == A64.row(0).size());
  const MatrixXd V8 = svd_of(A8).matrixV(), V64 = svd_of(A64).matrixV();
  CHECK(V8.rows() == V64.rows());
  CHECK((A8 - A8 * V8 * V8.transpose()).norm() < 1e-12);  // they span the rows
}

// The report has the short list too. Its entries have the numbers of the page, and every number
// that the page's table prints or reads.
TEST_CASE("the report's errata are those of the page") {
  const auto lines = [](const std::string& file) {
    std::ifstream in(LOWRANK_SOURCE_DIR "/" + file);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  };
  const auto starting_with = [](const std::vector<std::string>& all, const std::string& start) {
    std::vector<std::string> found;
    for (const auto& line : all)
      if (line.starts_with(start)) found.push_back(line);
    return found;
  };
  const auto numbers = [](std::string text) {
    text = std::regex_replace(text, std::regex("\\^2"), "");  // HTML has ²
    std::set<std::string> found;
    const std::regex number("[0-9]+([.][0-9]+)?");
    for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i)
      found.insert(i->str());
    return found;
  };
  const auto page = lines("docs/errata.md"), report = lines("experiments/report/errata.html");
  const auto rows = starting_with(page, "| ["), items = starting_with(report, "<li");
  CHECK(rows.size() == 14);
  REQUIRE(items.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t n = i + 1;
    CHECK(rows[i].starts_with(fmt::format("| [{}](#{}-", n, n)));
    CHECK(items[i].starts_with(fmt::format("<li id=\"erratum-{}\">", n)));
    CHECK(starting_with(page, fmt::format("## {}. ", n)).size() == 1);
    const auto in_item = numbers(items[i].substr(items[i].find('>')));
    for (const auto& number : numbers(rows[i].substr(rows[i].find(") | "))))
      CHECK_MESSAGE(in_item.contains(number), "erratum " << n << ": " << number);
  }
  CHECK(numbers("7 of 37.7M") == std::set<std::string>{"7", "37.7"});  // control
}

TEST_CASE("throughput and time per token are two different 25 and 33 percent") {
  CHECK(rounds_to(43.1 / 32.5, 1.326, 1e-3));
  CHECK(rounds_to(100 * (1 - 32.5 / 43.1), 24.6, 0.1));
}

}  // namespace errata_test
