#!/usr/bin/env python3
"""Small models as Hugging Face's libraries would save them, written by the definition of
safetensors; the weights are those of pytorch.py.

    python3 weights.py      writes llama.safetensors, gpt.safetensors, bert.safetensors
"""
import json
import math
import struct


def fill(name, count):
    state = 2166136261
    for c in name.encode():
        state = (state ^ c) * 16777619 % 2**32
    values = []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state / 2**32 - 0.5) * 0.6 + (1 if name.endswith("norm.weight") else 0))
    return values


def encode(dtype, values):
    if dtype == "F32":
        return struct.pack(f"<{len(values)}f", *values)
    if dtype == "F16":
        return struct.pack(f"<{len(values)}e", *values)
    return b"".join(struct.pack("<f", v)[2:] for v in values)  # BF16, cut off


def save(path, dtype, tensors, more=()):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    parts = [(public, dtype, shape, encode(dtype, fill(own, math.prod(shape)))) for public, own, shape in tensors]
    for public, kind, shape, part in parts + list(more):
        header[public] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


C, V = 16, 17
LAYERS = [(4, 4, 2, 20), (2, 6, 1, 12)]  # heads, head width, KV heads, FFN


def llama(e):
    t = [("model.embed_tokens.weight", "embeddings.word.weight", [V, e])]
    if e != C:
        t.append(("model.project_in.weight", "embeddings.projection.weight", [C, e]))
        t.append(("model.project_out.weight", "head.projection.weight", [e, C]))
    for i, (h, d, g, f) in enumerate(LAYERS):
        own, public = f"layers.{i}.", f"model.layers.{i}."
        t += [
            (public + "input_layernorm.weight", own + "attention.norm.weight", [C]),
            (public + "self_attn.q_proj.weight", own + "attention.query.weight", [h * d, C]),
            (public + "self_attn.k_proj.weight", own + "attention.key.weight", [g * d, C]),
            (public + "self_attn.v_proj.weight", own + "attention.value.weight", [g * d, C]),
            (public + "self_attn.o_proj.weight", own + "attention.output.weight", [C, h * d]),
            (public + "post_attention_layernorm.weight", own + "ffn.norm.weight", [C]),
            (public + "mlp.gate_proj.weight", own + "ffn.gate.weight", [f, C]),
            (public + "mlp.up_proj.weight", own + "ffn.up.weight", [f, C]),
            (public + "mlp.down_proj.weight", own + "ffn.down.weight", [C, f]),
        ]
    return t + [("model.norm.weight", "final.norm.weight", [C])]


def biased(public, own, n, k):
    return [(public + ".weight", own + ".weight", [n, k]), (public + ".bias", own + ".bias", [n])]


def norm(public, own, n, names=("weight", "bias")):
    return [(f"{public}.{names[0]}", own + ".weight", [n]), (f"{public}.{names[1]}", own + ".bias", [n])]


def gpt():
    t = [("model.embed_tokens.weight", "embeddings.word.weight", [V, C]), ("model.embed_positions.weight", "embeddings.position.weight", [8, C])]
    for i, (h, d, g, f) in enumerate(LAYERS):
        own, public = f"layers.{i}.", f"model.layers.{i}."
        t += norm(public + "input_layernorm", own + "attention.norm", C)
        t += biased(public + "self_attn.q_proj", own + "attention.query", h * d, C)
        t += biased(public + "self_attn.k_proj", own + "attention.key", g * d, C)
        t += biased(public + "self_attn.v_proj", own + "attention.value", g * d, C)
        t += biased(public + "self_attn.o_proj", own + "attention.output", C, h * d)
        t += norm(public + "post_attention_layernorm", own + "ffn.norm", C)
        t += biased(public + "mlp.up_proj", own + "ffn.up", f, C)
        t += biased(public + "mlp.down_proj", own + "ffn.down", C, f)
    return t + norm("model.norm", "final.norm", C) + [("lm_head.weight", "head.weight", [V, C])]


def bert(e):
    """As BertModel without its first name, with the names of norms of the first releases."""
    old = ("gamma", "beta")
    t = [
        ("embeddings.word_embeddings.weight", "embeddings.word.weight", [V, e]),
        ("embeddings.position_embeddings.weight", "embeddings.position.weight", [8, e]),
        ("embeddings.token_type_embeddings.weight", "embeddings.segment.weight", [2, e]),
    ]
    t += norm("embeddings.LayerNorm", "embeddings.norm", e, old) + biased("embeddings_project", "embeddings.projection", C, e)
    for i, (h, d, g, f) in enumerate(LAYERS):
        own, public = f"layers.{i}.", f"encoder.layer.{i}."
        t += biased(public + "attention.self.query", own + "attention.query", h * d, C)
        t += biased(public + "attention.self.key", own + "attention.key", g * d, C)
        t += biased(public + "attention.self.value", own + "attention.value", g * d, C)
        t += biased(public + "attention.output.dense", own + "attention.output", C, h * d)
        t += norm(public + "attention.output.LayerNorm", own + "attention.norm", C, old)
        t += biased(public + "intermediate.dense", own + "ffn.up", f, C)
        t += biased(public + "output.dense", own + "ffn.down", C, f)
        t += norm(public + "output.LayerNorm", own + "ffn.norm", C, old)
    return t + biased("cls.predictions.transform.dense", "head.projection", e, C)


save("llama.safetensors", "F32", llama(8))
save("gpt.safetensors", "BF16", gpt())
save("bert.safetensors", "F16", bert(8), [("embeddings.position_ids", "I64", [1, 2], struct.pack("<2q", 0, 1))])
