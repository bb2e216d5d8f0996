// oneDNN: u8 activations (quantised before), prepacked s8 weights, scale of each
// column and bias, float32 out. ONEDNN_MAX_CPU_ISA caps the instruction set.
#include <dnnl.hpp>
#include <unordered_map>
#include "peer.h"
using namespace dnnl;
using dt = memory::data_type;

int main() {
  engine cpu(engine::kind::cpu, 0);
  stream on(cpu);
  return serve([&](int m, int n, int k) -> Run {
    auto a = random_values<uint8_t>(size_t(m) * k, 0, 254), bytes = a;
    auto w = random_values<int8_t>(size_t(n) * k, -127, 127);
    auto bias = random_values<float>(n, -9, 9);
    auto out = std::vector<float>(size_t(m) * n + (1 << 16));
    memory::desc src({m, k}, dt::u8, memory::format_tag::ab), any({k, n}, dt::s8, memory::format_tag::any),
        plain({k, n}, dt::s8, memory::format_tag::ba), add({1, n}, dt::f32, memory::format_tag::ab), dst({m, n}, dt::f32, memory::format_tag::ab);
    primitive_attr attr;
    attr.set_output_scales(1 << 1, std::vector<float>(n, 1e-4f));
    matmul::primitive_desc pd(matmul::desc(src, any, add, dst), attr, cpu);
    memory packed(pd.weights_desc(), cpu), from(plain, cpu, w.data());
    reorder(from, packed).execute(on, from, packed);
    on.wait();
    matmul layer(pd);
    // The closure must name keep, or it does not hold the buffers that args points to.
    auto keep = std::make_shared<std::tuple<std::vector<uint8_t>, std::vector<float>, std::vector<float>>>(std::move(a), std::move(bias), std::move(out));
    std::unordered_map<int, memory> args{{DNNL_ARG_SRC, memory(src, cpu, std::get<0>(*keep).data())}, {DNNL_ARG_WEIGHTS, packed},
        {DNNL_ARG_BIAS, memory(add, cpu, std::get<1>(*keep).data())}, {DNNL_ARG_DST, memory(dst, cpu, std::get<2>(*keep).data())}};
    return [keep, layer, args, &on]() mutable { layer.execute(on, args); on.wait(); };
  });
}
