#!/usr/bin/env python3
"""Score decoder architectures for nas by training them with PyTorch.

    nas evaluate front.json --evaluator command --command "python3 examples/pytorch/score.py text.txt"

One JSON request a line comes in on standard input; the answer is the negative loss
in nats per byte on text held out, with its standard error. The budget is a number of
training steps. Words for people go to standard error.
"""
import json
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

SEQUENCE, BATCH, STEPS = 64, 16, 200


class Attention(nn.Module):
    def __init__(self, width, layer):
        super().__init__()
        self.heads, self.kv, self.head_width = layer["heads"], layer["kv_heads"], layer["head_width"]
        self.q = nn.Linear(width, self.heads * self.head_width)
        self.k = nn.Linear(width, self.kv * self.head_width)
        self.v = nn.Linear(width, self.kv * self.head_width)
        self.o = nn.Linear(self.heads * self.head_width, width)

    def forward(self, x):
        B, T, _ = x.shape
        q = self.q(x).view(B, T, self.heads, self.head_width).transpose(1, 2)
        k = self.k(x).view(B, T, self.kv, self.head_width).transpose(1, 2).repeat_interleave(self.heads // self.kv, 1)
        v = self.v(x).view(B, T, self.kv, self.head_width).transpose(1, 2).repeat_interleave(self.heads // self.kv, 1)
        scores = q @ k.transpose(2, 3) / math.sqrt(self.head_width)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        y = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        return self.o(y.transpose(1, 2).reshape(B, T, -1))


class FeedForward(nn.Module):
    def __init__(self, arch, layer):
        super().__init__()
        width = arch["hidden"]
        self.act = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}[arch["activation"]]
        self.gate = nn.Linear(width, layer["ffn"]) if arch["gated"] else None
        self.up, self.down = nn.Linear(width, layer["ffn"]), nn.Linear(layer["ffn"], width)

    def forward(self, x):
        return self.down(self.act(self.up(x)) if self.gate is None else self.act(self.gate(x)) * self.up(x))


class Decoder(nn.Module):
    """The shape of the architecture over bytes, with learned positions."""

    def __init__(self, arch):
        super().__init__()
        width = arch["hidden"]
        self.bytes, self.positions = nn.Embedding(256, width), nn.Embedding(SEQUENCE, width)
        self.layers = nn.ModuleList(
            nn.ModuleList([nn.LayerNorm(width), Attention(width, l), nn.LayerNorm(width), FeedForward(arch, l)]) for l in arch["layers"])
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.bytes.weight, std=0.02)
        nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, tokens):
        x = self.bytes(tokens) + self.positions.weight[: tokens.shape[1]]
        for norm1, attention, norm2, ffn in self.layers:
            x = x + attention(norm1(x))
            x = x + ffn(norm2(x))
        return self.norm(x) @ self.bytes.weight.T


def windows(text, generator):
    at = torch.randint(len(text) - SEQUENCE - 1, (BATCH,), generator=generator)
    rows = torch.stack([text[i : i + SEQUENCE + 1] for i in at])
    return rows[:, :-1], rows[:, 1:]


def score(request, train, held_out):
    arch = request["arch"]
    if arch["family"] != "decoder":
        return {"failure": "this example trains decoders only"}
    torch.manual_seed(request["seed"])
    generator = torch.Generator().manual_seed(request["seed"])
    model, steps = Decoder(arch), request["budget"] or STEPS
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min((step + 1) / 20, 0.5 + 0.5 * math.cos(math.pi * step / steps))
        x, y = windows(train, generator)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    same = torch.Generator().manual_seed(0)  # every architecture sees the same text
    with torch.no_grad():
        losses = []
        for _ in range(8):
            x, y = windows(held_out, same)
            losses.append(F.cross_entropy(model(x).flatten(0, 1), y.flatten()))
    losses = torch.stack(losses)
    return {"score": -losses.mean().item(), "error": losses.std().item() / math.sqrt(len(losses))}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: score.py TEXT")
    with open(sys.argv[1], "rb") as f:
        text = torch.tensor(list(f.read(8 << 20)), dtype=torch.long)
    cut = len(text) * 9 // 10
    for line in sys.stdin:
        print(json.dumps(score(json.loads(line), text[:cut], text[cut:])), flush=True)


if __name__ == "__main__":
    main()
