// XNNPACK: float32 quantised by row, int8 weights with a scale a column, float32
// out. Its subgraph API quantises to uint8 on machines with VNNI, by operators that
// are exported but not in xnnpack.h, and to int8 (here -signed) where it has AMX.
#include <math.h>
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

struct Layer {
  std::vector<float> x, y, scale, bias;
  std::vector<uint8_t> q;
  std::vector<int8_t> w;
  std::vector<char> workspace;
  std::vector<xnn_quantization_params> params;
  xnn_operator_t convert = nullptr, linear = nullptr;
  ~Layer() {
    if (convert) xnn_delete_operator(convert);
    if (linear) xnn_delete_operator(linear);
  }
};

int main(int count, char** words) {
  bool to_int8 = count > 1 && !strcmp(words[1], "-signed");
  if (xnn_initialize(nullptr) != xnn_status_success) return 1;
  return serve([=](int m, int n, int k) -> Run {
    auto l = std::make_shared<Layer>();
    l->x = random_values<float>(size_t(m) * k, -99, 99, 0.01), l->y.resize(size_t(m) * n + 64), l->q.resize(size_t(m) * k + 64);
    l->w = random_values<int8_t>(size_t(n) * k, -127, 127), l->scale.assign(n, 1e-3f), l->bias = random_values<float>(n, -9, 9);
    l->params.resize(m + 64);
    size_t space = 0;
    bool ok;
    if (to_int8) {
      ok = xnn_create_convert_nc_f32_qd8(0, &l->convert) == 0 && xnn_reshape_convert_nc_f32_qd8(l->convert, m, k, k, k, nullptr) == 0 &&
           xnn_setup_convert_nc_f32_qd8(l->convert, l->x.data(), (int8_t*)l->q.data(), nullptr, l->params.data()) == 0 &&
           xnn_create_fully_connected_nc_qd8_f32_qc8w(k, n, k, n, l->scale.data(), l->w.data(), l->bias.data(), -INFINITY, INFINITY, 0, nullptr, &l->linear) == 0 &&
           xnn_reshape_fully_connected_nc_qd8_f32_qc8w(l->linear, m, &space, nullptr) == 0;
    } else {
      ok = xnn_create_convert_nc_f32_qdu8(0, &l->convert) == 0 && xnn_reshape_convert_nc_f32_qdu8(l->convert, m, k, k, k, nullptr) == 0 &&
           xnn_setup_convert_nc_f32_qdu8(l->convert, l->x.data(), l->q.data(), nullptr, l->params.data()) == 0 &&
           xnn_create_fully_connected_nc_qdu8_f32_qc8w(k, n, k, n, l->scale.data(), l->w.data(), l->bias.data(), -INFINITY, INFINITY, 0, nullptr, &l->linear) == 0 &&
           xnn_reshape_fully_connected_nc_qdu8_f32_qc8w(l->linear, m, &space, nullptr) == 0;
    }
    l->workspace.resize(space + 64);
    auto setup = to_int8 ? xnn_setup_fully_connected_nc_qd8_f32_qc8w : xnn_setup_fully_connected_nc_qdu8_f32_qc8w;
    ok = ok && setup(l->linear, (const int8_t*)l->q.data(), l->y.data(), l->workspace.data(), l->params.data()) == 0;
    if (!ok) return Run();
    return [l] { xnn_run_operator(l->convert, nullptr), xnn_run_operator(l->linear, nullptr); };
  });
}
