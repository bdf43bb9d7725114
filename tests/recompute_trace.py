#!/usr/bin/env python3
"""Computes exported training steps again, with PyTorch's autograd in double, and compares.

    recompute_trace.py FILE...               files that `lowrank trace --out FILE` wrote
    recompute_trace.py --self-test FILE...   wrong steps made of these files must be noticed
    recompute_trace.py --program LOWRANK --folder DIR --base-steps N [--self-test]
                                             exports every task in both modes first

Shares no code with the project: the reader of the file format, the model and the loss are written
here from their definitions. Logits, loss and every gradient must agree to 2e-3 of their scale, the
largest absolute value of the exact tensor. One gradient is exactly zero and has no scale: a bias on
all keys moves all scores of a row alike, which a softmax does not see. There the scale is 1e-3 of
the step's largest gradient. Exit code 0: agreed; 1: a difference; 77: no PyTorch.
"""

import argparse
import json
import math
import os
import shutil
import struct
import subprocess
import sys

try:
    import torch
except ImportError:
    print("skipped: this Python has no module torch (pip: torch, Debian: python3-torch)")
    sys.exit(77)

TOLERANCE = 2e-3
TASKS = ("sqlgen", "nli", "reorder")
MODES = ("full", "lora")


def read_safetensors(path):
    """-> (tensors by name, in double or int64; metadata). Header length, JSON header, data."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        code, wide = {"F32": ("f", torch.float64), "I32": ("i", torch.int64)}[entry["dtype"]]
        values = struct.unpack(f"<{(end - begin) // 4}{code}", data[begin:end])
        tensors[name] = torch.tensor(values, dtype=wide).reshape(entry["shape"])
    return tensors, metadata


def linear(params, name, x, scale):
    """x Wᵀ + b, and s (x Aᵀ) Bᵀ beside it where there is LoRA."""
    if f"{name}.lora_A" not in params:
        return x @ params[f"{name}.weight"].T + params[f"{name}.bias"]
    base = x @ params[f"{name}.base.weight"].T + params[f"{name}.base.bias"]
    return base + scale * (x @ params[f"{name}.lora_A"].T) @ params[f"{name}.lora_B"].T


def layernorm(params, name, x, eps):
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred * centred).mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * params[f"{name}.weight"] + params[f"{name}.bias"]


def gelu(x, form):
    if form == "erf":
        return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(params, name, x, heads, scale):
    B, T, C = x.shape
    q, k, v = (linear(params, f"{name}.{p}", x, scale).view(B, T, heads, C // heads).transpose(1, 2)
               for p in "qkv")  # (B, heads, T, hs)
    scores = q @ k.transpose(2, 3) / math.sqrt(C // heads)
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    mixed = scores.masked_fill(later, -math.inf).softmax(-1) @ v
    return linear(params, f"{name}.o", mixed.transpose(1, 2).reshape(B, T, C), scale)


def forward(params, ids, metadata):
    """-> logits (B,T,V) of a pre-norm decoder."""
    heads, eps = int(metadata["heads"]), float(metadata["layernorm_eps"])
    scale = float(metadata["lora_scale"])
    x = params["tok.weight"][ids] + params["pos.weight"][: ids.shape[1]]
    layers = 1 + max(int(n.split(".")[1]) for n in params if n.startswith("blocks."))
    for block in (f"blocks.{i}" for i in range(layers)):
        x = x + attention(params, f"{block}.attn", layernorm(params, f"{block}.ln1", x, eps), heads,
                          scale)
        up = linear(params, f"{block}.mlp.up", layernorm(params, f"{block}.ln2", x, eps), scale)
        x = x + linear(params, f"{block}.mlp.down", gelu(up, metadata["gelu"]), scale)
    head = params["tok.weight" if metadata["tied"] == "true" else "head.weight"]
    return layernorm(params, "ln_f", x, eps) @ head.T


def compare(tensors, metadata):
    """-> {what: largest difference relative to its scale}; the gradients by their names."""
    grads = {n[len("grad.") :]: t for n, t in tensors.items() if n.startswith("grad.")}
    params = {n[len("param.") :]: t.clone() for n, t in tensors.items() if n.startswith("param.")}
    lora = {n for n in params if n.endswith((".lora_A", ".lora_B"))}
    trainable = lora if metadata["mode"] == "lora" else set(params)
    if set(grads) != trainable or not trainable:
        raise SystemExit(f"gradients of {sorted(grads)}, but {sorted(trainable)} train")
    for name in trainable:
        params[name].requires_grad_()

    logits = forward(params, tensors["ids"], metadata)
    weight = tensors["loss_weight"]
    log_p = logits.log_softmax(-1).gather(2, tensors["targets"].unsqueeze(2)).squeeze(2)
    loss = -(weight * log_p).sum() / weight.sum()
    loss.backward()

    def difference(theirs, ours, of_zero=0.0):
        scale = ours.abs().max().item()
        if scale < 1e-9 * of_zero:
            scale = of_zero
        if scale == 0 or theirs.shape != ours.shape:
            return math.inf  # a comparison with nothing, or of different things, agrees with nothing
        error = (theirs - ours).abs().max().item() / scale
        return error if math.isfinite(error) else math.inf

    result = {"logits": difference(tensors["logits"], logits.detach()),
              "loss": difference(tensors["loss"].reshape(()), loss.detach())}
    largest = max(params[n].grad.abs().max().item() for n in grads)
    for n in sorted(grads):
        of_zero = 1e-3 * largest if n.endswith("attn.k.bias") else 0.0
        result[f"grad {n}"] = difference(grads[n], params[n].grad, of_zero)
    return result


def check(path):
    tensors, metadata = read_safetensors(path)
    result = compare(tensors, metadata)
    worst = max((n for n in result if n.startswith("grad ")), key=result.get)
    ok = max(result.values()) <= TOLERANCE
    print(f"{'ok  ' if ok else 'FAIL'} {os.path.basename(path)}: logits {result['logits']:.1e}, "
          f"loss {result['loss']:.1e}, {len(result) - 2} gradients, the worst {worst[5:]} "
          f"{result[worst]:.1e}")
    return ok


def mistakes(tensors, metadata):
    """Wrong steps, by what is wrong with them."""
    name = next(n for n in sorted(tensors) if n.startswith("grad.blocks.0.attn.q"))

    def with_gradient(change):
        return {**tensors, name: change(tensors[name].clone())}

    def one_element_off(g):
        g.view(-1)[g.abs().argmax()] *= 1.01
        return g

    other_gelu = "tanh" if metadata["gelu"] == "erf" else "erf"
    yield "one element of a gradient is 1 % off", with_gradient(one_element_off), metadata
    yield "a gradient is zero", with_gradient(lambda g: 0 * g), metadata
    yield "a gradient is twice what it is", with_gradient(lambda g: 2 * g), metadata
    yield "a weight moved", {**tensors, "param.ln_f.bias": tensors["param.ln_f.bias"] + 0.05}, metadata
    yield "the targets are the inputs", {**tensors, "targets": tensors["ids"]}, metadata
    yield "another number of heads", tensors, {**metadata, "heads": "1"}
    if metadata["mode"] == "full":
        bias = "grad.blocks.0.attn.k.bias"
        yield "a bias on keys has a gradient", {**tensors, bias: tensors[name].max().expand(
            tensors[bias].shape)}, metadata
    if metadata["mode"] == "lora":
        yield "no scale on the product", tensors, {**metadata, "lora_scale": "1"}
        yield "no product at all", tensors, {**metadata, "lora_scale": "0"}
    yield "the other gelu", tensors, {**metadata, "gelu": other_gelu}


def self_test(path):
    ok = True
    right = compare(*read_safetensors(path))
    for what, tensors, metadata in mistakes(*read_safetensors(path)):
        wrong = compare(tensors, metadata)
        difference, wanted = max(wrong.values()), TOLERANCE
        if what == "the other gelu":  # the two differ by 5e-4 at most: seen, but maybe tolerated
            difference, wanted = wrong["logits"], 20 * right["logits"]
        noticed = difference > wanted
        ok &= noticed
        print(f"{'ok  ' if noticed else 'FAIL'} {os.path.basename(path)}: {what}: {difference:.1e}")
    return ok


def export(program, folder, base_steps):
    """Runs the program for every task and mode. -> the files"""
    files = []
    for task in TASKS:
        for mode in MODES:
            files.append(os.path.join(folder, f"{task}-{mode}.safetensors"))
            more = ["--targets", "q,k,v,o,up,down"] if mode == "lora" and task == "nli" else []
            subprocess.run([program, "trace", "--task", task, "--mode", mode, "--seed", "3",
                            "--base-steps", str(base_steps), "--results", folder,
                            "--out", files[-1], *more], check=True, stdout=subprocess.DEVNULL)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--program")
    parser.add_argument("--folder")
    parser.add_argument("--base-steps", type=int, default=20)
    options = parser.parse_args()
    files = options.files
    if options.program:
        shutil.rmtree(options.folder, ignore_errors=True)  # a base made by other code would stay
        os.makedirs(options.folder)
        files = files + export(options.program, options.folder, options.base_steps)
    if not files:
        parser.error("no files")
    ok = all([check(path) for path in files])
    if options.self_test:
        ok = all([self_test(path) for path in files]) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
