"""Writes the references of recurrent_test beside this file: torch.nn.LSTM and GRU on packed sequences. Needs torch and
safetensors; made with torch 2.13. Values are computed in float64 from float32 weights, and stored as float32."""
import pathlib

import torch
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

B, T, I, H, layers, rank, scale = 3, 5, 5, 6, 2, 2, 2.0
lengths = torch.tensor([2, 4, 1])


def draw(*shape):
    return torch.randn(shape).double().requires_grad_()  # drawn as float32, which is what the file has


def reference(kind, has_lora, has_initial, seed):
    """Tensors by name: weights.*, x, lengths, upstream, and what PyTorch makes of them."""
    torch.manual_seed(seed)
    model = getattr(torch.nn, kind)(I, H, layers, batch_first=True)
    weights = {name: (0.4 * torch.randn(p.shape)).double().requires_grad_() for name, p in model.named_parameters()}
    inputs = {"x": draw(B, T, I)} | {"weights." + name: w for name, w in weights.items()}
    if has_initial:
        inputs |= {f"initial.{part}": draw(layers, B, H) for part in ("hc" if kind == "LSTM" else "h")}
    changed = dict(weights)
    for name, w in weights.items():
        if has_lora and name.startswith("weight"):
            a, b = inputs["lora_A." + name], inputs["lora_B." + name] = draw(rank, w.shape[1]), draw(w.shape[0], rank)
            changed[name] = w + scale * b @ a
    start = [inputs[f"initial.{part}"] for part in "hc" if f"initial.{part}" in inputs]
    packed = pack_padded_sequence(inputs["x"], lengths, batch_first=True, enforce_sorted=False)
    start = (tuple(start) if kind == "LSTM" else start[0],) if start else ()
    y, state = torch.func.functional_call(model.double(), changed, (packed, *start))
    y, _ = pad_packed_sequence(y, batch_first=True, total_length=T)
    state = state if isinstance(state, tuple) else (state,)
    upstream = draw(*y.shape)
    loss = (y * upstream.detach()).sum() + sum((s * s).sum() for s in state)
    loss.backward()
    outputs = {"y": y, "loss": loss, "upstream": upstream}
    outputs |= {f"final.{part}": s for part, s in zip("hc", state)}
    outputs |= {"grad." + name.removeprefix("weights."): p.grad for name, p in inputs.items()}
    return {name: t.detach().float().contiguous() for name, t in (inputs | outputs).items()} | {"lengths": lengths}


for seed, kind in enumerate(("LSTM", "GRU")):
    for suffix, options in {"": (False, False), "-lora": (True, False), "-initial": (False, True)}.items():
        path = pathlib.Path(__file__).with_name(f"{kind.lower()}{suffix}.safetensors")
        save_file(reference(kind, *options, seed), path)
