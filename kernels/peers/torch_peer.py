"""PyTorch's dynamic quantisation (see peer.h for the protocol)."""
import sys
import time

import torch
from torch import nn

SHAPES = {"TinyBERT-4": (4, 312, 12, 1200), "BERT-mini": (4, 256, 4, 1024)}


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


def prepare(module, x):
    q = torch.ao.quantization.quantize_dynamic(module.eval(), {nn.Linear}, torch.qint8)
    try:
        q = torch.jit.freeze(torch.jit.trace(q, x))
    except Exception:  # eager, then
        pass
    return lambda: q(x)


def main():
    torch.set_num_threads(1)
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
