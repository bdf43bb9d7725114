#!/usr/bin/env python3
"""Draws the pictures of the pages, as SVG for light and dark themes.

    draw.py          writes them beside this file
    draw.py --check  exit code 1 where one is not as it would be written
"""

import csv
import math
import pathlib
import random
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


def normal_numbers(seed):
    """Standard normal numbers by Box and Muller; of `random` only random(), whose sequence is promised, is used."""
    draw = random.Random(seed).random
    while True:
        yield math.sqrt(-2 * math.log(1 - draw())) * math.cos(2 * math.pi * draw())


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def random_directions(d, count, numbers, first=()):
    """`count` orthonormal vectors of d numbers, those of `first` before all others: Gram and Schmidt."""
    directions = []
    for k in range(count):
        v = list(first[k]) if k < len(first) else [next(numbers) for _ in range(d)]
        for _ in range(2):  # twice, for rounding
            for u in directions:
                c = dot(u, v)
                v = [x - c * y for x, y in zip(v, u)]
        length = math.sqrt(dot(v, v))
        directions.append([x / length for x in v])
    return directions


def singular_values(columns):
    """Of a matrix, by turning pairs of its columns until all are orthogonal (Jacobi, one-sided)."""
    columns = [list(c) for c in columns]
    for _ in range(8):
        for i in range(len(columns)):
            for j in range(i):
                a, b, c = dot(columns[i], columns[i]), dot(columns[j], columns[j]), dot(columns[i], columns[j])
                angle = math.atan2(2 * c, b - a) / 2
                cos, sin = math.cos(angle), math.sin(angle)
                ci, cj = columns[i], columns[j]
                columns[i] = [cos * x - sin * y for x, y in zip(ci, cj)]
                columns[j] = [sin * x + cos * y for x, y in zip(ci, cj)]
    return sorted((math.sqrt(dot(c, c)) for c in columns), reverse=True)


def svd_ellipse():
    """What a 2 x 2 matrix does to the circle of unit vectors."""
    p = Picture(760, 300, "Singular values: a matrix sends v1 to σ1 u1 and v2 to σ2 u2")
    scale, sigma, turn_v, turn_u = 72, (1.8, 0.7), 0.6, 0.2

    def at(centre, x, y):
        return centre + scale * x, 140 - scale * y

    def pointer(centre, length, angle, name, colour, aside):
        x, y = at(centre, length * math.cos(angle), length * math.sin(angle))
        p.add(f'<path d="M{centre} 140L{x:.1f} {y:.1f}" class="{colour} series"/>')
        p.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="{colour}"/>')
        p.text(x + aside[0], y + aside[1], name, "mid")

    for centre, lengths, turn in ((170, (1, 1), turn_v), (540, sigma, turn_u)):
        p.add(f'<path d="M{centre - 150} 140L{centre + 150} 140M{centre} 250L{centre} 30" class="grid"/>')
        p.add(f'<ellipse cx="{centre}" cy="140" rx="{scale * lengths[0]:g}" ry="{scale * lengths[1]:g}" class="line" '
              f'transform="rotate({-math.degrees(turn):.1f} {centre} 140)"/>')
    pointer(170, 1, turn_v, "v1", "blue", (18, -4))
    pointer(170, 1, turn_v + math.pi / 2, "v2", "orange", (-14, -8))
    pointer(540, sigma[0], turn_u, "σ1 u1", "blue", (32, -2))
    pointer(540, sigma[1], turn_u + math.pi / 2, "σ2 u2", "orange", (-10, -12))
    p.arrow("M310 140 L396 140")
    p.text(352, 128, "M", "mid")
    p.text(170, 282, "inputs of length 1", "small mid soft")
    p.text(540, 282, "outputs: σ1 = 1.8 and σ2 = 0.7 are the half axes", "small mid soft")
    return p


def principal_angles():
    """Two planes that share a line, seen in perspective, with the angle between them."""
    p = Picture(760, 320, "Two planes that share a direction, and the angles between them")

    def at(x, y, z):
        return 250 + 105 * x - 62 * y, 200 + 28 * x + 40 * y - 96 * z

    def path(points):
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*q) for q in points))

    t = math.radians(60)
    cos, sin = math.cos(t), math.sin(t)
    flat = [(-1.5, -1.3, 0), (1.5, -1.3, 0), (1.5, 1.3, 0), (-1.5, 1.3, 0)]
    turned = [(-1.5, 0, 0), (1.5, 0, 0), (1.5, 1.3 * cos, 1.3 * sin), (-1.5, 1.3 * cos, 1.3 * sin)]
    p.add(f'<path d="{path(flat)}z" class="frozen" opacity="0.75"/>')
    p.add(f'<path d="{path(turned)}z" class="trained" opacity="0.75"/>')
    for end, name, aside in (((1.5, 0, 0), "e1, in both: angle 0°", (14, 6)), ((0, 1.3, 0), "e2", (-16, 14)),
                             ((0, 1.3 * cos, 1.3 * sin), "cos t e2 + sin t e3", (12, -12))):
        p.arrow(path([(0, 0, 0), end]))
        x, y = at(*end)
        p.text(x + aside[0], y + aside[1], name, "small")
    arc = [(0, 0.55 * math.cos(a * t / 12), 0.55 * math.sin(a * t / 12)) for a in range(13)]
    p.add(f'<path d="{path(arc)}" class="back"/>')
    x, y = at(0, 0.85 * math.cos(t / 2), 0.85 * math.sin(t / 2))
    p.text(x, y, "t", "mid")
    p.text(516, 70, "cosines of the two angles: 1 and cos t", "small")
    p.text(516, 94, "φ(2,2) = (1 + cos² t) / 2", "small")
    p.text(516, 118, "t = 60°: φ = 0.625", "small")
    p.text(516, 142, "two random planes in four", "small soft")
    p.text(516, 160, "dimensions: 0.5 on the mean", "small soft")
    return p


def phi_chance():
    """phi(i, j) of two random subspaces at d = 64, raw and corrected, and of two that share one direction."""
    p = Picture(760, 250, "Similarity of random subspaces at width 64: raw, corrected, and with one shared direction")
    d, rows, columns, cell = 64, (1, 2, 4, 8), (1, 2, 4, 8, 16, 32, 64), 31
    numbers = normal_numbers(3)
    left = random_directions(d, 8, numbers)
    random_right = random_directions(d, d, numbers)
    sharing = random_directions(d, d, numbers, left[:1])

    def grid(x0, right, corrected, title):
        p.text(x0 + cell * 3.5, 30, title, "small mid")
        for a, i in enumerate(rows):
            p.text(x0 - 8, 72 + a * cell + 20, str(i), "small right soft")
            for b, j in enumerate(columns):
                phi = sum(dot(u, v) ** 2 for u in left[:i] for v in right[:j]) / min(i, j)
                chance = max(i, j) / d
                x, y = x0 + b * cell, 72 + a * cell
                p.add(f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" class="grid"/>')
                if corrected and j == d:
                    p.text(x + cell / 2, y + 20, "?", "small mid soft")
                    continue
                value = (phi - chance) / (1 - chance) if corrected else phi
                value = round(value, 2) + 0.0
                p.add(f'<rect x="{x}" y="{y}" width="{cell}" height="{cell}" class="orange" stroke="none" '
                      f'opacity="{max(0, min(1, value)) * 0.75:.2f}"/>')
                p.add(f'<text x="{x + cell / 2:g}" y="{y + 20}" class="mid" style="font-size: 11px">{value:.2f}'
                      '</text>')
        for b, j in enumerate(columns):
            p.text(x0 + b * cell + cell / 2, 64, str(j), "small mid soft")
        p.text(x0 + cell * 3.5, 48, "j", "small mid soft")
        p.text(x0 - 24, 72 + 2 * cell + 5, "i", "small mid soft")

    grid(38, random_right, False, "two random subspaces, φ")
    grid(290, random_right, True, "the same, chance set to 0")
    grid(542, sharing, True, "one direction shared, chance set to 0")
    p.text(38, 222, "One draw each. Left: φ grows to 1 with j by itself. Middle: nothing is there. Right: what a shared",
           "small soft")
    p.text(38, 240, "first direction looks like. With j = 64 there is nothing to measure: 64 directions of 64 are everything.",
           "small soft")
    return p


def axes(p, left, right, top, bottom, ticks_x, ticks_y, x, y, name_x, name_y):
    for value in ticks_y:
        p.add(f'<path d="M{left} {y(value):.1f}L{right} {y(value):.1f}" class="grid"/>')
        p.text(left - 8, y(value) + 5, f"{value:g}", "small right soft")
    for value in ticks_x:
        p.text(x(value), bottom + 20, f"{value:g}", "small mid soft")
    p.add(f'<path d="M{left} {bottom}L{right} {bottom}" class="axis"/>')
    p.text((left + right) / 2, bottom + 42, name_x, "small mid")
    p.add(f'<text transform="translate({left - 44} {(top + bottom) / 2:g}) rotate(-90)" class="small mid">'
          f'{name_y}</text>')


def spectra():
    """Singular values of a change learned with noise: eight equal ones, eight falling ones, none."""
    p = Picture(760, 330, "Spectra of a change that was learned with noise, and the threshold")
    d, noise, planted = 32, 0.05, 8
    left, right, top, bottom = 70, 540, 20, 270

    def x(i):
        return left + 14 + (right - left - 28) * (i - 1) / 19

    def y(value):
        return bottom - (bottom - top) * value / 1.4

    axes(p, left, right, top, bottom, (1, 4, 8, 12, 16, 20), (0, 0.2, 0.4, 0.6, 0.8, 1, 1.2), x, y,
         "number of the singular value", "size")
    numbers = normal_numbers(5)
    for name, sigma, colour, where in (("eight of 1", [1] * planted, "blue", 52),
                                       ("1, 3/4, 9/16, ...: eight", [0.75 ** i for i in range(planted)], "orange", 76),
                                       ("nothing: noise alone", [], "green", 100)):
        U, V = random_directions(d, planted, numbers), random_directions(d, planted, numbers)
        matrix = [[noise * next(numbers) + sum(s * U[k][row] * V[k][column] for k, s in enumerate(sigma))
                   for row in range(d)] for column in range(d)]
        values = singular_values(matrix)[:20]
        p.add(f'<polyline points="{" ".join(f"{x(i + 1):.1f},{y(v):.1f}" for i, v in enumerate(values))}" '
              f'class="{colour} series" style="fill: none"/>')
        for i, v in enumerate(values):
            p.add(f'<circle cx="{x(i + 1):.1f}" cy="{y(v):.1f}" r="3" class="{colour}"/>')
        p.add(f'<circle cx="{right + 22}" cy="{where - 4}" r="4" class="{colour}"/>')
        p.text(right + 34, where, name, "small")
    threshold = 4 / math.sqrt(3) * noise * math.sqrt(d)
    p.add(f'<path d="M{left} {y(threshold):.1f}L{right} {y(threshold):.1f}" class="line dash"/>')
    p.text(right + 8, y(threshold) + 5, f"4/√3 · τ √d = {threshold:.2f}", "small")
    p.text(right + 8, y(threshold) + 24, "above it a direction", "small soft")
    p.text(right + 8, y(threshold) + 42, "brings more than noise", "small soft")
    p.text(right + 8, bottom + 20, "d = 32, τ = 0.05 per entry", "small soft")
    return p


def stairs():
    """The least squared error of rank r, as a part of the whole, for three spectra of rank 8."""
    p = Picture(760, 330, "The least squared error of rank r: equal steps and a knee, or none")
    left, right, top, bottom = 70, 500, 20, 270

    def x(r):
        return left + (right - left) * r / 11

    def y(part):
        return bottom - (bottom - top) * part

    axes(p, left, right, top, bottom, range(0, 11, 2), (0, 0.25, 0.5, 0.75, 1), x, y, "rank r", "part that is left")
    for name, ratio, colour, where in (("equal: steps, a knee at 8", 1, "blue", 52),
                                       ("each 3/4 of the last", 0.75, "orange", 76),
                                       ("each 1/2 of the last", 0.5, "green", 100)):
        squares = [ratio ** (2 * i) for i in range(8)]
        left_over = [sum(squares[r:]) / sum(squares) for r in range(11)]
        path = f"M{x(0):.1f} {y(1):.1f}" + "".join(
            f"L{x(r + 1):.1f} {y(left_over[r]):.1f}" + (f"L{x(r + 1):.1f} {y(left_over[r + 1]):.1f}" if r < 10 else "")
            for r in range(11))
        p.add(f'<path d="{path}" class="{colour} series" style="fill: none"/>')
        p.add(f'<path d="M{right + 16} {where - 4}l22 0" class="{colour} series"/>')
        p.text(right + 46, where, name, "small")
    p.text(right + 16, 132, "Eight singular values each. For a", "small soft")
    p.text(right + 16, 150, "flat spectrum the error tells the", "small soft")
    p.text(right + 16, 168, "rank; for a steep one it is near", "small soft")
    p.text(right + 16, 186, "zero long before.", "small soft")
    return p


PICTURES = {"lora-layer": lora_layer, "tape": tape, "folders": folders, "score-by-rank": score_by_rank,
            "svd-ellipse": svd_ellipse, "principal-angles": principal_angles, "phi-chance": phi_chance,
            "spectra": spectra, "stairs": stairs}


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
