#pragma once

#include <string_view>

#include "data/scores/text.h"

namespace data::scores {

/// The words of mteval-v13a.pl (NIST 2009), which BLEU and NIST count; sacrebleu calls them 13a. In
/// this order:
///   1. "<skipped>" is dropped; &quot; &amp; &lt; &gt; become the characters that they stand for.
///   2. A to Z become small; other letters, such as É, stay as they are.
///   3. Each of ! " # $ % & ( ) * + / : ; < = > ? @ [ \ ] ^ _ ` { | } ~ is a word.
///   4. A full stop or comma is a word unless it stands between two digits: "5.0" is one word.
///   5. A hyphen is a word after a digit: "20-25" is three words, "family-friendly" one.
/// An apostrophe never is: "it's" is one word.
Words mteval_words(std::string_view text);

}  // namespace data::scores
