#include "experiments/training/pretrain.h"

#include <doctest/doctest.h>

#include <functional>

#include "experiments/training/stopped.h"
#include "nn/files/checkpoint.h"
#include "nn/files/file.h"
#include "nn/files/safetensors.h"
#include "tests/nn/temporary_folder.h"

namespace pretrain_test {

using namespace experiments::training;

namespace {

namespace fs = std::filesystem;

// A model of a few thousand parameters. Warm-up and decay of the rate are within its steps.
BaseConfig small_config(std::uint64_t seed = 2, long steps = 12) {
  BaseConfig config = base_config(seed, steps);
  config.batch = 4;
  config.warmup = 3;
  config.weight_decay = 0.1;
  config.model.layers = 1;
  config.model.d_model = 16;
  config.model.heads = 2;
  config.model.d_mlp = 32;
  return config;
}

fs::path state_path(const BaseConfig& config, const fs::path& folder) {
  return base_path(config, folder).replace_extension(".state");
}

// Trains until so many steps are done in all, and stops there.
void train_until(long steps, const BaseConfig& config, const fs::path& folder, long before = 0) {
  long done = before;
  CHECK_THROWS_AS(ensure_base(config, folder, {}, [&] { return ++done == steps; }), Stopped);
  CHECK_FALSE(has_base(config, folder));
}

// Goes on with what is in the folder; the steps that were done before.
long go_on(const BaseConfig& config, const fs::path& folder) {
  long first = -1;
  ensure_base(config, folder, [&](long before, long, long) { first = before; });
  return first;
}

// The base as its file has it, every bit of it.
std::string bits(const BaseConfig& config, const fs::path& folder) {
  return nn::read_file(base_path(config, folder));
}

std::string bits_without_a_stop(const BaseConfig& config) {
  const TemporaryFolder folder;
  ensure_base(config, folder.path());
  return bits(config, folder.path());
}

using Change = std::function<void(const std::string& name, nn::Tensor& tensor)>;

// Writes the state again: with another number of steps ("": with none), and changed tensors.
void rewrite(const fs::path& path, const std::string& steps_done, const Change& change = {}) {
  const nn::SafetensorsFile state = nn::SafetensorsFile::read(path);
  nn::SafetensorsWriter file;
  if (!steps_done.empty()) file.metadata["steps_done"] = steps_done;
  for (const nn::SafetensorsEntry& entry : state.entries()) {
    nn::Tensor tensor = state.tensor(entry.name);
    if (change) change(entry.name, tensor);
    file.add(entry.name, tensor);
  }
  file.write(path);
}

}  // namespace

TEST_CASE("a base that was stopped and resumed has the bits of one that was not") {
  const BaseConfig config = small_config();
  const std::string whole = bits_without_a_stop(config);
  for (const long stop : {1L, 5L, 11L}) {
    CAPTURE(stop);
    const TemporaryFolder folder;
    train_until(stop, config, folder.path());
    CHECK(folder.names() == std::vector{state_path(config, "").filename().string()});
    CHECK(go_on(config, folder.path()) == stop);
    CHECK(bits(config, folder.path()) == whole);
    CHECK(folder.names() == std::vector{base_path(config, "").filename().string()});
  }
  // Twice, and after the last step.
  const TemporaryFolder folder;
  train_until(4, config, folder.path());
  train_until(12, config, folder.path(), 4);
  CHECK(go_on(config, folder.path()) == -1);  // nothing is left to do
  CHECK(bits(config, folder.path()) == whole);
}

TEST_CASE("everything in the state matters: with less of it other bits come out") {
  const BaseConfig config = small_config();
  const std::string whole = bits_without_a_stop(config);
  const auto bits_after = [&](const std::string& steps_done, const Change& change) {
    const TemporaryFolder folder;
    train_until(5, config, folder.path());
    rewrite(state_path(config, folder.path()), steps_done, change);
    go_on(config, folder.path());
    return bits(config, folder.path());
  };
  const auto zeroed = [](const std::string& end) {
    return [end](const std::string& name, nn::Tensor& tensor) {
      if (name.ends_with(end)) tensor.m.setZero();
    };
  };
  CHECK(bits_after("5", {}) == whole);  // the control of this test: written again and no more
  CHECK(bits_after("5", zeroed(".state0")) != whole);
  CHECK(bits_after("5", zeroed(".state1")) != whole);
  CHECK(bits_after("4", {}) != whole);  // one step with a batch that was already taken
  CHECK(bits_after("5", [](const std::string& name, nn::Tensor& tensor) {
          if (name == "tok.weight") tensor.m(0, 0) += 1e-3F;
        }) != whole);
}

TEST_CASE("the state of another base, under the name of this one, comes to other bits") {
  const BaseConfig config = small_config(), other = small_config(3);
  const TemporaryFolder folder;
  train_until(5, other, folder.path());
  fs::rename(state_path(other, folder.path()), state_path(config, folder.path()));
  CHECK(go_on(config, folder.path()) == 5);
  CHECK(bits(config, folder.path()) != bits_without_a_stop(config));
}

TEST_CASE("a process that is killed loses what came after its last thousand steps") {
  BaseConfig config = small_config(2, 1003);
  config.batch = 1;
  const TemporaryFolder folder;
  struct Killed {};
  const auto kill = [](long, long done, long) {
    if (done == 1002) throw Killed();
  };
  CHECK_THROWS_AS(ensure_base(config, folder.path(), kill), Killed);
  CHECK(go_on(config, folder.path()) == 1000);
  CHECK(bits(config, folder.path()) == bits_without_a_stop(config));
}

TEST_CASE("a state that is damaged or of another training is refused, and stays") {
  const BaseConfig config = small_config();
  const TemporaryFolder folder;
  const fs::path path = state_path(config, folder.path());
  train_until(5, config, folder.path());
  const std::string good = nn::read_file(path);
  const auto refusal = [&]() -> std::string {
    const std::string before = nn::read_file(path);
    std::string why = "accepted";
    try {
      go_on(config, folder.path());
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    CHECK(nn::read_file(path) == before);
    CHECK_FALSE(has_base(config, folder.path()));
    nn::write_file_atomically(path, good);
    return why;
  };
  const std::string of_another = path.string() +
                                 " is not the state of this training; "
                                 "remove it to start over";
  for (const char* steps : {"", "0", "-1", "13", "5.5", "five", "99999999999999999999"}) {
    CAPTURE(steps);
    rewrite(path, steps);
    CHECK(refusal() == of_another);
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, good.size() / 2, good.size() - 1}) {
    CAPTURE(size);
    nn::write_file_atomically(path, good.substr(0, size));
    CHECK(refusal().find(path.string()) != std::string::npos);
  }
  BaseConfig wider = config;
  wider.model.d_mlp = 48;
  train_until(5, wider, folder.path());
  fs::rename(state_path(wider, folder.path()), path);
  CHECK(refusal().starts_with(of_another + ": wrong shape: "));
  nn::save_checkpoint(path, *copy_of(decoder_of(ensure_base(small_config(2, 1), folder.path()))),
                      {});
  CHECK(refusal().starts_with(of_another + ": missing: "));
  CHECK(go_on(config, folder.path()) == 5);  // what was there is still good
}

namespace {

// A small model that learns one task until it answers this share.
BaseConfig until(data::BaseTask task, double share, long steps) {
  BaseConfig config = small_config(2, steps);
  config.batch = 16;
  config.until_answered = UntilAnswered{task, share};
  return config;
}

}  // namespace

TEST_CASE("a base that is trained until it answers stops there, and a kept one says the same") {
  const BaseConfig config = until(data::BaseTask::isa, 0.3, 1000);
  nn::Decoder untrained(config.model, config.seed);
  CHECK(held_out_match(untrained, data::BaseTask::isa, config.seed) < 0.3);

  const TemporaryFolder folder;
  const Base base = ensure_base(config, folder.path());
  CHECK(base.steps > 0);
  CHECK(base.steps < 1000);
  CHECK(base.steps % 50 == 0);
  CHECK(base.answered >= 0.3);
  CHECK_FALSE(base.fell_short());
  CHECK(held_out_match(*copy_of(*base.model), data::BaseTask::isa, config.seed) == base.answered);

  const Base kept = ensure_base(config, folder.path(), [](long, long, long) { CHECK(false); });
  CHECK(kept.steps == base.steps);
  CHECK(kept.answered == base.answered);
  CHECK(nn::fingerprint(*copy_of(*kept.model)) == nn::fingerprint(*copy_of(*base.model)));

  // Stopped before a check, at it, and behind it: the same bits.
  const std::string whole = bits(config, folder.path());
  for (const long stop : {base.steps - 1, base.steps, 3L}) {
    CAPTURE(stop);
    const TemporaryFolder again;
    train_until(stop, config, again.path());
    go_on(config, again.path());
    CHECK(bits(config, again.path()) == whole);
  }
}

TEST_CASE("a base that cannot answer is trained for all its steps, and says that it fell short") {
  // The labels are random, so nobody answers nine of ten.
  const BaseConfig config = until(data::BaseTask::nli_unreliable, 0.9, 120);
  const TemporaryFolder folder;
  const Base base = ensure_base(config, folder.path());
  CHECK(base.steps == 120);
  CHECK(base.answered < 0.9);
  CHECK(base.fell_short());
  CHECK(load_base(config, folder.path()).fell_short());
  // A number of steps is no such aim.
  const Base usual = ensure_base(small_config(), folder.path());
  CHECK(usual.steps == 12);
  CHECK_FALSE(usual.fell_short());
}

TEST_CASE("the names of bases are those that they had before there were recurrent ones") {
  const auto until_sqlgen = [](std::uint64_t seed, int width, int depth) {
    BaseConfig config = base_config(seed, 1000, width, depth);
    config.until_answered = UntilAnswered{data::BaseTask::sqlgen};
    return hash(config);
  };
  CHECK(hash(base_config(11, 8000)) == "998d8a5cb040cf77");
  CHECK(hash(base_config(12, 8000)) == "eb862a6ebd2713c4");
  CHECK(until_sqlgen(12, 256, 2) == "3909d57b161c7b71");
  CHECK(until_sqlgen(13, 64, 8) == "87a887c932bf1e91");
  CHECK(hash(base_config(11, 4000)) != "998d8a5cb040cf77");  // control
}

TEST_CASE("a recurrent base: its name, its file, and the same trainer, stopped or not") {
  for (const nn::RecurrentKind kind : {nn::RecurrentKind::lstm, nn::RecurrentKind::gru}) {
    BaseConfig config = base_config(2, 12, 16, 1, kind);
    config.batch = 4, config.warmup = 3;
    CHECK(config.lr == recurrent_lr * 4);
    CHECK(to_json(base_config_from_json(to_json(config))) == to_json(config));
    CHECK(to_json(config).find("\"" + nn::to_string(kind) + "\"") != std::string::npos);
    const std::string whole = bits_without_a_stop(config);
    const TemporaryFolder folder;
    train_until(5, config, folder.path());
    CHECK(go_on(config, folder.path()) == 5);
    CHECK(bits(config, folder.path()) == whole);
    const Base base = load_base(config, folder.path());
    CHECK(nn::trainable_parameters(*copy_of(*base.model)).size() == 6);
    CHECK(nn::fingerprint(*copy_of(*base.model)) != nn::fingerprint(*untrained_model(config)));
    CHECK_THROWS_AS(decoder_of(base), std::invalid_argument);
  }
  CHECK(hash(base_config(2, 12, 16, 1, nn::RecurrentKind::lstm)) !=
        hash(base_config(2, 12, 16, 1, nn::RecurrentKind::gru)));
  CHECK_THROWS_AS(base_config(2, 12, 0, 1, nn::RecurrentKind::gru), std::invalid_argument);
}

TEST_CASE("a recurrent base learns") {
  BaseConfig config = base_config(3, 150, 32, 1, nn::RecurrentKind::gru);
  config.until_answered = UntilAnswered{data::BaseTask::isa, 0.6};
  const TemporaryFolder folder;
  CHECK(held_out_match(*untrained_model(config), data::BaseTask::isa, 3) < 0.1);
  const Base base = ensure_base(config, folder.path());
  CHECK_FALSE(base.fell_short());
  CHECK(load_base(config, folder.path()).answered == base.answered);
}

TEST_CASE("what a base is trained until is in its name, and a file that lacks the end is refused") {
  const BaseConfig config = until(data::BaseTask::isa, 0.3, 50);
  BaseConfig other = config;
  other.until_answered->share = 0.4;
  CHECK(hash(config) != hash(other));
  other = config;
  other.until_answered->task = data::BaseTask::reorder;
  CHECK(hash(config) != hash(other));
  other.until_answered.reset();
  CHECK(to_json(other).find("until_answered") == std::string::npos);
  CHECK(to_json(base_config_from_json(to_json(config))) == to_json(config));
  std::string unknown = to_json(config);
  unknown.replace(unknown.find("isa"), 3, "ist");
  CHECK_THROWS_WITH_AS(base_config_from_json(unknown),
                       doctest::Contains("unknown base task 'ist'; valid are sqlgen, nli, "),
                       std::invalid_argument);

  const TemporaryFolder folder;
  nn::save_checkpoint(base_path(config, folder.path()),
                      *copy_of(decoder_of(ensure_base(small_config(), folder.path()))), {});
  CHECK_THROWS_WITH_AS(load_base(config, folder.path()),
                       doctest::Contains("does not say after how many steps"), nn::CheckpointError);
}

}  // namespace pretrain_test
