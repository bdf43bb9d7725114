#include "experiments/cli/convert.h"

#include <fmt/format.h>

#include "experiments/cli/command_line.h"
#include "experiments/harness/output.h"
#include "lora/interop/loralib.h"
#include "lora/interop/mlx.h"
#include "nn/files/json.h"

namespace experiments::cli {
namespace {

lora::PortableAdapter read_adapter_of(const ConvertOptions& given) {
  switch (given.from) {
    case AdapterForm::loralib:
      return lora::read_loralib(given.in, {*given.rank, *given.alpha, given.merged});
    case AdapterForm::mlx:
      return lora::read_mlx(given.in);
    default:
      return lora::read_peft(given.in);
  }
}

}  // namespace

int run_convert(const ConvertOptions& given) {
  const lora::PortableAdapter adapter = read_adapter_of(given);
  std::optional<lora::LoralibOptions> told;  // what loralib's file does not hold
  if (given.to == AdapterForm::loralib)
    told = lora::write_loralib(given.out, adapter, given.merged);
  else if (given.to == AdapterForm::mlx)
    lora::write_mlx(given.out, adapter, *given.layers);
  else
    lora::write_peft(given.out, adapter);

  if (given.json) {
    nn::Json object{{"in", given.in.string()},
                    {"out", given.out.string()},
                    {"tensors", adapter.tensors.size()}};
    if (told) object["rank"] = told->rank, object["alpha"] = told->alpha;
    print_out("{}", json_line(object));
    return 0;
  }
  print_out("{} tensors written to {}\n", adapter.tensors.size(), given.out.string());
  if (told)
    print_out("the file does not hold what its reader has to know: r = {}, alpha = {}\n",
              told->rank, told->alpha);
  return 0;
}

}  // namespace experiments::cli
