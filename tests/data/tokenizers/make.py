"""python3 make.py: makes the small tokenizers of this folder anew and asks the libraries that they are for what the
lines of golden.jsonl become. With tokenizers 0.23.3, transformers 5.24.0 and sentencepiece 0.2.3. They are
trained on pages of docs/, which change: what comes out is another tokenizer of the same kind.
"""
import json
import pathlib
import random

import sentencepiece
import tokenizers as tk
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
CORPUS = [str(HERE.parents[2] / "docs" / name) for name in ("lora.md", "questions.md", "glossary.md")]

LINES = [
    "", " ", "  ", "\n", "\t\t", " \n \n", "Hello world", " hello  world   !", "It's what we'll DON'T they've I'M",
    "can\u2019t", "3.14159 1,000,000 2026-11-25", "a1b22c333", "snake_case camelCase kebab-case",
    "def f(x):\n    return x**2  # square\n", "<s></s> [CLS] [SEP] [MASK] <pad> <|endoftext|>a <mask>  b", "x<mask>y", "x  [MASK] y [SEP]z",
    "na\u00efve caf\u00e9", "nai\u0308ve e\u0301", "\u0391\u0392\u0393 \u03c2 \u03c3", "\u041f\u0440\u0438\u0432\u0435\u0442!",
    "\u6771\u4eac\u30bf\u30ef\u30fc\u306f333m", "\ud55c\uad6d\uc5b4", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0645\u0631\u062d\u0628\u0627",
    "\U0001F600 \U0001F469\u200d\U0001F467", "\u200b\ufeff zero", "a\u00a0b\u2003c\u3000d", "a\u180eb a\u0085b \u2028c \u2029 d\x0be\x0cf",
    "\u00bd \u00b2 \u2460 \u2167 \u0663", "\u2026\u2014\u201c\u201d\u00ab", "$\u00a3\u20ac % & @ # ^ ~ `", "!!!???...", "A" * 101, "a" * 100,
    "x = {'a': [1], \"b\": None}", "\x00\x01\x7f control", "tab\tnew\r\nline\rcr", "\ufb01 \u00c5 \u212a 'S 'T \u017f '\u017f", "\u0130stanbul I\u0131",
    "\u00df \u1e9e", "a\u061db a\u2e41b \u1c89", "\U00020000\U0002b820\U0002b920\uff21", "\ue000 \U000e0041 \u0378 \ufffd", "low-rank adaptation of a frozen weight",
    "      the    last      ", "\u4e2d" * 12, "\u0301\u0302 alone", "a.b?c!d, e' n't",
]


def random_lines(count):
    rng = random.Random(7)
    pools = [(0x20, 0x7F)] * 5 + [(0x20, 0x21)] * 2 + [(0xA0, 0x250), (0x300, 0x340), (0x370, 0x530), (0x600, 0x700), (0x2000, 0x2070), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0x1F300, 0x1F650)]
    return ["".join(chr(rng.randrange(*rng.choice(pools))) for _ in range(rng.randrange(1, 20))) for _ in range(count)]


def write(folder, encode, decode, pair=None):
    """encode(text) and pair(a, b) give ids and types."""
    with open(folder / "golden.jsonl", "w", encoding="ascii") as file:
        for text in LINES + random_lines(30):
            ids, types = encode(text)
            file.write(json.dumps({"text": text, "ids": ids, "types": types, "decoded": decode(ids)}) + "\n")
        for first, second in zip(LINES[6:10], LINES[16:20]) if pair else []:
            ids, types = pair(first, second)
            file.write(json.dumps({"text": first, "pair": second, "ids": ids, "types": types, "decoded": decode(ids)}) + "\n")


def write_fast(folder, tokenizer, skip=False):
    both = lambda e: (e.ids, e.type_ids)
    write(folder, lambda x: both(tokenizer.encode(x)), lambda ids: tokenizer.decode(ids, skip_special_tokens=skip),
          lambda a, b: both(tokenizer.encode(a, b)))


def folder(name):
    made = HERE / name
    made.mkdir(exist_ok=True)
    return made


def byte_level(specials, size, *, add_prefix_space=False, pre=None, **model):
    t = tk.Tokenizer(models.BPE(**model))
    t.pre_tokenizer = pre or pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    t.decoder = decoders.ByteLevel()
    t.train(CORPUS, trainers.BpeTrainer(vocab_size=size, special_tokens=specials, show_progress=False,
                                        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


# GPT-2: vocab.json and merges.txt alone.
t = byte_level(["<|endoftext|>"], 420)
t.model.save(str(folder("gpt2")))
write_fast(folder("gpt2"), t)

# RoBERTa: a tokenizer.json with a space in front, and a <mask> that takes the space on its left.
t = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], 420, add_prefix_space=True)
t.add_special_tokens([tk.AddedToken("<mask>", lstrip=True)])
t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True)
t.save(str(folder("roberta") / "tokenizer.json"))
write_fast(folder("roberta"), t)

# DeBERTa: vocab.json and merges.txt, and a configuration that says the class, and of <mask> what it takes with it.
t = byte_level(["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"], 420)
deberta = folder("deberta")
t.model.save(str(deberta))
mask = {"__type": "AddedToken", "content": "[MASK]", "lstrip": True}
(deberta / "tokenizer_config.json").write_text(json.dumps({"mask_token": mask, "tokenizer_class": "DebertaTokenizer"}) + "\n")
t = transformers.DebertaTokenizer(str(deberta / "vocab.json"), str(deberta / "merges.txt"), mask_token=tk.AddedToken("[MASK]", lstrip=True, special=True))
both_of = lambda e: (e["input_ids"], e["token_type_ids"])
# No pairs: transformers 5 gives them RoBERTa's template, and DeBERTa was trained with BERT's, as version 4 has it.
write(deberta, lambda x: both_of(t(x)), lambda ids: t.decode(ids, clean_up_tokenization_spaces=False))

# LLaMA-3: its pattern, whole pieces before merges, a template; and a token that is looked for in a second round.
pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
t = byte_level([], 420, ignore_merges=True, pre=pre_tokenizers.Sequence([
    pre_tokenizers.Split(tk.Regex(pattern), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]))
# A token that no merge leads to: only a whole piece is one.
text = json.loads(t.to_str())
text["model"]["vocab"]["\u0120adaptation"] = len(text["model"]["vocab"])
t = tk.Tokenizer.from_str(json.dumps(text))
t.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
t.add_tokens([tk.AddedToken("camelCase", normalized=True, rstrip=True), "camel"])
begin = t.token_to_id("<|begin_of_text|>")
t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
    single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1", special_tokens=[("<|begin_of_text|>", begin)])])
t.save(str(folder("llama3") / "tokenizer.json"))
write_fast(folder("llama3"), t)

# BERT: vocab.txt.
t = tk.BertWordPieceTokenizer(lowercase=True)
t.train(CORPUS, vocab_size=420, show_progress=False)
t.save_model(str(folder("bert")))
t = tk.BertWordPieceTokenizer(str(HERE / "bert" / "vocab.txt"), lowercase=True)
write_fast(folder("bert"), t, skip=True)

# BERT, cased: accents stay, and of Chinese characters a word is made.
cased = folder("bert-cased")
(cased / "vocab.txt").write_text((HERE / "bert" / "vocab.txt").read_text(encoding="utf-8"), encoding="utf-8")
(cased / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False, "tokenize_chinese_chars": False, "tokenizer_class": "BertTokenizer"}) + "\n")
t = tk.BertWordPieceTokenizer(str(cased / "vocab.txt"), lowercase=False, strip_accents=False, handle_chinese_chars=False)
write_fast(cased, t, skip=True)

# SentencePiece: LLaMA-2's kind and DeBERTa-v3's.
common = dict(input=",".join(CORPUS), character_coverage=0.995, minloglevel=2, max_sentence_length=100000)
sentencepiece.SentencePieceTrainer.train(model_prefix=str(folder("llama") / "tokenizer"), vocab_size=420, model_type="bpe", byte_fallback=True,
    split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False, **common)
(HERE / "llama" / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}) + "\n")
sentencepiece.SentencePieceTrainer.train(model_prefix=str(folder("deberta-v3") / "spm"), vocab_size=300, model_type="unigram", normalization_rule_name="identity",
    pad_id=0, bos_id=1, eos_id=2, unk_id=3, bos_piece="[CLS]", eos_piece="[SEP]", pad_piece="[PAD]", unk_piece="[UNK]", **common)
(HERE / "deberta-v3" / "config.json").write_text(json.dumps({"model_type": "deberta-v2"}) + "\n")
for name, file in (("llama", "tokenizer"), ("deberta-v3", "spm")):
    (HERE / name / f"{file}.vocab").unlink()
    s = sentencepiece.SentencePieceProcessor(model_file=str(HERE / name / f"{file}.model"))
    if name == "llama":
        frame = lambda a: ([1] + a, [0] * (len(a) + 1))
        frame2 = lambda a, b: ([1] + a + [1] + b, [0] * (len(a) + 1) + [1] * (len(b) + 1))
    else:
        frame = lambda a: ([1] + a + [2], [0] * (len(a) + 2))
        frame2 = lambda a, b: ([1] + a + [2] + b + [2], [0] * (len(a) + 2) + [1] * (len(b) + 1))
    write(HERE / name, lambda x: frame(s.encode(x)), s.decode, lambda a, b: frame2(s.encode(a), s.encode(b)))
