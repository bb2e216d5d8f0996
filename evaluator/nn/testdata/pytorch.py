#!/usr/bin/env python3
"""PyTorch's numbers for package nn.

    python3 pytorch.py > pytorch.json      logits, losses and gradients of small models
    python3 pytorch.py --speed             training tokens per second of BenchmarkTrain's models

The models are written from their papers, in PyTorch's own functions, and gradients
are autograd's. Weights are a formula of name and index, which the Go test repeats.
"""
import json
import math
import sys
import time

import torch
from torch.nn import functional as F

EPSILON = 1e-5


def fill(name, shape):
    """Values that two languages make alike: a hash of the name starts a linear
    congruential generator."""
    state = 2166136261
    for c in name.encode():
        state = (state ^ c) * 16777619 % 2**32
    values = []
    for _ in range(math.prod(shape)):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state / 2**32 - 0.5)
    t = torch.tensor(values, dtype=torch.float64).reshape(shape)
    return (t * 0.6 + (1 if "norm.weight" in name else 0)).to(torch.float32).requires_grad_()


class Model:
    def __init__(self, c, weight):
        self.c, self.w, self.weight = c, {}, weight

    def get(self, name, *shape):
        if name not in self.w:
            self.w[name] = self.weight(name, shape)
        return self.w[name]

    def linear(self, name, x, n, bias):
        return F.linear(x, self.get(name + ".weight", n, x.shape[-1]), self.get(name + ".bias", n) if bias else None)

    def norm(self, name, x):
        n = x.shape[-1]
        if self.c["norm"] == "layernorm":
            return F.layer_norm(x, (n,), self.get(name + ".weight", n), self.get(name + ".bias", n), EPSILON)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.get(name + ".weight", n)

    def attention(self, name, x, l):
        c, (B, T, _) = self.c, x.shape
        H, G, D = l["heads"], l["kv_heads"], l["head_width"]
        q = self.linear(name + ".query", x, H * D, c["bias"]).view(B, T, H, D).transpose(1, 2)
        k = self.linear(name + ".key", x, G * D, c["bias"]).view(B, T, G, D).transpose(1, 2)
        v = self.linear(name + ".value", x, G * D, c["bias"]).view(B, T, G, D).transpose(1, 2)
        if c["position"] == "rotary":
            angle = torch.arange(T)[:, None] * 10000.0 ** (-2 * torch.arange(D // 2) / D)
            cos, sin = angle.cos(), angle.sin()

            def turn(x):
                a, b = x[..., : D // 2], x[..., D // 2 :]
                return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

            q, k = turn(q), turn(k)
        if H != G:
            k, v = k.repeat_interleave(H // G, 1), v.repeat_interleave(H // G, 1)
        scores = q @ k.transpose(2, 3) / math.sqrt(D)
        if c["family"] == "decoder":
            scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -math.inf)
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(B, T, H * D)
        return self.linear(name + ".output", y, c["hidden"], c["bias"])

    def ffn(self, name, x, l):
        c = self.c
        act = {"gelu": F.gelu, "silu": F.silu, "relu": F.relu}[c["activation"]]
        up = self.linear(name + ".up", x, l["ffn"], c["bias"])
        h = act(self.linear(name + ".gate", x, l["ffn"], c["bias"])) * up if c["gated"] else act(up)
        return self.linear(name + ".down", h, c["hidden"], c["bias"])

    def logits(self, tokens):
        c = self.c
        word = self.get("embeddings.word.weight", c["vocabulary"], c["embedding"])
        x = F.embedding(tokens, word)
        if c["position"] == "learned":
            x = x + self.get("embeddings.position.weight", c["positions"], c["embedding"])[: tokens.shape[1]]
        if c["segments"]:
            x = x + self.get("embeddings.segment.weight", c["segments"], c["embedding"])[0]
        if c["family"] == "encoder":
            x = self.norm("embeddings.norm", x)
        if c["embedding"] != c["hidden"]:
            x = self.linear("embeddings.projection", x, c["hidden"], c["bias"])
        for i, l in enumerate(c["layers"]):
            at = f"layers.{i}."
            if c["family"] == "encoder":
                x = self.norm(at + "attention.norm", x + self.attention(at + "attention", x, l))
                x = self.norm(at + "ffn.norm", x + self.ffn(at + "ffn", x, l))
            else:
                x = x + self.attention(at + "attention", self.norm(at + "attention.norm", x), l)
                x = x + self.ffn(at + "ffn", self.norm(at + "ffn.norm", x), l)
        if c["family"] == "decoder":
            x = self.norm("final.norm", x)
        if c["head"] == "untied":
            return F.linear(x, self.get("head.weight", c["vocabulary"], c["hidden"]))
        if c["embedding"] != c["hidden"]:
            x = self.linear("head.projection", x, c["embedding"], c["bias"])
        return F.linear(x, word)


LLAMA = dict(family="decoder", vocabulary=17, positions=8, segments=0, position="rotary", norm="rmsnorm",
             activation="silu", gated=True, bias=False, head="tied")
GPT = dict(family="decoder", vocabulary=17, positions=8, segments=0, position="learned", norm="layernorm",
           activation="gelu", gated=False, bias=True, head="untied")
BERT = dict(family="encoder", vocabulary=17, positions=8, segments=2, position="learned", norm="layernorm",
            activation="gelu", gated=False, bias=True, head="pooler")
LAYERS = [dict(heads=4, head_width=4, kv_heads=2, ffn=20), dict(heads=2, head_width=6, kv_heads=1, ffn=12)]
MODELS = {
    "llama": dict(LLAMA, embedding=16, hidden=16, layers=LAYERS),
    "llama factorised": dict(LLAMA, embedding=8, hidden=16, layers=LAYERS),
    "gpt": dict(GPT, embedding=16, hidden=16, layers=LAYERS),
    "bert": dict(BERT, embedding=8, hidden=16, layers=LAYERS),
}


def example(name, c):
    model = Model(c, fill)
    B, T = 2, 7
    tokens = torch.tensor([[(5 * i + 3 * b) % c["vocabulary"] for i in range(T)] for b in range(B)])
    targets = torch.tensor([[(7 * i + 2 * b + 1) % c["vocabulary"] if i % 3 else -1 for i in range(T)] for b in range(B)])
    logits = model.logits(tokens)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
    loss.backward()
    digits = lambda t: [float(f"{v:.7g}") for v in t.flatten().tolist()]
    return dict(name=name, arch=c, batch=B, tokens=tokens.flatten().tolist(), targets=targets.flatten().tolist(),
                logits=digits(logits[targets >= 0]), loss=loss.item(), gradients={k: digits(v.grad) for k, v in sorted(model.w.items())})


def speed():
    torch.set_num_threads(2)
    for name, form in [("gpt2", dict(GPT, head="tied")), ("llama", LLAMA)]:
        c = dict(form, vocabulary=4096, positions=128, embedding=256, hidden=256, layers=4 * [dict(heads=4, head_width=64, kv_heads=4, ffn=1024)])
        model = Model(c, lambda _, shape: (torch.randn(shape) * 0.02).requires_grad_())
        tokens, targets = torch.randint(4096, (16, 128)), torch.randint(4096, (16, 128))
        model.logits(tokens[:1])
        optimiser = torch.optim.AdamW(model.w.values(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1)

        def step():
            loss = F.cross_entropy(model.logits(tokens).flatten(0, 1), targets.flatten())
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.w.values(), 1.0)
            optimiser.step()

        step()
        begin, steps = time.time(), 0
        while time.time() - begin < 6:
            step()
            steps += 1
        print(f"{name}: {steps * 2048 / (time.time() - begin):.0f} tokens/s, PyTorch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    if "--speed" in sys.argv:
        speed()
    else:
        print(json.dumps([example(k, v) for k, v in MODELS.items()]))
