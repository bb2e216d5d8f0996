// OpenBLAS: the layer in float32, X times the transpose of W.
#include <cblas.h>
#include <memory>
#include "peer.h"

int main() {
  return serve([](int m, int n, int k) -> Run {
    auto a = std::make_shared<std::vector<float>>(random_values<float>(size_t(m) * k, -9, 9));
    auto w = std::make_shared<std::vector<float>>(random_values<float>(size_t(n) * k, -9, 9));
    auto c = std::make_shared<std::vector<float>>(size_t(m) * n);
    return [=] { cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a->data(), k, w->data(), k, 0, c->data(), n); };
  });
}
