"""PyTorch's dynamic quantisation (see peer.h for the protocol)."""
import os
import sys
import time

import torch
from torch import nn

SHAPES = {"TinyBERT-4": (4, 312, 12, 1200), "BERT-mini": (4, 256, 4, 1024)}
DECODERS = {"stories15M": (6, 288, 6, 768)}
PHASES = {"prefill": (128, 0), "decode": (1, 255)}  # new tokens, and those in the cache


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2, self.gelu = nn.LayerNorm(width), nn.LayerNorm(width), nn.GELU()

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        p = torch.softmax(q @ k.transpose(-1, -2) * (c // self.heads) ** -0.5, -1)
        x = self.norm1(x + self.out((p @ v).transpose(1, 2).reshape(b, t, c)))
        return self.norm2(x + self.down(self.gelu(self.up(x))))


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.scale


class CausalLayer(nn.Module):
    """A layer as in Llama, of tokens new tokens after past ones in a cache."""

    def __init__(self, width, heads, inner, tokens, past):
        super().__init__()
        self.heads, self.tokens, self.past = heads, tokens, past
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.gate_up, self.down = nn.Linear(width, 2 * inner, bias=False), nn.Linear(inner, width, bias=False)
        self.norm1, self.norm2 = RMSNorm(width), RMSNorm(width)
        head = width // heads
        angles = torch.outer(torch.arange(past, past + tokens), 1e4 ** -(torch.arange(0, head, 2) / head)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("cache", torch.randn(2, 1, heads, past + tokens, head))
        self.register_buffer("mask", torch.full((tokens, past + tokens), float("-inf")).triu(past + 1))

    def rotate(self, x):
        a, b = x.chunk(2, -1)
        return x * self.cos + torch.cat((-b, a), -1) * self.sin

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        self.cache[0, :, :, self.past:], self.cache[1, :, :, self.past:] = self.rotate(k), v
        p = self.rotate(q) @ self.cache[0].transpose(-1, -2) * (c // self.heads) ** -0.5
        p = torch.softmax(p + self.mask if t > 1 else p, -1)
        x = x + self.out((p @ self.cache[1]).transpose(1, 2).reshape(b, t, c))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(nn.functional.silu(gate) * up)


def prepare(module, x):
    q = torch.ao.quantization.quantize_dynamic(module.eval(), {nn.Linear}, torch.qint8)
    try:
        q = torch.jit.freeze(torch.jit.trace(q, x))
    except Exception:  # eager, then
        pass
    return lambda: q(x)


def main():
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    torch.backends.quantized.engine = next(e for e in ("fbgemm", "onednn", "qnnpack") if e in torch.backends.quantized.supported_engines)
    run = None
    with torch.inference_mode():
        for line in sys.stdin:
            word, *rest = line.split()
            answer = "ok"
            if word == "linear":
                m, n, k = map(int, rest)
                run = prepare(nn.Sequential(nn.Linear(k, n)), torch.randn(m, k))
            elif word == "model" and rest[0] in SHAPES:
                layers, width, heads, inner = SHAPES[rest[0]]
                run = prepare(nn.Sequential(*(Layer(width, heads, inner) for _ in range(layers))), torch.randn(1, 128, width))
            elif word == "model" and rest[0] in DECODERS:
                layers, width, heads, inner = DECODERS[rest[0]]
                tokens, past = PHASES[rest[1]]
                layer = lambda: CausalLayer(width, heads, inner, tokens, past)
                run = prepare(nn.Sequential(*(layer() for _ in range(layers)), RMSNorm(width)), torch.randn(1, tokens, width))
            elif word == "time" and run:
                start, runs, want = time.perf_counter_ns(), 0, float(rest[0])
                while runs == 0 or time.perf_counter_ns() - start < want:
                    run()
                    runs += 1
                answer = "%.1f" % ((time.perf_counter_ns() - start) / runs)
            else:
                answer = "no such request"
            print(answer, flush=True)


main()
