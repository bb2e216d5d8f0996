// XNNPACK: float32 quantised by row, int8 weights with a scale a column, float32
// out. Its subgraph API quantises to uint8 on machines with VNNI, by operators that
// are exported but not in xnnpack.h, and to int8 (here -signed) where it has AMX.
// Whole encoders are composed of its operators; what it has none for, the split into
// heads, the sum with the residual and the layer norm, is plain C++.
#include <math.h>
#include <array>
#include <map>
#include <memory>
#include <xnnpack.h>
#include "peer.h"

extern "C" {
xnn_status xnn_create_convert_nc_f32_qdu8(uint32_t, xnn_operator_t*);
xnn_status xnn_reshape_convert_nc_f32_qdu8(xnn_operator_t, size_t, size_t, size_t, size_t, pthreadpool_t);
xnn_status xnn_setup_convert_nc_f32_qdu8(xnn_operator_t, const float*, uint8_t*, float*, struct xnn_quantization_params*);
xnn_status xnn_create_fully_connected_nc_qdu8_f32_qc8w(size_t, size_t, size_t, size_t, const float*, const int8_t*, const float*, float, float, uint32_t, xnn_weights_cache_t, xnn_operator_t*);
xnn_status xnn_reshape_fully_connected_nc_qdu8_f32_qc8w(xnn_operator_t, size_t, size_t*, pthreadpool_t);
xnn_status xnn_setup_fully_connected_nc_qdu8_f32_qc8w(xnn_operator_t, const int8_t*, float*, void*, const struct xnn_quantization_params*);
}

// THREADS of the environment; null: one.
pthreadpool_t threads = nullptr;

struct Failed {};
void check(xnn_status s) {
  if (s != xnn_status_success) throw Failed();
}

// Operators want their workspace aligned.
struct Workspace {
  std::vector<char> bytes;
  void* of(size_t n) {
    bytes.resize(n + 128);
    return (void*)(((uintptr_t)bytes.data() + 63) & ~uintptr_t(63));
  }
};

struct Operator {
  xnn_operator_t op = nullptr;
  Operator() = default;
  Operator(const Operator&) = delete;
  ~Operator() {
    if (op) xnn_delete_operator(op);
  }
  void run() { xnn_run_operator(op, threads); }
};

// m rows of x times n columns of weights into y, both float32.
struct Linear {
  std::vector<float> scale, bias;
  std::vector<uint8_t> q;
  std::vector<int8_t> w;
  Workspace workspace;
  std::vector<xnn_quantization_params> params;
  Operator convert, product;

  Linear(bool to_int8, int m, int n, int k, const float* x, float* y) : scale(n, 1e-3f), bias(random_values<float>(n, -9, 9)), q(size_t(m) * k + 64), w(random_values<int8_t>(size_t(n) * k, -127, 127)), params(m + 64) {
    size_t space = 0;
    if (to_int8) {
      check(xnn_create_convert_nc_f32_qd8(0, &convert.op));
      check(xnn_reshape_convert_nc_f32_qd8(convert.op, m, k, k, k, threads));
      check(xnn_setup_convert_nc_f32_qd8(convert.op, x, (int8_t*)q.data(), nullptr, params.data()));
      check(xnn_create_fully_connected_nc_qd8_f32_qc8w(k, n, k, n, scale.data(), w.data(), bias.data(), -INFINITY, INFINITY, 0, nullptr, &product.op));
      check(xnn_reshape_fully_connected_nc_qd8_f32_qc8w(product.op, m, &space, threads));
    } else {
      check(xnn_create_convert_nc_f32_qdu8(0, &convert.op));
      check(xnn_reshape_convert_nc_f32_qdu8(convert.op, m, k, k, k, threads));
      check(xnn_setup_convert_nc_f32_qdu8(convert.op, x, q.data(), nullptr, params.data()));
      check(xnn_create_fully_connected_nc_qdu8_f32_qc8w(k, n, k, n, scale.data(), w.data(), bias.data(), -INFINITY, INFINITY, 0, nullptr, &product.op));
      check(xnn_reshape_fully_connected_nc_qdu8_f32_qc8w(product.op, m, &space, threads));
    }
    auto setup = to_int8 ? xnn_setup_fully_connected_nc_qd8_f32_qc8w : xnn_setup_fully_connected_nc_qdu8_f32_qc8w;
    check(setup(product.op, (const int8_t*)q.data(), y, workspace.of(space), params.data()));
  }
  void run() { convert.run(), product.run(); }
};

// The product of two float32 matrices for each head.
struct Products : Operator {
  Workspace workspace;
  Products(size_t heads, int m, int k, int n, bool transposed, const float* a, const float* b, float* out) {
    size_t space = 0;
    check(xnn_create_batch_matrix_multiply_nc_f32(transposed ? XNN_FLAG_TRANSPOSE_B : 0, &op));
    check(xnn_reshape_batch_matrix_multiply_nc_f32(op, 1, &heads, &heads, m, k, n, &space, threads));
    check(xnn_setup_batch_matrix_multiply_nc_f32(op, workspace.of(space), a, b, out));
  }
};

struct Softmax : Operator {
  Softmax(int rows, int width, float* x) {
    check(xnn_create_softmax_nc_f32(0, &op));
    check(xnn_reshape_softmax_nc_f32(op, width, width, width, rows, threads));
    check(xnn_setup_softmax_nc_f32(op, x, x));
  }
};

struct Gelu : Operator {
  Gelu(int rows, int width, float* x) {
    check(xnn_create_unary_elementwise_nc(xnn_unary_gelu, xnn_datatype_fp32, xnn_datatype_fp32, nullptr, nullptr, nullptr, nullptr, 0, &op));
    check(xnn_reshape_unary_elementwise_nc(op, rows, width, width, width, threads));
    check(xnn_setup_unary_elementwise_nc(op, x, x));
  }
};

constexpr int tokens = 128;

struct Activations {
  int c, heads, width, inner;
  std::vector<float> x, qkv, q, k, v, scores, mixed, merged, out, wide;
  Activations(int c, int heads, int inner) : c(c), heads(heads), width(c / heads), inner(inner), x(random_values<float>(tokens * c, -99, 99, 0.01)) {
    qkv.resize(tokens * 3 * c + 64);
    for (auto b : {&q, &k, &v, &mixed, &merged, &out}) b->resize(tokens * c + 64);
    scores.resize(heads * tokens * tokens + 64), wide.resize(tokens * inner + 64);
  }
  void split() {
    float scale = 1 / sqrtf(width);
    for (int h = 0; h < heads; h++)
      for (int t = 0; t < tokens; t++) {
        const float* from = &qkv[t * 3 * c + h * width];
        size_t to = (h * tokens + t) * width;
        for (int i = 0; i < width; i++) q[to + i] = from[i] * scale, k[to + i] = from[c + i], v[to + i] = from[2 * c + i];
      }
  }
  void merge() {
    for (int t = 0; t < tokens; t++)
      for (int h = 0; h < heads; h++) std::copy_n(&mixed[(h * tokens + t) * width], width, &merged[t * c + h * width]);
  }
  // x = norm(x + out)
  void add_norm() {
    for (int t = 0; t < tokens; t++) {
      float *a = &x[t * c], *b = &out[t * c], sum = 0, square = 0;
#pragma omp simd reduction(+ : sum, square)
      for (int i = 0; i < c; i++) a[i] += b[i], sum += a[i], square += a[i] * a[i];
      float mean = sum / c, scale = 1 / sqrtf(square / c - mean * mean + 1e-12f);
#pragma omp simd
      for (int i = 0; i < c; i++) a[i] = (a[i] - mean) * scale;
    }
  }
};

struct Layer {
  Activations& a;
  Linear qkv, out, up, down;
  Products scores, mixed;
  Softmax softmax;
  Gelu gelu;
  Layer(Activations& a, bool to_int8)
      : a(a), qkv(to_int8, tokens, 3 * a.c, a.c, a.x.data(), a.qkv.data()), out(to_int8, tokens, a.c, a.c, a.merged.data(), a.out.data()),
        up(to_int8, tokens, a.inner, a.c, a.x.data(), a.wide.data()), down(to_int8, tokens, a.c, a.inner, a.wide.data(), a.out.data()),
        scores(a.heads, tokens, a.width, tokens, true, a.q.data(), a.k.data(), a.scores.data()),
        mixed(a.heads, tokens, tokens, a.width, false, a.scores.data(), a.v.data(), a.mixed.data()),
        softmax(a.heads * tokens, tokens, a.scores.data()), gelu(tokens, a.inner, a.wide.data()) {}
  void run() {
    qkv.run(), a.split(), scores.run(), softmax.run(), mixed.run(), a.merge(), out.run(), a.add_norm();
    up.run(), gelu.run(), down.run(), a.add_norm();
  }
};

int main(int count, char** words) {
  bool to_int8 = count > 1 && !strcmp(words[1], "-signed");
  if (xnn_initialize(nullptr) != xnn_status_success) return 1;
  if (const char* n = getenv("THREADS"); n && atoi(n) > 1) threads = pthreadpool_create(atoi(n));
  auto linear = [=](int m, int n, int k) -> Run {
    try {
      auto x = std::make_shared<std::vector<float>>(random_values<float>(size_t(m) * k, -99, 99, 0.01)), y = std::make_shared<std::vector<float>>(size_t(m) * n + 64);
      auto l = std::make_shared<Linear>(to_int8, m, n, k, x->data(), y->data());
      return [x, y, l] { l->run(); };
    } catch (Failed) {
      return Run();
    }
  };
  std::map<std::string, std::array<int, 4>> shapes{{"TinyBERT-4", {4, 312, 12, 1200}}, {"BERT-mini", {4, 256, 4, 1024}}};
  auto model = [=](const std::string& name) -> Run {
    auto shape = shapes.find(name);
    if (shape == shapes.end()) return Run();
    auto [layers, c, heads, inner] = shape->second;
    try {
      auto a = std::make_shared<Activations>(c, heads, inner);
      std::vector<std::shared_ptr<Layer>> stack;
      for (int i = 0; i < layers; i++) stack.push_back(std::make_shared<Layer>(*a, to_int8));
      return [a, stack] {
        for (auto& l : stack) l->run();
      };
    } catch (Failed) {
      return Run();
    }
  };
  return serve(linear, model);
}
