// ONNX Runtime through onnxruntime-node (see peer.h for the protocol): graphs as
// dynamic quantisation leaves them after fusion, written here as protobuf.
"use strict";
const readline = require("readline");
const ort = require("onnxruntime-node");

const varint = (n) => { const b = []; for (n = BigInt(n); n > 127n; n >>= 7n) b.push(Number(n & 127n) | 128); b.push(Number(n)); return Buffer.from(b); };
const field = (id, v) => typeof v === "number" ? Buffer.concat([varint(id << 3), varint(v)]) :
  Buffer.concat([varint(id << 3 | 2), varint(Buffer.byteLength(v)), Buffer.from(v)]);
const message = (...fields) => Buffer.concat(fields.map(([id, v]) => field(id, v)));
const real = (id, v) => { const b = Buffer.alloc(4); b.writeFloatLE(v); return Buffer.concat([varint(id << 3 | 5), b]); };

// A graph under construction. Types: 1 float, 2 uint8, 3 int8, 6 int32.
class Graph {
  constructor() { this.nodes = []; this.tensors = []; this.count = 0; }
  tensor(type, dims, data) {
    const name = "t" + this.count++;
    const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.tensors.push(message(...dims.map((d) => [1, d]), [2, type], [8, name], [9, raw]));
    return name;
  }
  floats(dims, v) { const n = dims.reduce((a, b) => a * b, 1); return this.tensor(1, dims, Float32Array.from({ length: n }, (_, i) => v === undefined ? Math.sin(i) : v)); }
  int32(dims, v) { return this.tensor(6, dims, Int32Array.of(v)); }
  node(op, inputs, attributes = [], domain = "com.microsoft") { return this.outputs(op, inputs, 1, attributes, domain)[0]; }
  outputs(op, inputs, outputs, attributes = [], domain = "com.microsoft") {
    const out = Array.from({ length: outputs }, () => "t" + this.count++);
    this.nodes.push(message(...inputs.map((i) => [1, i]), ...out.map((o) => [2, o]), [4, op], ...attributes.map((a) => [5, a]), [7, domain]));
    return out;
  }
  linear(x, n, k) {
    const w = this.tensor(3, [k, n], Int8Array.from({ length: k * n }, (_, i) => (i * 7919) % 255 - 127));
    return this.node("DynamicQuantizeMatMul", [x, w, this.floats([n], 0.001), this.tensor(3, [n], new Int8Array(n)), this.floats([n])]);
  }
  bytes(output, dims) {
    const info = (name) => message([1, name], [2, message([1, message([1, 1], [2, message(...dims[name].map((d) => [1, message([1, d])]))])])]);
    const graph = message(...this.nodes.map((n) => [1, n]), [2, "g"], ...this.tensors.map((t) => [5, t]), [11, info("x")], [12, info(output)]);
    return message([1, 8], [7, graph], [8, message([1, ""], [2, 17])], [8, message([1, "com.microsoft"], [2, 1])]);
  }
}
const integer = (name, v) => message([1, name], [3, v], [20, 2]);
const float = (name, v) => Buffer.concat([field(1, name), real(2, v), field(20, 1)]);

function layer(m, n, k) {
  const g = new Graph();
  const y = g.linear("x", n, k);
  return [g.bytes(y, { x: [m, k], [y]: [m, n] }), [m, k]];
}
const shapes = { "TinyBERT-4": [4, 312, 12, 1200], "BERT-mini": [4, 256, 4, 1024] };
const decoders = { stories15M: [6, 288, 6, 768] };
function encoder(name) {
  const [layers, c, heads, inner] = shapes[name], g = new Graph();
  let x = "x";
  const norm = (a, b) => g.node("SkipLayerNormalization", [a, b, g.floats([c], 1), g.floats([c], 0)], [float("epsilon", 1e-12)]);
  for (let i = 0; i < layers; i++) {
    const [q, k, v] = [0, 1, 2].map(() => g.linear(x, c, c));
    x = norm(g.linear(g.node("MultiHeadAttention", [q, k, v], [integer("num_heads", heads)]), c, c), x);
    x = norm(g.linear(g.node("Gelu", [g.linear(x, inner, c)]), c, inner), x);
  }
  return [g.bytes(x, { x: [1, 128, c], [x]: [1, 128, c] }), [1, 128, c]];
}
// A Llama-like decoder: the prompt alone, or one token after past ones, whose keys
// and values are copied with the new ones as in every run without IOBinding.
function decoder(name, phase) {
  const [layers, c, heads, inner] = decoders[name], g = new Graph(), width = c / heads;
  const [tokens, past] = { prefill: [128, 0], decode: [1, 255] }[phase];
  const [last, all] = [g.int32([1], tokens + past - 1), g.int32([], tokens + past)];
  const rotary = [0, 1].map(() => g.floats([256, width / 2]));
  const scale = () => g.floats([c], 1), epsilon = [float("epsilon", 1e-5)];
  let x = "x", y = g.node("SimplifiedLayerNormalization", [x, scale()], epsilon, "");
  const add = (d) => [y, , , x] = g.outputs("SkipSimplifiedLayerNormalization", [d, x, scale()], 4, epsilon);
  for (let i = 0; i < layers; i++) {
    const [q, k, v] = [0, 1, 2].map(() => g.linear(y, c, c));
    const cache = past ? [0, 1].map(() => g.floats([1, heads, past, width])) : ["", ""];
    const attributes = [integer("num_heads", heads), integer("kv_num_heads", heads), integer("do_rotary", 1)];
    add(g.linear(g.outputs("GroupQueryAttention", [q, k, v, ...cache, last, all, ...rotary], 3, attributes)[0], c, c));
    const gate = g.node("QuickGelu", [g.linear(y, inner, c)], [float("alpha", 1)]);
    add(g.linear(g.node("Mul", [gate, g.linear(y, inner, c)], [], ""), c, inner));
  }
  return [g.bytes(y, { x: [1, tokens, c], [y]: [1, tokens, c] }), [1, tokens, c]];
}

async function prepare([model, dims]) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: Number(process.env.THREADS || 1), interOpNumThreads: 1, logSeverityLevel: 3 });
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
  const feeds = { x: new ort.Tensor("float32", data, dims) };
  return () => session.run(feeds);
}

(async () => {
  let run = null;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [word, ...rest] = line.split(" ");
    let answer = "ok";
    try {
      if (word === "linear") run = await prepare(layer(...rest.map(Number)));
      else if (word === "model" && shapes[rest[0]]) run = await prepare(encoder(rest[0]));
      else if (word === "model" && decoders[rest[0]]) run = await prepare(decoder(...rest));
      else if (word === "time" && run) {
        const start = process.hrtime.bigint(), want = BigInt(Math.round(Number(rest[0])));
        let runs = 0;
        do { await run(); runs++; } while (process.hrtime.bigint() - start < want);
        answer = (Number(process.hrtime.bigint() - start) / runs).toFixed(1);
      } else answer = "no such request";
    } catch (e) { answer = "no: " + String(e.message).split("\n")[0]; }
    console.log(answer);
  }
})();
