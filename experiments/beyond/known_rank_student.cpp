#include "experiments/beyond/known_rank_student.h"

#include <cmath>

#include "experiments/training/stopped.h"
#include "nn/optimizer.h"

namespace experiments::beyond {

std::vector<int> uniform_tokens(const nn::Model& model, int rows, int length,
                                autograd::Random& random) {
  std::vector<int> ids(static_cast<std::size_t>(rows) * static_cast<std::size_t>(length));
  for (int& id : ids)
    id = static_cast<int>(random.below(static_cast<std::uint64_t>(model.vocabulary())));
  return ids;
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
  nn::AdamW optimizer({{nn::parameters(*student.model)}});
  const nn::Schedule schedule{options.lr, std::lround(0.05 * options.steps), options.steps};
  nn::Tape tape(autograd::TapeMode::training), teacher_tape(autograd::TapeMode::values);
  for (int step = 0; step < options.steps; ++step) {
    if (stop) throw Stopped("a student was stopped");
    const auto ids = uniform_tokens(*student.model, options.batch, options.length, inputs);
    tape.clear(), teacher_tape.clear();
    const nn::Var target =
        tape.constant(position_logits({teacher_tape}, teacher, ids, options.length).value());
    const nn::Var logits = position_logits({tape}, *student.model, ids, options.length);
    const nn::Var loss = autograd::kl_divergence(target, logits);
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(schedule.lr(step));
  }
  student.kl = mean_kl(teacher, *student.model, unseen, options.length);
  return student;
}

}  // namespace experiments::beyond
