#!/usr/bin/env python3
"""Draws the pictures of the pages, as SVG for light and dark themes.

    draw.py          writes them beside this file
    draw.py --check  exit code 1 where one is not as it would be written
"""

import csv
import math
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent

# Okabe and Ito's blue and vermilion, which colour-blind readers tell apart: frozen and trained.
STYLE = """
  text { font: 15px sans-serif; fill: #1f2328; }
  .small { font-size: 12.5px; }
  .code { font-family: monospace; font-size: 14px; }
  .mid { text-anchor: middle; } .right { text-anchor: end; }
  .soft { fill: #59636e; }
  .line { stroke: #59636e; stroke-width: 1.5; fill: none; }
  .axis { stroke: #8c959f; stroke-width: 1; fill: none; }
  .grid { stroke: #d1d9e0; stroke-width: 1; fill: none; }
  .value { fill: #f6f8fa; stroke: #59636e; stroke-width: 1.5; }
  .frozen { fill: #d6e8f5; stroke: #0072b2; stroke-width: 1.5; }
  .trained { fill: #fbe3d3; stroke: #d55e00; stroke-width: 1.5; }
  .back { stroke: #d55e00; stroke-width: 2; fill: none; }
  .blue { stroke: #0072b2; fill: #0072b2; } .orange { stroke: #d55e00; fill: #d55e00; }
  .green { stroke: #009e73; fill: #009e73; }
  .series { stroke-width: 2.5; fill: none; } .band { opacity: 0.16; stroke: none; }
  .dash { stroke-dasharray: 6 4; }
  .arrowhead { fill: #59636e; } .backhead { fill: #d55e00; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .soft { fill: #9198a1; }
    .line { stroke: #9198a1; } .axis { stroke: #656c76; } .grid { stroke: #30363d; }
    .value { fill: #161b22; stroke: #9198a1; }
    .frozen { fill: #0b2a40; stroke: #56b4e9; } .trained { fill: #40200c; stroke: #e8884b; }
    .back { stroke: #e8884b; } .backhead { fill: #e8884b; } .arrowhead { fill: #9198a1; }
    .blue { stroke: #56b4e9; fill: #56b4e9; } .orange { stroke: #e8884b; fill: #e8884b; }
    .green { stroke: #2fc69b; fill: #2fc69b; }
  }"""
HEADS = ('<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
         '<path class="arrowhead" d="M0 0L8 4L0 8z"/></marker>'
         '<marker id="back" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
         '<path class="backhead" d="M0 0L8 4L0 8z"/></marker>')


class Picture:
    def __init__(self, width, height, title):
        self.parts = []
        self.head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                     f'height="{height}" role="img">\n<title>{title}</title>\n<style>{STYLE}\n</style>\n'
                     f'<defs>{HEADS}</defs>\n')

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, text, kind=""):
        self.add(f'<text x="{x:g}" y="{y:g}" class="{kind}">{text}</text>')

    def box(self, x, y, width, height, kind, text="", below="", round_=4):
        self.add(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_}" class="{kind}"/>')
        if text:
            self.text(x + width / 2, y + height / 2 + 5, text, "mid")
        if below:
            self.text(x + width / 2, y + height + 18, below, "small mid soft")

    def arrow(self, path, kind="line", head="head"):
        self.add(f'<path d="{path}" class="{kind}" marker-end="url(#{head})"/>')

    def svg(self):
        return self.head + "\n".join(self.parts) + "\n</svg>\n"


def lora_layer():
    """W0, A and B in proportion, for in = out = 64 and r = 4."""
    p = Picture(760, 300, "A linear layer with LoRA: h = x W0ᵀ + α/r (x Aᵀ) Bᵀ")
    side, thin = 128, 16
    p.box(20, 126, 40, 64, "value", "x")
    p.text(40, 210, "(rows, in)", "small mid soft")
    p.box(190, 20, side, side, "frozen")
    p.text(190 + side / 2, 80, "W0", "mid")
    p.text(190 + side / 2, 102, "(out, in), frozen", "small mid soft")
    p.box(190, 216, side, thin, "trained")
    p.text(190 + side / 2, 254, "A (r, in): random at the start", "small mid soft")
    p.box(420, 160, thin, side, "trained")
    p.text(444, 200, "B (out, r): zero at the start", "small soft")
    p.text(444, 222, "r (in + out) numbers are trained,", "small soft")
    p.text(444, 240, "in · out are not", "small soft")
    p.box(560, 64, 40, 40, "value", "+", round_=20)
    p.box(680, 52, 40, 64, "value", "h")
    p.text(700, 136, "(rows, out)", "small mid soft")
    p.arrow("M60 146 C120 146 120 84 186 84")
    p.arrow("M60 172 C120 172 120 224 186 224")
    p.arrow("M318 84 L556 84")
    p.arrow("M318 224 L416 224")
    p.arrow("M436 172 C500 172 580 170 580 108")
    p.text(492, 160, "· α/r", "small mid")
    p.arrow("M600 84 L676 84")
    return p


def tape():
    """The tape of one LoRA layer, as trace and dump number it, with the way back under it."""
    p = Picture(860, 300, "The tape of one LoRA layer, forward and back")
    columns = [("x", "value", "constant"), ("W0", "frozen", "parameter"), ("b", "frozen", "parameter"),
               ("y", "value", "affine"), ("A", "trained", "parameter"), ("a", "value", "matmul_nt"),
               ("u", "value", "scale"), ("B", "trained", "parameter"), ("q", "value", "add_matmul_nt")]
    formulas = {"y": "x W0ᵀ + b", "a": "x Aᵀ", "u": "α/r · a", "q": "y + u Bᵀ"}
    at = {}
    for i, (name, kind, op) in enumerate(columns):
        x = 20 + i * 93
        at[name] = x + 30
        p.box(x, 110, 60, 44, kind, name)
        p.text(x + 30, 174, op, "small mid soft")
        p.text(x + 30, 20, f"#{i}", "small mid soft")
        if name in formulas:
            p.text(x + 30, 40, formulas[name], "small mid")

    def forward(a, b, lift):
        p.arrow(f"M{at[a]} 108 C{at[a]} {108 - lift} {at[b]} {108 - lift} {at[b]} 106")

    def back(a, b, drop, label, aside=0):
        p.arrow(f"M{at[a]} 182 C{at[a]} {182 + drop} {at[b]} {182 + drop} {at[b]} 184", "back", "back")
        p.text((at[a] + at[b]) / 2 + aside, 182 + drop * 0.75 + 16, label, "small mid")

    for a, b, lift in (("x", "y", 52), ("W0", "y", 36), ("b", "y", 22), ("x", "a", 74), ("A", "a", 26),
                       ("a", "u", 26), ("y", "q", 60), ("u", "q", 40), ("B", "q", 26)):
        forward(a, b, lift)
    back("q", "B", 26, "dB += dqᵀ u", -34)
    back("q", "u", 66, "du = dq B")
    back("u", "a", 26, "da")
    back("a", "A", 26, "dA += daᵀ x")
    p.text(20, 262, "Black: forward, in the order of the numbers. Orange: backward, from the end to the start, only", "small soft")
    p.text(20, 282, "where something trains. W0 and b are frozen: no gradient is asked for, and none is computed.", "small soft")
    return p


def folders():
    p = Picture(760, 210, "The folders, and who may include whom")
    places = {"autograd": (20, 30, "tensors, tape, operations"), "nn": (230, 30, "transformer, optimizer"),
              "lora": (420, 30, "A, B, injection, merging"), "experiments": (610, 80, "tables, figures, commands"),
              "data": (230, 130, "toy tasks, batches")}
    for name, (x, y, what) in places.items():
        p.box(x, y, 130, 44, "value", name, what)
    p.arrow("M150 52 L226 52")
    p.arrow("M360 52 L416 52")
    p.arrow("M550 52 C590 52 570 96 606 96")
    p.arrow("M85 100 C85 152 160 152 226 152")
    p.text(150, 172, "random numbers", "small mid soft")
    p.arrow("M360 152 C520 152 560 108 606 108")
    return p


def score_by_rank():
    p = Picture(760, 380, "Exact match on sqlgen against the rank r")
    left, right, top, bottom = 70, 580, 20, 320
    ranks = (1, 2, 4, 8, 16)

    def x(r):
        return left + (right - left) * math.log2(r) / 4

    def y(score):
        return bottom - (bottom - top) * score / 100

    for score in range(0, 101, 20):
        p.add(f'<path d="M{left} {y(score):g}L{right} {y(score):g}" class="grid"/>')
        p.text(left - 10, y(score) + 5, str(score), "small right soft")
    for r in ranks:
        p.text(x(r), bottom + 20, str(r), "small mid soft")
    p.add(f'<path d="M{left} {bottom}L{right} {bottom}" class="axis"/>')
    p.text((left + right) / 2, bottom + 44, "rank r", "mid")
    p.add(f'<text transform="translate(22 {(top + bottom) / 2}) rotate(-90)" class="mid">exact match, %</text>')
    rows = list(csv.DictReader((FOLDER / "score-by-rank.csv").open()))
    for matrices, colour in (("Wq", "blue"), ("Wq,Wv", "orange"), ("Wq,Wk,Wv,Wo", "green")):
        points = [(x(int(row["r"])), float(row["mean"]), float(row["sd"])) for row in rows if row["matrices"] == matrices]
        upper = " ".join(f"{px:.1f},{y(min(100, mean + sd)):.1f}" for px, mean, sd in points)
        lower = " ".join(f"{px:.1f},{y(max(0, mean - sd)):.1f}" for px, mean, sd in reversed(points))
        p.add(f'<polygon points="{upper} {lower}" class="{colour} band"/>')
        p.add(f'<polyline points="{" ".join(f"{px:.1f},{y(mean):.1f}" for px, mean, _ in points)}" '
              f'class="{colour} series" style="fill: none"/>')
        for px, mean, _ in points:
            p.add(f'<circle cx="{px:.1f}" cy="{y(mean):.1f}" r="4" class="{colour}"/>')
        p.text(right + 14, y(points[-1][1]) + (16 if matrices == "Wq,Wv" else 5), matrices, "small")
    full = next(row for row in rows if row["matrices"] == "full")
    p.add(f'<path d="M{left} {y(float(full["mean"])):g}L{right} {y(float(full["mean"])):g}" class="line dash"/>')
    p.text(right + 14, y(float(full["mean"])) - 8, "full fine-tuning", "small soft")
    return p


PICTURES = {"lora-layer": lora_layer, "tape": tape, "folders": folders, "score-by-rank": score_by_rank}


def main():
    wrong = []
    for name, draw in PICTURES.items():
        path = FOLDER / f"{name}.svg"
        svg = draw().svg()
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or path.read_text() != svg:
                wrong.append(path.name)
        else:
            path.write_text(svg)
    if wrong:
        print("not as draw.py writes them:", ", ".join(wrong))
        sys.exit(1)


main()
