"""python3 peft_test.py WRITER DATA EXAMPLES: the adapters that this library writes are loaded by PEFT, compute the same logits
there, and are saved by it again with the same bytes. Skipped where there is no PEFT."""
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import peft
    import torch
    import transformers as tf
except ImportError:
    print("skipped: no peft")
    sys.exit(77)
import json
from safetensors.torch import load_file

warnings.filterwarnings("ignore")
tf.utils.logging.set_verbosity_error()
writer, data = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, sys.argv[3])
sys.dont_write_bytecode = True
import open_in_peft
heads = {"GPT2LMHeadModel", "GPT2ForSequenceClassification", "LlamaForCausalLM", "BertForSequenceClassification",
         "BertForMaskedLM", "RobertaForSequenceClassification", "DebertaForSequenceClassification",
         "DebertaV2ForSequenceClassification"}


TWICE = (".decoder.bias", ".modules_to_save.bias", ".original_module.bias")


def base(name):
    architecture = json.loads((data / "models" / name / "config.json").read_text())["architectures"][0]
    assert architecture in heads
    return getattr(tf, architecture).from_pretrained(data / "models" / name).eval()


def check(folder, out):
    name = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    inputs = {k: torch.tensor(v) for k, v in json.loads((data / "models" / name / "inputs.json").read_text()).items()}
    inputs.pop("labels")
    model = peft.PeftModel.from_pretrained(base(name), folder).eval()
    with torch.no_grad():
        theirs = model(**inputs).logits
        plain = base(name)(**inputs).logits
    ours = load_file(folder / "logits.safetensors")["logits"].reshape(theirs.shape)
    if theirs.dim() == 3:  # padding says nothing
        mask = inputs["attention_mask"].bool()
        prompt = torch.ones(mask.shape[0], theirs.shape[1] - mask.shape[1], dtype=bool)
        mask = torch.cat([prompt, mask], 1)
        theirs, ours = theirs[mask], ours[mask]
        plain = plain[inputs["attention_mask"].bool()]
    difference = (theirs - ours).abs().max().item() / max(1, theirs.abs().max().item())
    assert difference < 4e-6, f"{folder.name}: logits differ by {difference:.1e} of the largest"
    if theirs.shape == plain.shape:
        assert (theirs - plain).abs().max() > 1e-2, f"{folder.name}: the adapter changes nothing"
    model.save_pretrained(out / folder.name, save_embedding_layers=False)
    again, first = (path / "adapter_model.safetensors" for path in (out / folder.name, folder))
    twice = {key for key in load_file(again) if key.endswith(TWICE)}
    if twice:  # what PEFT saves of all biases is more than there is
        assert {key: t.tolist() for key, t in load_file(again).items() if key not in twice} == \
               {key: t.tolist() for key, t in load_file(first).items()}, f"{folder.name}: PEFT saves other tensors"
    else:
        assert again.read_bytes() == first.read_bytes(), f"{folder.name}: PEFT saves other bytes"
    same = f"tensors, and {len(twice)} biases twice" if twice else "bytes"
    print(f"{folder.name:<24} logits differ by {difference:.1e} of the largest; saved again with the same {same}")


def check_toy(folder, out):
    model = peft.PeftModel.from_pretrained(open_in_peft.open_base(folder / "base.safetensors"), folder / "adapter").eval()
    ids = torch.tensor([[1, 5, 9, 12, 0, 7], [2, 2, 11, 3, 4, 6]])
    with torch.no_grad():
        theirs, plain = model(ids), open_in_peft.open_base(folder / "base.safetensors")(ids)
    ours = load_file(folder / "logits.safetensors")["logits"].reshape(theirs.shape)
    difference = ((theirs - ours).abs().max() / theirs.abs().max()).item()
    assert difference < 4e-6, f"toy, {folder.name}: logits differ by {difference:.1e} of the largest"
    assert (theirs - plain).abs().max() > 1e-2, f"toy, {folder.name}: the adapter changes nothing"
    model.save_pretrained(out / folder.name)
    again, first = (load_file(path / "adapter_model.safetensors") for path in (out / folder.name, folder / "adapter"))
    assert again.keys() == first.keys() and all(torch.equal(again[key], first[key]) for key in first), folder.name
    print(f"toy, {folder.name:<19} logits differ by {difference:.1e} of the largest; saved again with the same A and B")


with tempfile.TemporaryDirectory() as root:
    root = pathlib.Path(root)
    subprocess.run([writer, data, root / "ours"], check=True)
    folders = sorted((root / "ours" / "models").iterdir())
    assert len(folders) > 15
    for folder in folders:
        check(folder, root / "theirs")
    for folder in sorted((root / "ours" / "toys").iterdir()):
        check_toy(folder, root / "theirs")
