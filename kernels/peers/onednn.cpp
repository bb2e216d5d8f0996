// oneDNN: prepacked s8 weights with a scale of each column and bias, float32 out.
// Layers take u8 activations quantised before. Whole encoders quantise by a scale
// known before, to s8; attention is float32 on heads where they lie, the activation
// is fused with the layer before it, the residual with the one after.
// ONEDNN_MAX_CPU_ISA caps the instruction set.
#include <math.h>
#include <array>
#include <deque>
#include <dnnl.hpp>
#include <map>
#include <memory>
#include <unordered_map>
#include "peer.h"
using namespace dnnl;
using dt = memory::data_type;
using tag = memory::format_tag;
using dims = memory::dims;

engine cpu(engine::kind::cpu, 0);
stream on(cpu);

struct Step {
  primitive run;
  std::unordered_map<int, memory> args;
};

// Graph owns what its steps work on.
struct Graph {
  std::deque<std::vector<float>> floats;
  std::deque<std::vector<uint8_t>> bytes;
  std::deque<memory> packed;
  std::vector<Step> steps;

  float* room(size_t n, bool random = false) {
    floats.push_back(random ? random_values<float>(n, -99, 99, 0.01) : std::vector<float>(n + (1 << 16)));
    return floats.back().data();
  }
  uint8_t* quantised(size_t n, int low, int high) {
    bytes.push_back(random_values<uint8_t>(n, low, high));
    return bytes.back().data();
  }
  void run() {
    for (auto& s : steps) s.run.execute(on, s.args);
    on.wait();
  }

  // y = x times random weights, [m][n], and what more attr says. Outputs are near one,
  // lest softmax make subnormals.
  void linear(int m, int n, int k, dt type, void* x, float* y, primitive_attr attr) {
    memory::desc src({m, k}, type, tag::ab), any({k, n}, dt::s8, tag::any), plain({k, n}, dt::s8, tag::ba), add({1, n}, dt::f32, tag::ab), dst({m, n}, dt::f32, tag::ab);
    attr.set_output_scales(1 << 1, std::vector<float>(n, 1 / (2200 * sqrtf(k))));
    matmul::primitive_desc pd(matmul::desc(src, any, add, dst), attr, cpu);
    auto w = random_values<int8_t>(size_t(n) * k, -127, 127);
    packed.emplace_back(pd.weights_desc(), cpu);
    memory from(plain, cpu, w.data());
    reorder(from, packed.back()).execute(on, from, packed.back());
    on.wait();
    steps.push_back({matmul(pd), {{DNNL_ARG_SRC, memory(src, cpu, x)}, {DNNL_ARG_WEIGHTS, packed.back()}, {DNNL_ARG_BIAS, memory(add, cpu, room(n, true))}, {DNNL_ARG_DST, memory(dst, cpu, y)}}});
  }

  void quantise(int m, int k, float* x, uint8_t* q) {
    memory::desc from({m, k}, dt::f32, tag::ab), to({m, k}, dt::s8, tag::ab);
    primitive_attr attr;
    attr.set_output_scales(0, {30});
    memory src(from, cpu, x), dst(to, cpu, q);
    steps.push_back({reorder(reorder::primitive_desc(src, dst, attr)), {{DNNL_ARG_FROM, src}, {DNNL_ARG_TO, dst}}});
  }

  void product(dims a, dims by_a, float* x, dims b, dims by_b, float* y, dims c, dims by_c, float* z, float scale) {
    memory::desc left(a, dt::f32, by_a), right(b, dt::f32, by_b), out(c, dt::f32, by_c);
    primitive_attr attr;
    attr.set_output_scales(0, {scale});
    steps.push_back({matmul(matmul::primitive_desc(matmul::desc(left, right, out), attr, cpu)), {{DNNL_ARG_SRC, memory(left, cpu, x)}, {DNNL_ARG_WEIGHTS, memory(right, cpu, y)}, {DNNL_ARG_DST, memory(out, cpu, z)}}});
  }

  void softmax(int rows, int width, float* x) {
    memory::desc d({rows, width}, dt::f32, tag::ab);
    memory m(d, cpu, x);
    steps.push_back({softmax_forward(softmax_forward::primitive_desc(softmax_forward::desc(prop_kind::forward_inference, d, 1), cpu)), {{DNNL_ARG_SRC, m}, {DNNL_ARG_DST, m}}});
  }

  void norm(int rows, int width, float* x) {
    memory::desc d({rows, width}, dt::f32, tag::ab);
    memory m(d, cpu, x);
    steps.push_back({layer_normalization_forward(layer_normalization_forward::primitive_desc(layer_normalization_forward::desc(prop_kind::forward_inference, d, 1e-12f, normalization_flags::none), cpu)), {{DNNL_ARG_SRC, m}, {DNNL_ARG_DST, m}}});
  }

  void layer(int tokens, int c, int heads, int inner, float* x) {
    const int width = c / heads;
    float *qkv = room(tokens * 3 * c), *scores = room(heads * tokens * tokens), *merged = room(tokens * c), *wide = room(tokens * inner);
    uint8_t *q = quantised(tokens * c, 0, 9), *deep = quantised(tokens * inner, 0, 9);
    primitive_attr bare, gelu, residual;
    post_ops ops;
    ops.append_eltwise(1, algorithm::eltwise_gelu_tanh, 0, 0);
    gelu.set_post_ops(ops);
    ops = {};
    ops.append_sum(1);
    residual.set_post_ops(ops);

    quantise(tokens, c, x, q);
    linear(tokens, 3 * c, c, dt::s8, q, qkv, bare);
    product({heads, tokens, width}, {width, 3 * c, 1}, qkv, {heads, width, tokens}, {width, 1, 3 * c}, qkv + c, {heads, tokens, tokens}, {tokens * tokens, tokens, 1}, scores, 1 / sqrtf(width));
    softmax(heads * tokens, tokens, scores);
    product({heads, tokens, tokens}, {tokens * tokens, tokens, 1}, scores, {heads, tokens, width}, {width, 3 * c, 1}, qkv + 2 * c, {heads, tokens, width}, {width, c, 1}, merged, 1);
    quantise(tokens, c, merged, q);
    linear(tokens, c, c, dt::s8, q, x, residual);
    norm(tokens, c, x);
    quantise(tokens, c, x, q);
    linear(tokens, inner, c, dt::s8, q, wide, gelu);
    quantise(tokens, inner, wide, deep);
    linear(tokens, c, inner, dt::s8, deep, x, residual);
    norm(tokens, c, x);
  }
};

int main() {
  auto linear = [](int m, int n, int k) -> Run {
    auto g = std::make_shared<Graph>();
    g->linear(m, n, k, dt::u8, g->quantised(size_t(m) * k, 0, 254), g->room(size_t(m) * n), {});
    return [g] { g->run(); };
  };
  std::map<std::string, std::array<int, 4>> shapes{{"TinyBERT-4", {4, 312, 12, 1200}}, {"BERT-mini", {4, 256, 4, 1024}}};
  return serve(linear, [=](const std::string& name) -> Run {
    auto shape = shapes.find(name);
    if (shape == shapes.end()) return Run();
    auto [layers, c, heads, inner] = shape->second;
    const int tokens = 128;
    auto g = std::make_shared<Graph>();
    float* x = g->room(tokens * c, true);
    for (int i = 0; i < layers; i++) g->layer(tokens, c, heads, inner, x);
    return [g] { g->run(); };
  });
}
