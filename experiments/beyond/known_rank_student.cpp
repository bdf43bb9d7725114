#include "experiments/beyond/known_rank_student.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "experiments/training/stopped.h"
#include "lora/analysis/activations.h"
#include "nn/optimizer.h"

namespace experiments::beyond {

std::vector<int> uniform_tokens(const nn::Model& model, int rows, int length,
                                autograd::Random& random) {
  std::vector<int> ids(static_cast<std::size_t>(rows) * static_cast<std::size_t>(length));
  for (int& id : ids)
    id = static_cast<int>(random.below(static_cast<std::uint64_t>(model.vocabulary())));
  return ids;
}

std::vector<int> drawn_labels(const nn::Matrix& logits, autograd::Random& random) {
  std::vector<int> labels;
  for (nn::Index i = 0; i < logits.rows(); ++i) {
    const auto row = logits.row(i).cast<double>().array();
    const Eigen::ArrayXd weight = (row - row.maxCoeff()).exp().transpose();
    double left = random.uniform() * weight.sum();
    nn::Index label = 0;
    while (label + 1 < weight.size() && left >= weight(label)) left -= weight(label++);
    labels.push_back(static_cast<int>(label));
  }
  return labels;
}

std::string to_string(Labels labels) { return labels == Labels::soft ? "soft" : "drawn"; }

Labels parse_labels(std::string_view text) {
  for (const Labels labels : {Labels::soft, Labels::drawn})
    if (text == to_string(labels)) return labels;
  throw std::invalid_argument(fmt::format("unknown labels '{}'; valid are soft, drawn", text));
}

// The logits of every position, (B T, V).
static nn::Var position_logits(const nn::Pass& pass, nn::Model& model, const std::vector<int>& ids,
                               int length) {
  const auto T = static_cast<nn::Index>(length), B = static_cast<nn::Index>(ids.size()) / T;
  const nn::Tokens tokens{B, T, ids};
  return model.logits(pass, tokens, nn::all_positions(tokens));
}

// Mean KL(teacher ‖ student) over all positions of the rows.
static double mean_kl(nn::Model& teacher, nn::Model& student, const std::vector<int>& ids,
                      int length) {
  nn::Tape tape(autograd::TapeMode::values);
  const nn::Pass pass{tape};
  const nn::Var target = position_logits(pass, teacher, ids, length);
  const nn::Var logits = position_logits(pass, student, ids, length);
  const nn::Var kl = autograd::kl_divergence(target, logits);
  return static_cast<double>(kl.value().item());
}

Student train_student(std::unique_ptr<nn::Model> base, nn::Model& teacher,
                      const StudentOptions& options, const std::atomic<bool>& stop) {
  Student student;
  student.model = std::move(base);
  lora::LoraConfig config;
  config.targets = options.targets;
  config.spec.rank = options.rank;
  config.spec.alpha = options.alpha;
  lora::inject(*student.model, config, options.seed);

  autograd::Random held_out(options.seed, "known-rank.held-out");
  const std::vector<int> unseen = uniform_tokens(*student.model, 100, options.length, held_out);
  student.start = mean_kl(teacher, *student.model, unseen, options.length);

  autograd::Random inputs(options.seed, "known-rank.inputs");
  autograd::Random labels(options.seed, "known-rank.labels");
  nn::AdamW optimizer({{nn::parameters(*student.model)}});
  const nn::Schedule schedule{options.lr, std::lround(0.05 * options.steps), options.steps};
  nn::Tape tape(autograd::TapeMode::training), teacher_tape(autograd::TapeMode::values);
  for (int step = 0; step < options.steps; ++step) {
    if (stop) throw Stopped("a student was stopped");
    const auto ids = uniform_tokens(*student.model, options.batch, options.length, inputs);
    tape.clear(), teacher_tape.clear();
    const nn::Tensor target = position_logits({teacher_tape}, teacher, ids, options.length).value();
    const nn::Var logits = position_logits({tape}, *student.model, ids, options.length);
    const nn::Var loss = options.labels == Labels::drawn
                             ? autograd::cross_entropy(logits, {drawn_labels(target.m, labels), {}})
                             : autograd::kl_divergence(tape.constant(target), logits);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(schedule.lr(step));
  }
  student.kl = mean_kl(teacher, *student.model, unseen, options.length);
  return student;
}

std::map<std::string, lora::MatrixXd> student_moments(nn::Model& model,
                                                      const StudentOptions& student) {
  autograd::Random random(student.seed, "known-rank.moments");
  constexpr int rows = 200;
  const std::vector<int> ids = uniform_tokens(model, rows, student.length, random);
  return lora::input_second_moments(model, [&] {
    nn::Tape tape(autograd::TapeMode::values);
    const nn::Tokens tokens{rows, student.length, ids};
    model.logits({tape}, tokens, nn::all_positions(tokens));
  });
}

}  // namespace experiments::beyond
