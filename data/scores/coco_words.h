#pragma once

#include <string_view>

#include "data/scores/text.h"

namespace data::scores {

/// The words that ROUGE-L and CIDEr of coco-caption count: those of Stanford's PTBTokenizer (of
/// CoreNLP 3.4.1, as after the Penn Treebank), in lower case, without the punctuation that
/// coco-caption lists. What differs from mteval_words:
///   - A contraction is two words: "it's" is "it" and "'s", "don't" is "do" and "n't".
///   - "20-25" is one word, as "family-friendly" is.
///   - Full stops, commas, colons, semicolons, dashes, quotes, ! and ? are dropped. Brackets stay, as
///     -lrb- and -rrb-: the list has them in capitals, and the words are in lower case by then.
///   - £ becomes #; an abbreviation such as "St." keeps its full stop.
/// The tokenizer has hundreds of rules, for dates, addresses of the web and smileys too. These are
/// the ones that plain English needs; docs/scores.md says on which texts they were compared.
Words coco_words(std::string_view text);

}  // namespace data::scores
