#include "experiments/cli/trace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "experiments/cli/attention_maps.h"
#include "nn/files/safetensors.h"
#include "tests/nn/temporary_folder.h"

namespace trace_test {

using namespace experiments::cli;

namespace {

// A base as it is initialised: what is printed does not depend on how well it was trained.
Base untrained_base() {
  BaseConfig config;
  auto model = std::make_shared<nn::Decoder>(config.model, config.seed);
  return {config, std::move(model)};
}

Cell traced(const std::string& task, const std::string& method) {
  Cell cell;
  cell.task = task;
  cell.method = method;
  if (method == "lora") {
    cell.targets = {"q", "v"};
    cell.rank = 4;
    cell.alpha = 8;
    cell.scaling = "alpha/r";
  }
  return cell;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

long characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

// How often a line of the text begins with the node's number.
long mentions(const std::string& text, autograd::NodeId id) {
  const std::vector<std::string> lines = lines_of(text);
  const std::string label = "  #" + std::to_string(id) + " ";
  return std::count_if(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.starts_with(label); });
}

}  // namespace

TEST_CASE("the text has every value and every gradient once and fits a terminal") {
  const Base base = untrained_base();
  for (const std::string task : {"sqlgen", "nli", "reorder"})
    for (const std::string method : {"full", "lora"}) {
      CAPTURE(task);
      CAPTURE(method);
      const TracedStep step(base, traced(task, method), 4);
      const std::string text = to_text(step);
      for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        CHECK(characters(line) <= 100);
      }
      CHECK(lines_of(text).size() <= 150);
      for (autograd::NodeId id = 0; id < step.tape.size(); ++id) {
        const autograd::Node& node = step.tape.node(id);
        CHECK(mentions(text, id) == (node.inputs.empty() ? 0 : node.grad ? 2 : 1));
      }
    }
}

TEST_CASE("under LoRA every gradient is alive and the base is said to be frozen") {
  const Base base = untrained_base();
  const TracedStep lora(base, traced("nli", "lora"), 3);
  for (const nn::Parameter* p : nn::trainable_parameters(*lora.model)) {
    CAPTURE(p->name);
    CHECK(p->grad.m.norm() > 0);
  }
  CHECK(to_text(lora).find("W, b frozen") != std::string::npos);
  CHECK(to_text(lora).find("nothing trains at or under") != std::string::npos);

  const TracedStep full(base, traced("nli", "full"), 3);
  CHECK(to_text(full).find("frozen\n") == std::string::npos);
  CHECK(to_text(full).find("nothing trains") == std::string::npos);
  CHECK(to_text(full).find("all 2 parts") != std::string::npos);  // the tied token table
}

TEST_CASE("tracing moves no weight, and the same step is printed in the same words") {
  const Base base = untrained_base();
  const TracedStep step(base, traced("reorder", "full"), 2);
  const auto model = copy_of(decoder_of(base));
  const auto before = nn::parameters(*model), after = nn::parameters(*step.model);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i]->value.m == after[i]->value.m);
  CHECK(to_text(step) == to_text(TracedStep(base, traced("reorder", "full"), 2)));
  Cell other = traced("reorder", "full");
  other.seed = 5;
  CHECK(to_text(step) != to_text(TracedStep(base, other, 2)));
}

TEST_CASE("a saved step holds the batch, the parameters and the gradients of the trainable ones") {
  const TemporaryFolder folder;
  const TracedStep step(untrained_base(), traced("sqlgen", "lora"), 2);
  const auto path = folder.path() / "step.safetensors";
  save(step, path);

  const auto file = nn::SafetensorsFile::read(path);
  const nn::Index B = step.batch.B, T = step.batch.T, V = step.model->vocabulary();
  CHECK(file.int32("ids") == step.batch.ids);
  CHECK(file.int32("targets") == step.batch.targets);
  CHECK(file.tensor("loss_weight").shape == nn::Shape{B, T});
  CHECK(file.tensor("logits").shape == nn::Shape{B, T, V});
  CHECK(file.tensor("loss").item() == step.loss.value().item());
  std::size_t wanted = 5;
  for (const nn::Parameter* p : nn::parameters(*step.model)) {
    CHECK(file.tensor("param." + p->name).m == p->value.m);
    CHECK(file.contains("grad." + p->name) == p->trainable);
    wanted += p->trainable ? 2 : 1;
  }
  CHECK(file.entries().size() == wanted);
  CHECK(file.contains("grad.blocks.1.attn.v.lora_A"));
  CHECK(file.contains("param.blocks.1.attn.v.base.weight"));
  CHECK(file.metadata().at("mode") == "lora");
  CHECK(file.metadata().at("heads") == "4");
  CHECK(file.metadata().at("gelu") == "erf");
  CHECK(file.metadata().at("tied") == "true");
  CHECK(file.metadata().at("lora_scale") == "2");
}

TEST_CASE("the attention maps are those with which the values were mixed") {
  const Base base = untrained_base();
  const auto model = copy_of(decoder_of(base));
  const std::vector<int> tokens{1, 5, 3, 2, 7, 1};
  const std::vector<AttentionMap> maps = attention_maps(*model, tokens);
  const nn::Index T = static_cast<nn::Index>(tokens.size()), H = base.config.model.heads;
  REQUIRE(maps.size() == static_cast<std::size_t>(H * base.config.model.layers));

  // What the fast attention gave, from the same pass.
  nn::Tape tape(autograd::TapeMode::everything);
  model->logits({tape}, {1, T, tokens}, std::vector{0, 1, 2, 3, 4, 5});
  std::size_t next = 0;
  for (int id = 0; id < tape.size(); ++id) {
    const autograd::Node& node = tape.node(id);
    if (std::string_view(node.op_name) != "attention") continue;
    const nn::Matrix &v = tape.node(node.inputs[2]).value->m, &mixed = node.value->m;
    const nn::Index hs = v.cols() / H;
    for (nn::Index h = 0; h < H; ++h, ++next) {
      const nn::Matrix& P = maps[next].weights;
      CHECK((P.rowwise().sum().array() - 1).abs().maxCoeff() < 1e-6f);
      CHECK(P(0, 1) == 0);
      CHECK((P * v.middleCols(h * hs, hs) - mixed.middleCols(h * hs, hs)).cwiseAbs().maxCoeff() <
            1e-5f);
      const nn::Matrix other = maps[(next + 1) % maps.size()].weights;  // the control
      CHECK(
          (other * v.middleCols(h * hs, hs) - mixed.middleCols(h * hs, hs)).cwiseAbs().maxCoeff() >
          1e-4f);
    }
  }
  CHECK(next == maps.size());

  const std::string csv =
      attention_csv("base", {{0, 1, nn::Matrix::Identity(2, 2)}}, {"all", "g1"});
  CHECK(csv ==
        "base,0,1,0,0,all,all,1.00000\nbase,0,1,1,0,g1,all,0.00000\n"
        "base,0,1,1,1,g1,g1,1.00000\n");
}

}  // namespace trace_test
