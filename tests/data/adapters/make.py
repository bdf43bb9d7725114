"""Adapters with random weights for the checkpoints of ../models, and what their libraries compute with them in float64.

    python3 make.py [FOLDER]    (made with torch 2.13, transformers 5.24 and peft 0.21)

Each folder has what the library writes, inputs.json and reference.safetensors: logits, loss, grad.KEY of what trains, by its
key in the adapter, and merged.NAME of every weight that merging changes. loralib's and MLX's layouts are written by hand, and
their references computed by the formulas in those libraries' layers.
"""
import json
import pathlib
import sys
import warnings

import peft
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
models = here.parent / "models"
classes = {"gpt2": tf.GPT2LMHeadModel, "gpt2-classifier": tf.GPT2ForSequenceClassification, "llama": tf.LlamaForCausalLM,
           "bert": tf.BertForSequenceClassification, "bert-mlm": tf.BertForMaskedLM,
           "roberta": tf.RobertaForSequenceClassification, "deberta": tf.DebertaForSequenceClassification,
           "deberta-v3": tf.DebertaV2ForSequenceClassification}


def base(name):
    return classes[name].from_pretrained(models / name).eval()


def inputs(name):
    return {k: torch.tensor(v) for k, v in json.loads((models / name / "inputs.json").read_text()).items()}


def write(folder, tensors, x):
    tensors = {n: t.detach().float().contiguous().clone() for n, t in tensors.items()}
    save_file(tensors, folder / "reference.safetensors", metadata={"format": "pt"})
    (folder / "inputs.json").write_text(json.dumps({k: v.tolist() for k, v in x.items()}) + "\n")
    for readme in folder.rglob("README.md"):
        readme.unlink()


def in_file(name):
    """A parameter's name in the model as the key that it has in the adapter."""
    name = name.replace(".modules_to_save.default", "").replace(".default", "")
    return name.replace("magnitude_vector.weight", "magnitude_vector")


def run(model, x):
    model.double()
    result = model(**x)
    tensors = {"logits": result.logits, "loss": result.loss}
    if any(p.requires_grad for p in model.parameters()):
        result.loss.backward()
        tensors |= {"grad." + in_file(n): p.grad for n, p in model.named_parameters() if p.grad is not None}
    return tensors


def draw(model, seed, size=0.3):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(size * torch.randn(p.shape, generator=g))


def make(folder, name, config, seed, merge=True, change=None):
    torch.manual_seed(seed)
    model = peft.get_peft_model(base(name), config)
    for c in model.peft_config.values():
        c.base_model_name_or_path = name
    draw(model, seed)
    if change:
        change(model)
    model.eval().save_pretrained(out / folder)
    x = inputs(name)
    tensors = run(peft.PeftModel.from_pretrained(base(name), out / folder, is_trainable=merge).eval(), x)
    if merge:
        before = base(name).state_dict()
        merged = peft.PeftModel.from_pretrained(base(name), out / folder).double().merge_and_unload().state_dict()
        tensors |= {"merged." + n: t for n, t in merged.items() if n in before and not torch.equal(before[n].double(), t)}
    write(out / folder, tensors, x)


def lora(**more):
    return peft.LoraConfig(**{**dict(r=2, lora_alpha=3, task_type="CAUSAL_LM"), **more})


def masks(model):
    """As AdaLoRA's allocator leaves them: other directions in each matrix."""
    names = [n.removeprefix("base_model.model.") for n, _ in model.named_parameters() if ".lora_E." in n]
    model.peft_config["default"].rank_pattern = {n: [(i + k) % 3 > 0 for i in range(4)] for k, n in enumerate(names)}


make("lora-gpt2", "gpt2", lora(target_modules=["c_attn", "mlp.c_proj"], fan_in_fan_out=True), 1)
make("lora-gpt2-embedding", "gpt2", lora(target_modules=["wte", "wpe", "c_fc"], fan_in_fan_out=True), 2)
make("lora-llama-embedding", "llama", lora(target_modules=["embed_tokens", "o_proj"]), 22)
make("lora-gpt2-bias", "gpt2", lora(target_modules=["c_attn"], fan_in_fan_out=True, bias="lora_only"), 3)
make("lora-gpt2-biases", "gpt2-classifier", lora(target_modules=["c_attn"], fan_in_fan_out=True, bias="all",
                                                 task_type="SEQ_CLS"), 4)
make("lora-llama-patterns", "llama", lora(
    target_modules=["q_proj", "v_proj"], rank_pattern={"layers.0.self_attn.q_proj": 1, r".*\.1\.self_attn\.v_proj": 3},
    alpha_pattern={"v_proj": 5}, use_rslora=True), 5)
make("lora-llama-regex", "llama", lora(target_modules=r".*\.layers\.1\.(self_attn\.(q|o)|mlp\.up)_proj"), 6)
make("lora-llama-layers", "llama", lora(target_modules=["k_proj", "down_proj"], layers_to_transform=[1],
                                        layers_pattern="layers"), 7)
make("lora-llama-exclude", "llama", lora(target_modules="all-linear", exclude_modules=r".*(gate|up|down)_proj"), 8)
make("lora-bert-modules", "bert", lora(target_modules=["query", "value"], modules_to_save=["pooler"],
                                       task_type="SEQ_CLS"), 9)
make("lora-bert-mlm", "bert-mlm", lora(target_modules=["key", "word_embeddings"], task_type=None), 10)
make("lora-roberta", "roberta", lora(target_modules=["query", "intermediate.dense"], task_type="SEQ_CLS"), 11)
make("lora-deberta-v3", "deberta-v3", lora(target_modules=["query_proj", "key_proj"], task_type="SEQ_CLS"), 12)
make("dora-gpt2", "gpt2", lora(target_modules=["c_attn", "c_fc"], use_dora=True, fan_in_fan_out=True), 13)
make("dora-llama", "llama", lora(target_modules=["v_proj", "down_proj"], use_dora=True), 14)
make("vera-llama", "llama", peft.VeraConfig(r=3, target_modules=["q_proj", "down_proj"], projection_prng_key=7,
                                            task_type="CAUSAL_LM"), 15)
make("adalora-bert", "bert", peft.AdaLoraConfig(init_r=4, target_r=2, tinit=1, tfinal=1, total_step=9, lora_alpha=3,
                                                target_modules=["query", "value"], task_type="SEQ_CLS"), 16)
make("adalora-bert-masks", "bert", peft.AdaLoraConfig(init_r=4, target_r=2, tinit=1, tfinal=1, total_step=9, lora_alpha=3,
                                                      target_modules=["query", "value"], task_type="SEQ_CLS"), 17, change=masks)
make("prompt-gpt2", "gpt2", peft.PromptTuningConfig(num_virtual_tokens=2, task_type="CAUSAL_LM"), 18, merge=False)
make("prompt-llama", "llama", peft.PromptEncoderConfig(
    num_virtual_tokens=2, encoder_reparameterization_type="MLP", encoder_hidden_size=5, task_type="CAUSAL_LM"), 19, merge=False)
for number, name in enumerate(("bert", "gpt2-classifier")):  # with types, and with padding behind a prompt
    make(f"prompt-{name}", name, peft.PromptTuningConfig(num_virtual_tokens=2, task_type="SEQ_CLS"), 23 + number, merge=False)
make("lora-bert-mlm-biases", "bert-mlm", lora(target_modules=["query"], bias="all", task_type=None), 26)
make("lora-deberta-biases", "deberta", lora(target_modules=["in_proj"], bias="all", task_type="SEQ_CLS"), 27)

# PiSSA: as PEFT saves it after training, which is to be put on the rest of the base, and as plain LoRA.
torch.manual_seed(20)
model = peft.get_peft_model(base("llama"), lora(target_modules=["q_proj", "v_proj"], init_lora_weights="pissa"))
pissa = model.peft_config["default"]
pissa.base_model_name_or_path = "llama"
pissa.init_lora_weights = True
model.save_pretrained(out / "pissa-llama" / "start")
pissa.init_lora_weights = "pissa"
draw(model, 20)
model.eval().save_pretrained(out / "pissa-llama" / "trained")
model.save_pretrained(out / "pissa-llama" / "converted",
                      path_initial_model_for_weight_conversion=str(out / "pissa-llama" / "start"))
write(out / "pissa-llama", run(model, inputs("llama")), inputs("llama"))


# loralib: MergedLinear(r=2, lora_alpha=3, enable_lora=[True, False, True]) on c_attn, whose A (2r,in) and B (2d,r) are those
# of q and of v one under the other, and Linear on query with the classifier beside.
def merged_linear(W, b, A, B, x, scale):
    d, r = W.shape[0] // 3, A.shape[0] // 2
    delta = torch.zeros_like(W)
    delta[:d] = B[:d] @ A[:r]
    delta[2 * d:] = B[d:] @ A[r:]
    return x @ (W + scale * delta).T + b, scale * delta


g = torch.Generator().manual_seed(21)
w = load_file(models / "gpt2" / "model.safetensors")
x = torch.randn(2, 3, 12, generator=g)
state, reference = {}, {"x": x}
for i in range(2):
    name = f"transformer.h.{i}.attn.c_attn"
    A, B = 0.3 * torch.randn(4, 12, generator=g), 0.3 * torch.randn(24, 2, generator=g)
    state |= {name + ".lora_A": A, name + ".lora_B": B}
    y, delta = merged_linear(w[name + ".weight"].double().T, w[name + ".bias"].double(), A.double(), B.double(), x.double(), 1.5)
    reference |= {"out." + name: y, "delta." + name: delta}
(out / "loralib-gpt2").mkdir(parents=True, exist_ok=True)
save_file(state, out / "loralib-gpt2" / "lora.safetensors")
write(out / "loralib-gpt2", reference, {})

w = load_file(models / "roberta" / "model.safetensors")
state, reference = {}, {"x": x}
for i in range(2):
    name = f"roberta.encoder.layer.{i}.attention.self.query"
    A, B = 0.3 * torch.randn(2, 12, generator=g), 0.3 * torch.randn(12, 2, generator=g)
    state |= {name + ".lora_A": A, name + ".lora_B": B}
    delta = 1.5 * B.double() @ A.double()
    y = x.double() @ (w[name + ".weight"].double() + delta).T + w[name + ".bias"].double()
    reference |= {"out." + name: y, "delta." + name: delta}
for name in ("dense.weight", "dense.bias", "out_proj.weight", "out_proj.bias"):
    state["classifier." + name] = w["classifier." + name] * 1.5
(out / "loralib-roberta").mkdir(parents=True, exist_ok=True)
save_file(state, out / "loralib-roberta" / "lora.safetensors")
write(out / "loralib-roberta", reference, {})

# MLX LM: a (in,r), b (r,out), the scale as it is, the last layer; for DoRA m (out).
for kind in ("lora", "dora"):
    model = base("llama").double()
    state = {}
    for key in ("self_attn.q_proj", "mlp.down_proj"):
        layer = model.model.layers[1].get_submodule(key)
        W = layer.weight.detach()
        a, b = 0.3 * torch.randn(W.shape[1], 2, generator=g), 0.3 * torch.randn(2, W.shape[0], generator=g)
        m = W.norm(dim=1).float() + 0.1 * torch.randn(W.shape[0], generator=g)
        name = "model.layers.1." + key
        state |= {name + ".lora_a": a, name + ".lora_b": b} | ({name + ".m": m} if kind == "dora" else {})
        V = W + 2.5 * (a.double() @ b.double()).T
        layer.weight.data = V if kind == "lora" else (m.double() / V.norm(dim=1))[:, None] * V
    folder = out / f"mlx-{kind}-llama"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "adapters.safetensors")
    parameters = {"rank": 2, "dropout": 0.0, "scale": 2.5, "keys": ["self_attn.q_proj", "mlp.down_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(
        {"fine_tune_type": kind, "num_layers": 1, "lora_parameters": parameters, "model": "llama"}, indent=2) + "\n")
    x = inputs("llama")
    with torch.no_grad():
        write(folder, {"logits": model(**x).logits}, x)
