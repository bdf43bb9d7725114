#include "experiments/known_rank_student.h"

#include <cmath>

#include "experiments/sweep.h"
#include "nn/optimizer.h"

namespace experiments {

std::vector<int> uniform_tokens(const nn::Decoder& model, int rows, int length,
                                autograd::Random& random) {
  std::vector<int> ids(static_cast<std::size_t>(rows) * static_cast<std::size_t>(length));
  for (int& id : ids)
    id = static_cast<int>(random.below(static_cast<std::uint64_t>(model.config.vocabulary)));
  return ids;
}

// The logits of every position, (B T, V).
static nn::Var position_logits(const nn::Pass& pass, nn::Decoder& model,
                               const std::vector<int>& ids, int length) {
  const auto T = static_cast<nn::Index>(length), B = static_cast<nn::Index>(ids.size()) / T;
  return model.logits(pass, model.hidden(pass, {B, T, ids}));
}

double mean_kl(nn::Decoder& teacher, nn::Decoder& student, const std::vector<int>& ids,
               int length) {
  nn::Tape tape(autograd::Record::values);
  const nn::Pass pass{tape};
  const nn::Var target = position_logits(pass, teacher, ids, length);
  const nn::Var logits = position_logits(pass, student, ids, length);
  const nn::Var kl = autograd::kl_divergence(target, logits);
  return static_cast<double>(kl.value().item());
}

Student train_student(nn::Decoder& base, nn::Decoder& teacher, const StudentOptions& options,
                      const std::atomic<bool>& stop) {
  Student student;
  student.model = copy_of(base);
  lora::LoraConfig config;
  config.targets = options.targets;
  config.spec.rank = options.rank;
  config.spec.alpha = options.alpha;
  lora::inject(*student.model, config, options.seed);

  autograd::Random held_out(options.seed, "known-rank.held-out");
  const std::vector<int> unseen = uniform_tokens(base, 100, options.length, held_out);
  student.start = mean_kl(teacher, *student.model, unseen, options.length);

  autograd::Random inputs(options.seed, "known-rank.inputs");
  nn::AdamW optimizer({{nn::parameters(*student.model)}});
  const nn::Schedule schedule{options.lr, std::lround(0.05 * options.steps), options.steps};
  nn::Tape tape(autograd::Record::training), teacher_tape(autograd::Record::values);
  for (int step = 0; step < options.steps; ++step) {
    if (stop) throw SweepStopped();
    const auto ids = uniform_tokens(base, options.batch, options.length, inputs);
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

}  // namespace experiments
