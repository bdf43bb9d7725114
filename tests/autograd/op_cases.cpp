#include "op_cases.h"

#include <fmt/format.h>

namespace op_cases {

std::vector<OpCase> all() {
  std::vector<OpCase> cases;
  for (const auto& topic :
       {elementwise, linear, moving, by_rows, losses, attentions, recurrent, models})
    for (OpCase& op_case : topic()) cases.push_back(std::move(op_case));
  return cases;
}

Tensors draw(const OpCase& op_case, const Shapes& shapes) {
  Tensors inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Random random(5, fmt::format("{} {} {}", op_case.op, shapes[i].str(), i));
    const Draw draw = i < op_case.draws.size() ? op_case.draws[i] : Draw::normal;
    inputs.push_back(draw == Draw::normal ? random.normal(shapes[i], 1)
                                          : random.uniform(shapes[i], 0.5, 2));
    if (draw == Draw::away_from_zero)
      for (Scalar& x : inputs.back().m.reshaped())
        if (random.chance(0.5)) x = -x;
  }
  return inputs;
}

std::string title(const OpCase& op_case, const Shapes& shapes) {
  std::string title = op_case.op;
  if (!op_case.variant.empty()) title += fmt::format(" {}", op_case.variant);
  for (const Shape& shape : shapes) title += fmt::format(" {}", shape.str());
  return title;
}

}  // namespace op_cases
