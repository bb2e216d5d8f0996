#!/usr/bin/env python3
"""Times ours and its peers, interleaved on one core: medians, and ratios to ours.
With more threads only whole models, on any cores.

usage: compare.py [--core N] [--threads N] [--rounds N] [--ms N] [--only TEXT] [--build DIR]
"""
import argparse
import os
import signal
import statistics
import subprocess

SHAPES = [(1, 256, 256), (1, 1024, 256), (1, 256, 1024), (1, 768, 768), (1, 3072, 768), (16, 256, 256), (64, 256, 256), (64, 1024, 256),
          (128, 312, 312), (128, 1200, 312), (128, 512, 512), (128, 2048, 512), (128, 768, 768), (128, 3072, 768), (128, 768, 3072), (256, 1024, 1024)]
MODELS = ["TinyBERT-4", "BERT-mini", "stories15M prefill", "stories15M decode"]
HERE = os.path.dirname(os.path.abspath(__file__))


def drivers(build):
    """What takes part, ours first: name, command, environment."""
    return [
        ("nas-vnni", [build + "/ours"], {"NAS_CPU": "avx512vnni"}),
        ("nas", [build + "/ours"], {}),
        ("XNNPACK-vnni", [build + "/xnnpack"], {}),
        ("XNNPACK-amx", [build + "/xnnpack", "-signed"], {}),
        ("oneDNN-vnni", [build + "/onednn"], {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"}),
        ("oneDNN-amx", [build + "/onednn"], {}),
        ("ONNXRuntime", ["node", HERE + "/ort.js"], {"NODE_PATH": build + "/node_modules"}),
        ("PyTorch", ["/usr/bin/python3", HERE + "/torch_peer.py"], {}),
        ("nas-f32", [build + "/ours", "-float32"], {}),
        ("OpenBLAS-f32", [build + "/openblas"], {}),
    ]


class Peer:
    def __init__(self, name, command, environment, core, threads):
        self.name, self.why = name, ""
        count = dict.fromkeys(("THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOMAXPROCS"), str(threads))
        if name.endswith("-amx") and "amx_int8" not in open("/proc/cpuinfo").read():
            self.why = "no AMX"
        elif not (os.path.exists(command[0]) or command[0] == "node"):
            self.why = "not built"
        # Ours binds its working thread itself (ours/main.go says why).
        if command[0].endswith("/ours"):
            command = command + ["-core", str(core), "-threads", str(threads)]
        elif threads == 1:
            command = ["taskset", "-c", str(core)] + command
        if not self.why:
            self.process = subprocess.Popen(command, env={**os.environ, **count, **environment}, text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, line):
        if self.why:
            return self.why
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        # Threads that wait for more work by spinning would take the next one's cores.
        self.process.send_signal(signal.SIGSTOP)
        if not answer:
            self.why = "does not run here"
        return answer or self.why


def measure(peers, request, rounds, ms):
    """The median time of a run of each peer that can, in ns, or why it cannot."""
    ready = {p: p.ask(request) for p in peers}
    samples = {p: [] for p in peers if ready[p] == "ok"}
    for p in samples:
        p.ask("time 2e6")
    for _ in range(rounds):
        for p in list(samples):
            answer = p.ask("time %g" % (ms * 1e6))
            try:
                samples[p].append(float(answer))
            except ValueError:
                ready[p] = answer
                del samples[p]
    return [statistics.median(samples[p]) if p in samples else ready[p] for p in peers]


def row(label, times, show):
    base = next((t for t in times if not isinstance(t, str)), 1)
    cells = ["-" if isinstance(t, str) else "%s %.2f" % (show(t), t / base) for t in times]
    print("%-18s" % label + "".join("%16s" % c for c in cells), flush=True)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--core", type=int, default=1)
    args.add_argument("--threads", type=int, default=1)
    args.add_argument("--rounds", type=int, default=15)
    args.add_argument("--ms", type=float, default=3)
    args.add_argument("--only", default="")
    args.add_argument("--build", default=HERE + "/build")
    o = args.parse_args()
    peers = [Peer(*d, o.core, o.threads) for d in drivers(o.build)]
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "unknown CPU")
    where = "core %d, one thread" % o.core if o.threads == 1 else "%d threads" % o.threads
    print("# %s, %s, %d rounds of %g ms, medians; GOPS (models: ms) and how many times the first column it takes" % (cpu, where, o.rounds, o.ms))
    print("%-18s" % "M x N x K" + "".join("%16s" % p.name for p in peers))
    for m, n, k in SHAPES if o.threads == 1 else []:
        label = "%dx%dx%d" % (m, n, k)
        if o.only in label:
            row(label, measure(peers, "linear %d %d %d" % (m, n, k), o.rounds, o.ms), lambda t: "%.0f" % (2 * m * n * k / t))
    for name in MODELS:
        if o.only in name:
            row(name, measure(peers, "model " + name, o.rounds, o.ms * 5), lambda t: "%.2f" % (t / 1e6))
    for p in peers:
        if hasattr(p, "process"):
            p.process.kill()
        if p.why:
            print("# %s: left out: %s" % (p.name, p.why))


if __name__ == "__main__":
    main()
