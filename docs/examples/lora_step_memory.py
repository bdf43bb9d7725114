"""python3 lora_step_memory.py DIR [--frozen bfloat16] [--batch 8] [--length 64]: the memory of LoRA's step in PyTorch.

A GPT-2 of DIR/config.json with random weights, frozen; LoRA of rank 4 on q and v; two steps of forward, backward and
AdamW in float32: what `lowrank bench model --random --targets q,v` does. In 16 bits each matrix becomes floats where it
is used, on the way there and on the way back. Prints the most memory that the process took, and before each part."""
import argparse
import resource

import torch
import transformers
from torch import nn


class Product(torch.autograd.Function):
    """x W of a frozen W in 16 bits. Autograd's own product would keep the floats of every W until the way back."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(w)
        return x @ w.float()

    @staticmethod
    def backward(ctx, dy):
        (w,) = ctx.saved_tensors
        return dy @ w.float().T, None


class Linear(nn.Module):
    """x W + b with W (in,out) or its transpose."""

    def __init__(self, weight, bias=None, transposed=False):
        super().__init__()
        self.weight, self.bias, self.transposed = weight, bias, transposed

    def forward(self, x):
        y = Product.apply(x, self.weight.T if self.transposed else self.weight)
        return y if self.bias is None else y + self.bias


class Table(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, ids):
        return self.weight[ids].float()


class LoraOnQueriesAndValues(nn.Module):
    """c_attn, (B,T,C) -> q beside k beside v, with a change of rank r of q and of v."""

    def __init__(self, c_attn, C, rank):
        super().__init__()
        self.c_attn, self.C = c_attn, C
        self.a = nn.ParameterList(torch.randn(rank, C) / C**0.5 for _ in "qv")
        self.b = nn.ParameterList(torch.zeros(C, rank) for _ in "qv")

    def forward(self, x):
        q, k, v = self.c_attn(x).split(self.C, dim=2)
        change = [2 * (x @ a.T) @ b.T for a, b in zip(self.a, self.b)]
        return torch.cat([q + change[0], k, v + change[1]], dim=2)


def keep_in(dtype, model):
    for p in model.parameters():
        if p.dim() == 2:
            p.data = p.data.to(dtype)
    body = model.transformer
    for block in body.h:
        for module, name in ((block.attn, "c_attn"), (block.attn, "c_proj"), (block.mlp, "c_fc"), (block.mlp, "c_proj")):
            layer = getattr(module, name)
            setattr(module, name, Linear(layer.weight, layer.bias))
    model.lm_head = Linear(body.wte.weight, transposed=True)
    body.wte, body.wpe = Table(body.wte.weight), Table(body.wpe.weight)


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--frozen", default="float32", choices=["float32", "float16", "bfloat16"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=64)
    given = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    config = transformers.GPT2Config.from_pretrained(given.folder)
    before = peak_mb()

    model = transformers.GPT2LMHeadModel(config).eval()  # without dropout
    parameters = sum(p.numel() for p in model.parameters())
    model.requires_grad_(False)
    if given.frozen != "float32":
        keep_in(getattr(torch, given.frozen), model)
    for block in model.transformer.h:
        block.attn.c_attn = LoraOnQueriesAndValues(block.attn.c_attn, config.n_embd, rank=4)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    opened = peak_mb()
    ids = torch.randint(config.vocab_size, (given.batch, given.length))
    for _ in range(2):
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"PyTorch {torch.__version__}, {given.frozen}: {parameters} parameters, of which "
          f"{sum(p.numel() for p in trained)} of LoRA train; loss {loss.item():.3f}")
    print(f"at most {before:.0f} MB before the model, {opened:.0f} MB with it, {peak_mb():.0f} MB with two steps")
