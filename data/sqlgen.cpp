#include "data/sqlgen.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "data/vocabulary.h"

namespace data {
namespace {

using autograd::Random;

// Two readings for each alias, in the given order of aliases, each the least used column so far
// with ties broken at random: all columns serve about as many aliases, of all 32 (2 or 3) and of
// the first K alike.
AliasTable make_aliases(std::uint64_t seed, std::span<const int> order, const AliasTable* avoid) {
  Random stream(seed, "data.sqlgen.aliases");
  AliasTable table{};
  std::array<int, word::columns.size> used{};
  for (const int alias : order) {
    const auto a = static_cast<std::size_t>(alias);
    const auto taken = [&](int c, int reading) {
      return (avoid && ((*avoid)[a][0] == c || (*avoid)[a][1] == c)) ||
             (reading == 1 && table[a][0] == c);
    };
    for (int reading = 0; reading < 2; ++reading) {
      int best = -1;
      for (const int c : stream.permutation(word::columns.size))
        if (!taken(c, reading) && (best < 0 || used.at(static_cast<std::size_t>(c)) <
                                                   used.at(static_cast<std::size_t>(best))))
          best = c;
      table[a][static_cast<std::size_t>(reading)] = best;
      ++used.at(static_cast<std::size_t>(best));
    }
  }
  return table;
}

std::array<int, alias_count> in_order() {
  std::array<int, alias_count> order{};
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// A column as a prompt mentions it. An alias may only be used where its other reading, `excluded`,
// is not in the schema; a column's own name excludes nothing (-1).
struct Mention {
  int token;
  int column;
  int excluded;
};

// Which aliases prompts use, how often, and what they mean.
struct Usage {
  double alias_probability;
  std::span<const int> aliases;
  const AliasTable& table;
};

Mention draw_mention(Random& stream, const Usage& usage, bool by_alias) {
  if (!by_alias) {
    const int column = static_cast<int>(stream.below(word::columns.size));
    return {word::columns[column], column, -1};
  }
  const int alias = usage.aliases[stream.below(usage.aliases.size())];
  const Readings& readings = usage.table[static_cast<std::size_t>(alias)];
  const std::size_t reading = stream.below(2);
  return {word::aliases[alias], readings[reading], readings[1 - reading]};
}

struct Query {
  std::array<int, 4> schema;
  Mention select, where;
  int aggregate, comparison, value;
};

Query draw_query(Random& stream, const Usage& usage) {
  Query query{};
  Mention& select = query.select;
  Mention& where = query.where;
  const bool select_by_alias = stream.chance(usage.alias_probability);
  const bool where_by_alias = stream.chance(usage.alias_probability);
  do {  // both anew, so that neither is favoured; how they are made stays, so that its odds hold
    select = draw_mention(stream, usage, select_by_alias);
    where = draw_mention(stream, usage, where_by_alias);
  } while (select.column == where.column || select.excluded == where.column ||
           where.excluded == select.column);

  query.schema = {select.column, where.column};
  std::size_t filled = 2;
  for (const int c : stream.permutation(word::columns.size)) {
    if (filled == query.schema.size()) break;
    if (c == select.column || c == where.column || c == select.excluded || c == where.excluded)
      continue;
    query.schema[filled++] = c;
  }
  stream.shuffle<int>(query.schema);
  query.aggregate = static_cast<int>(stream.below(word::aggregates.size));
  query.comparison = static_cast<int>(stream.below(word::comparisons.size));
  query.value = static_cast<int>(stream.below(word::values.size));
  return query;
}

// The set of schema columns and the SQL asked for: not the order of the schema, not how the columns
// are mentioned.
std::uint64_t meaning_of(const Query& query) {
  std::uint64_t code = 0;
  for (const int c : query.schema) code |= std::uint64_t{1} << c;
  for (const int part :
       {query.select.column, query.where.column, query.aggregate, query.comparison, query.value})
    code = code << 5 | static_cast<std::uint64_t>(part);
  return code;
}

Example encode(const Query& query) {
  using namespace word;
  const auto& [schema, select, where_, aggregate, comparison, value] = query;
  Example example;
  example.tokens = {sch,
                    columns[schema[0]],
                    columns[schema[1]],
                    columns[schema[2]],
                    columns[schema[3]],
                    q,
                    aggregates[aggregate],
                    select.token,
                    where,
                    where_.token,
                    comparisons[comparison],
                    values[value],
                    sql,
                    aggregate_symbols[aggregate],
                    columns[select.column],
                    WHERE,
                    columns[where_.column],
                    comparison_symbols[comparison],
                    values[value],
                    eos};
  example.first_target = 13;
  example.target_count = 6;
  example.meaning = meaning_of(query);
  return example;
}

}  // namespace

const AliasTable& base_aliases() {
  static const AliasTable table = make_aliases(1, in_order(), nullptr);
  return table;
}

const std::array<int, alias_count>& remap_order() {
  static const std::array<int, alias_count> order = [] {
    std::array<int, alias_count> shuffled = in_order();
    Random(2, "data.sqlgen.remap_order").shuffle<int>(shuffled);
    return shuffled;
  }();
  return order;
}

AliasTable adapted_aliases(int facts) {
  if (facts < min_facts || facts > alias_count)
    throw std::invalid_argument(fmt::format(
        "facts is {}; from {} to {} aliases can get new meanings", facts, min_facts, alias_count));
  static const AliasTable renewed = make_aliases(2, remap_order(), &base_aliases());
  AliasTable table = base_aliases();
  for (const int alias : std::span(remap_order()).first(static_cast<std::size_t>(facts)))
    table[static_cast<std::size_t>(alias)] = renewed[static_cast<std::size_t>(alias)];
  return table;
}

int resolve(int mention, std::span<const int> schema, const AliasTable& table) {
  const auto in_schema = [&](int c) {
    return std::find(schema.begin(), schema.end(), c) != schema.end();
  };
  if (word::columns.contains(mention))
    return in_schema(word::columns.index(mention)) ? word::columns.index(mention) : -1;
  if (!word::aliases.contains(mention)) return -1;
  const auto& [first, second] = table[static_cast<std::size_t>(word::aliases.index(mention))];
  if (in_schema(first) == in_schema(second)) return -1;
  return in_schema(first) ? first : second;
}

Example sqlgen_example(Random& stream, std::optional<int> facts, std::optional<Split> split) {
  const AliasTable table = facts ? adapted_aliases(*facts) : base_aliases();
  const auto everything = in_order();
  const std::span<const int> aliases =
      facts ? std::span(remap_order()).first(static_cast<std::size_t>(*facts))
            : std::span(everything);
  const Usage usage{facts ? 0.8 : 0.5, aliases, table};
  for (;;) {
    const Query query = draw_query(stream, usage);
    if (belongs(split, "sqlgen", meaning_of(query))) return encode(query);
  }
}

}  // namespace data
