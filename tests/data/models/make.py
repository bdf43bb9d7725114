"""Small checkpoints with random weights, and what transformers computes with them in float64.

    python3 make.py [FOLDER]    (made with torch 2.13 and transformers 5.24)

Each folder has config.json and model.safetensors, inputs.json, and reference.safetensors: hidden.0 and on, logits, loss,
and grad.NAME of every parameter, rounded to float; generated.json has continuations of prompts. No weight has the value that it starts with, so that a term that is
forgotten shows.
"""
import json
import pathlib
import random
import sys

import torch
import transformers as tf
from safetensors.torch import save_file

here = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
lengths, T = (6, 3, 5), 6


def weights(model, seed):
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = 0.2 * torch.randn(p.shape, generator=draws)
            p.copy_(1 + noise if p.dim() == 1 and name.endswith("weight") else noise)
    return model.eval()


def rows(vocabulary, pad, first=None):
    draw = random.Random(vocabulary + pad)
    ids = [[draw.randrange(4, vocabulary) for _ in range(n)] + [pad] * (T - n) for n in lengths]
    if first is not None:
        for row in ids:
            row[0] = first
    return ids, [[1] * n + [0] * (T - n) for n in lengths]


def write(name, model, labels, pad=0, first=None, types=False):
    ids, mask = rows(model.config.vocab_size, pad, first)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if types:
        inputs["token_type_ids"] = [[int(t >= 2) * m for t, m in enumerate(row)] for row in mask]
    if labels == "ids":
        inputs["labels"] = [[i if m else -100 for i, m in zip(*pair)] for pair in zip(ids, mask)]
    elif labels == "some":
        inputs["labels"] = [[i if m and t % 2 else -100 for t, (i, m) in enumerate(zip(*pair))] for pair in zip(ids, mask)]
    else:
        inputs["labels"] = [0, 2, 1]
    folder = here / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    model.double()
    out = model(**{k: torch.tensor(v) for k, v in inputs.items()}, output_hidden_states=True)
    out.loss.backward()
    tensors = {f"hidden.{i}": h for i, h in enumerate(out.hidden_states)}
    tensors |= {"logits": out.logits, "loss": out.loss}
    tensors |= {"grad." + n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    tensors = {n: t.detach().float().contiguous().clone() for n, t in tensors.items()}
    save_file(tensors, folder / "reference.safetensors", metadata={"format": "pt"})
    (folder / "inputs.json").write_text(json.dumps(inputs) + "\n")


def continuations(name):
    """Greedy and with beams, ended by these tokens, penalties and lengths; the last without repeated n-grams."""
    model = tf.AutoModelForCausalLM.from_pretrained(here / name).double().eval()
    draw, lines = random.Random(5), []
    for n in range(80):
        prompt = [draw.randrange(3, 23) for _ in range(draw.randrange(1, 4))]
        beams, penalty, most = 1 + n % 6, [1.0, 0.8, 0.0, 2.0, -1.0][n % 5], draw.randrange(3, 6)
        ids = torch.tensor([prompt])
        likely = model(ids).logits[0, -1].topk(8).indices.tolist()  # others would end nothing
        stops = sorted(draw.sample(likely, n % 4)) or None
        unlike = 0 if n < 60 else 1 + n % 2
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=beams, pad_token_id=0,
                             length_penalty=penalty, eos_token_id=stops, max_new_tokens=most,
                             no_repeat_ngram_size=unlike, output_scores=True, return_dict_in_generate=True)
        line = {"prompt": prompt, "stops": stops or [], "beams": beams, "length_penalty": penalty, "max_tokens": most,
                "ids": out.sequences[0, len(prompt):].tolist()}
        if unlike:
            line["no_repeat_ngram"] = unlike
        if beams > 1:
            line["score"] = float(out.sequences_scores[0])
        lines.append(json.dumps(line))
    (here / name / "generated.json").write_text("[" + ",\n ".join(lines) + "]\n")


gpt2 = dict(vocab_size=23, n_positions=8, n_embd=12, n_layer=2, n_head=3, bos_token_id=1, eos_token_id=2)
write("gpt2", weights(tf.GPT2LMHeadModel(tf.GPT2Config(**gpt2)), 1), "ids")
write("gpt2-classifier", weights(tf.GPT2ForSequenceClassification(
    tf.GPT2Config(**gpt2, num_labels=3, pad_token_id=0, n_inner=20, activation_function="gelu")), 2), "rows")

llama = dict(vocab_size=23, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=6,
             num_key_value_heads=2, head_dim=4, max_position_embeddings=8, bos_token_id=1, eos_token_id=2)
write("llama", weights(tf.LlamaForCausalLM(tf.LlamaConfig(
    **llama, tie_word_embeddings=False, rope_parameters={"rope_type": "default", "rope_theta": 100.0})), 3), "ids")
stretched = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
             "original_max_position_embeddings": 16}
write("llama3", weights(tf.LlamaForCausalLM(tf.LlamaConfig(
    **llama, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, rope_parameters=stretched)), 4), "ids")

bert = dict(vocab_size=23, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
            max_position_embeddings=8, num_labels=3)
write("bert", weights(tf.BertForSequenceClassification(
    tf.BertConfig(**bert, type_vocab_size=2, pad_token_id=0)), 5), "rows", first=2, types=True)
write("bert-mlm", weights(tf.BertForMaskedLM(tf.BertConfig(
    **bert, type_vocab_size=2, pad_token_id=0, hidden_act="gelu_new")), 6), "some", first=2)
write("roberta", weights(tf.RobertaForSequenceClassification(tf.RobertaConfig(
    **bert, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2)), 7), "rows", pad=1, first=0)
write("roberta-mlm", weights(tf.RobertaForMaskedLM(tf.RobertaConfig(
    **bert, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2)), 8), "some", pad=1, first=0)

deberta = dict(bert, pad_token_id=0, relative_attention=True, position_biased_input=False, type_vocab_size=0)
write("deberta", weights(tf.DebertaForSequenceClassification(tf.DebertaConfig(
    **deberta, pos_att_type=["c2p", "p2c"], max_relative_positions=4)), 9), "rows", first=2)
buckets = dict(deberta, position_buckets=4, max_relative_positions=-1, norm_rel_ebd="layer_norm")
write("deberta-v2", weights(tf.DebertaV2ForSequenceClassification(tf.DebertaV2Config(
    **buckets, pos_att_type=["p2c", "c2p"], share_att_key=False, conv_kernel_size=3, conv_act="gelu")), 10), "rows", first=2)
write("deberta-v3", weights(tf.DebertaV2ForSequenceClassification(tf.DebertaV2Config(
    **buckets, pos_att_type=["p2c", "c2p"], share_att_key=True)), 11), "rows", first=2)

for name in ("gpt2", "llama"):
    continuations(name)
