"""python3 open_in_peft.py BASE.safetensors ADAPTER: a toy base in PyTorch, and its adapter on it by PEFT.

The modules are called as our parameters are, so the checkpoint is their state_dict and the adapter fits as it is."""
import json
import sys

import peft
import torch
from safetensors import safe_open
from torch import nn
from torch.nn.functional import linear, scaled_dot_product_attention


class Attention(nn.Module):
    def __init__(self, C, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(C, C) for _ in range(4))

    def forward(self, x):
        q, k, v = (part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (self.q, self.k, self.v))
        return self.o(scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, C, heads, d_mlp, gelu):
        super().__init__()
        self.ln1, self.attn, self.ln2 = nn.LayerNorm(C), Attention(C, heads), nn.LayerNorm(C)
        self.mlp = nn.ModuleDict({"up": nn.Linear(C, d_mlp), "down": nn.Linear(d_mlp, C)})
        self.gelu = nn.GELU("tanh" if gelu == "tanh" else "none")

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp["down"](self.gelu(self.mlp["up"](self.ln2(x))))


class Base(nn.Module):
    def __init__(self, vocabulary, context, d_model, layers, heads, d_mlp, tied, gelu, **of_training):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocabulary, d_model), nn.Embedding(context, d_model)
        self.blocks = nn.ModuleList(Block(d_model, heads, d_mlp, gelu) for _ in range(layers))
        self.ln_f = nn.LayerNorm(d_model)
        self.head = None if tied else nn.Embedding(vocabulary, d_model)

    def forward(self, ids):
        x = self.tok(ids) + self.pos.weight[:ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return linear(self.ln_f(x), (self.head or self.tok).weight)


def open_base(path):
    with safe_open(path, "pt") as file:
        base = Base(**json.loads(file.metadata()["config"]))
        base.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
    return base


if __name__ == "__main__":
    model = peft.PeftModel.from_pretrained(open_base(sys.argv[1]), sys.argv[2])
    model.print_trainable_parameters()
    print(model(torch.tensor([[1, 2, 3]])).argmax(-1))
