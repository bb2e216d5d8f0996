// The protocol of a driver: a line in, a line out.
//
//   linear M N K   prepare a layer           -> ok, or no and why
//   model NAME     prepare a whole encoder   -> ok, or no and why
//   model NAME prefill|decode   prepare a decoder: 128 tokens, or one after 255
//   time NS        run for about NS          -> nanoseconds a run
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

using Run = std::function<void()>;

inline double nanoseconds() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T>
std::vector<T> random_values(size_t n, int low, int high, double scale = 1) {
  static std::mt19937 bits(1);
  std::vector<T> v(n + 64);
  for (auto& x : v) x = T((low + int(bits() % unsigned(high - low + 1))) * scale);
  return v;
}

// serve answers until the input ends. linear returns an empty Run for what it cannot do.
inline int serve(std::function<Run(int m, int n, int k)> linear, std::function<Run(const std::string&)> model = nullptr) {
  char line[256], name[200];
  Run run;
  while (fgets(line, sizeof line, stdin)) {
    int m, n, k;
    double want;
    if (sscanf(line, "linear %d %d %d", &m, &n, &k) == 3) {
      run = linear(m, n, k);
      puts(run ? "ok" : "no such layer");
    } else if (sscanf(line, "model %199s", name) == 1) {
      run = model ? model(name) : Run();
      puts(run ? "ok" : "no whole models");
    } else if (sscanf(line, "time %lf", &want) == 1 && run) {
      // Looks at the clock ever more seldom: a look is a tenth of the shortest run.
      int runs = 0;
      double start = nanoseconds(), now = start;
      for (int batch = 1; now - start < want || runs == 0; now = nanoseconds()) {
        for (int i = 0; i < batch; i++) run();
        runs += batch;
        if (now - start < want / 16) batch *= 2;
      }
      printf("%.1f\n", (now - start) / runs);
    } else {
      puts("no such request");
    }
    fflush(stdout);
  }
  return 0;
}
