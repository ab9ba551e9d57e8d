#!/usr/bin/python3
"""Random QONNX networks, predicted by both engines and by an evaluation of contracts.md 1 in NumPy that shares no code with it:
integer products on the grid, scales multiplied from left to right, everything else in double in the order of the graph."""
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LUTFISK = os.environ.get("LUTFISK", "build/lutfisk")
NETWORKS, ROWS = 40, 40
QONNX = "qonnx.custom_op.general"


class Value:
    """One row: integer codes with scales (one per element), or reals."""

    def __init__(self, codes=None, scale=None, real=None):
        self.codes, self.scale = codes, None if scale is None else np.broadcast_to(np.asarray(scale, np.float64), codes.shape)
        self.real = np.asarray(real, np.float64) if codes is None else codes.astype(np.float64) * self.scale


def constant(c):
    """A constant as the network sees it: on a grid when its values are integers or short binary fractions."""
    c = np.asarray(c, np.float64)
    for k in range(41):
        n = c * 2.0**k
        if k and np.abs(n).max() >= 2**16:
            break
        if (n == np.floor(n)).all():
            return Value(n.astype(np.int64), 2.0**-k)
    return Value(real=c)


def round_as(mode, y):
    away = np.copysign(np.floor(np.abs(y) + 0.5), y)
    toward = np.copysign(np.ceil(np.abs(y) - 0.5), y)
    up = np.copysign(np.ceil(np.abs(y)), y)
    return {"ROUND": np.rint(y), "FLOOR": np.floor(y), "CEIL": np.ceil(y), "UP": up, "DOWN": np.trunc(y), "HALF_UP": away,
            "HALF_DOWN": toward}[mode]


def quant(x, scale, zero, bits, signed, narrow, mode):
    y = x / scale + zero
    if bits == 1 and signed:
        q = np.where(y >= 0, 1.0, -1.0)
    else:
        lo, hi = (-2.0**(bits - 1) + narrow, 2.0**(bits - 1) - 1) if signed else (0.0, 2.0**bits - 1 - narrow)
        q = round_as(mode, np.clip(y, lo, hi))
    return (q - zero).astype(np.int64)


def product(x, w, w_scale):
    """x times integer weights [K, N] with one scale per column."""
    if x.codes is not None and (x.scale == x.scale.flat[0]).all():
        return Value(x.codes @ w, x.scale.flat[0] * w_scale)
    real, total = x.real, np.zeros(w.shape[1])
    for k in range(w.shape[0]):
        total = total + real[k] * (w[k].astype(np.float64) * w_scale)
    return Value(real=total)


def scaled(x, c, divide):
    if x.codes is None or not np.all(c):
        return Value(real=x.real / c if divide else x.real * c)
    return Value(x.codes, x.scale / c if divide else x.scale * c)


def added(x, c, sign):
    """Codes are aligned when every pair of steps is a power of two apart (or the constant is 0); else reals are added."""
    k = constant(c)
    if x.codes is None or k.codes is None:
        return Value(real=x.real + sign * k.real)
    if not k.codes.any():
        return x
    a, b = x.scale, np.broadcast_to(k.scale.flat[0], x.codes.shape)
    if (np.abs(np.frexp(a)[0]) != np.abs(np.frexp(b)[0])).any():
        return Value(real=x.real + sign * k.real)
    step = np.where(np.abs(a) <= np.abs(b), a, np.copysign(b, a))
    return Value(x.codes * (a / step).astype(np.int64) + sign * np.broadcast_to(k.codes, x.codes.shape) * (b / step).astype(np.int64), step)


def rectified(x):
    return Value(real=np.maximum(x.real, 0)) if x.codes is None else Value(np.where((x.codes > 0) == (x.scale > 0), x.codes, 0), x.scale)


def clipped(x, lo, hi):
    # on the grid or not, the value of a clipped element is the bound or the element's own
    return Value(real=np.clip(x.real, lo, hi)) if x.codes is None or not on_grid(x, lo, hi) else clip_codes(x, lo, hi)


def on_grid(x, *bounds):
    return all((np.trunc(b / x.scale) * x.scale == b).all() for b in bounds)


def clip_codes(x, lo, hi):
    ends = np.sort(np.stack([lo / x.scale, hi / x.scale]).astype(np.int64), axis=0)
    return Value(np.clip(x.codes, ends[0], ends[1]), x.scale)


class Maker:
    """Builds the ONNX graph and, beside it, the list of steps that evaluate it."""

    def __init__(self, seed):
        self.r = np.random.default_rng(seed)
        self.nodes, self.constants, self.steps, self.count = [], [], [], 0
        self.width = int(self.r.integers(2, 20))
        self.inputs, self.last = self.width, "x"
        self.hits = set()

    def name(self):
        self.count += 1
        return f"t{self.count}"

    def const(self, value):
        name = self.name()
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, op, more, step, domain="", data_last=False, **attributes):
        out = self.name()
        operands = more + [self.last] if data_last else [self.last] + more
        self.nodes.append(helper.make_node(op, operands, [out], domain=domain, **attributes))
        self.last = out
        self.steps.append(step)
        self.hits.add(op)

    def numbers(self, choices, vector):
        """float32 values, one or one per column, as doubles."""
        c = self.r.choice(choices, size=self.width if vector else 1)
        return np.float32(c if vector else c[0]).astype(np.float64)

    def scale(self, vector):
        return self.numbers([1, 0.5, 0.25, -0.5, 0.1, 0.3, 0.07, 2, -0.37], vector)

    def quantizer(self):
        kind = self.r.integers(0, 4)
        if kind == 0:
            s = self.scale(False)
            self.node("BipolarQuant", [self.const(s)], lambda x: Value(np.where(x.real >= 0, 1, -1), s), QONNX)
        elif kind == 1:
            self.threshold()
        else:
            self.quant_node()

    def quant_node(self):
        bits, signed = int(self.r.integers(1, 7)), int(self.r.integers(0, 2))
        narrow = int(self.r.integers(0, 2)) if bits > 1 else 0
        mode = str(self.r.choice(["ROUND", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN"]))
        s, z = self.scale(self.r.random() < 0.2), float(self.r.integers(-1, 2)) if self.r.random() < 0.3 else 0.0
        self.node("Quant", [self.const(s), self.const(z), self.const(bits)],
                  lambda x: Value(quant(x.real, s, z, bits, signed, narrow, mode), s), QONNX, signed=signed, narrow=narrow,
                  rounding_mode=mode)
        self.hits.add(mode)

    def threshold(self):
        t = np.sort(self.r.integers(-40, 40, (self.width, 3)) / 8, axis=1)
        scale, bias = [(1.0, 0.0), (2.0, -1.0), (0.5, -1.0), (0.25, 0.0)][self.r.integers(0, 4)]

        def step(x):
            count = (x.real[:, None] >= t).sum(axis=1)
            if scale == int(scale) and bias == int(bias):
                return Value(int(bias) + int(scale) * count, 1.0)
            return Value(count + int(bias / scale), scale)

        self.node("MultiThreshold", [self.const(t)], step, QONNX, out_scale=scale, out_bias=bias, out_dtype="INT4")

    def matmul(self):
        wide, bits = int(self.r.integers(1, 16)), int(self.r.integers(1, 6))
        w = np.float32(self.r.normal(0, 1, (self.width, wide)))
        self.width = wide
        s = np.abs(self.scale(self.r.random() < 0.4))
        codes = quant(w.astype(np.float64), s, 0.0, bits, True, 0, "ROUND")
        name = self.name()
        self.nodes.append(helper.make_node("Quant", [self.const(w), self.const(s), self.const(0.0), self.const(bits)], [name],
                                           domain=QONNX, signed=1, narrow=0, rounding_mode="ROUND"))
        self.node("MatMul", [name], lambda x: product(x, codes, s))

    def between(self):
        kind = str(self.r.choice(["Mul", "Div", "Add", "Sub", "Relu", "Clip", "BatchNormalization"]))
        vector = self.r.random() < 0.5
        if kind in ("Mul", "Div"):
            c = self.numbers([1, -1, 0.5, 3, 0.1, -0.7] + ([0] if kind == "Mul" else []), vector)
            self.node(kind, [self.const(c)], lambda x: scaled(x, c, kind == "Div"), data_last=kind == "Mul" and self.r.random() < 0.3)
        elif kind in ("Add", "Sub"):
            c = self.numbers([0, 1, -3, 0.5, 0.125, 0.1, -1.7], vector)
            self.node(kind, [self.const(c)], lambda x: added(x, c, 1 if kind == "Add" else -1))
        elif kind == "Relu":
            self.node(kind, [], rectified)
        elif kind == "Clip":
            lo, hi = float(self.r.choice([-2, -0.5, 0])), float(np.float32(self.r.choice([1, 0.75, 2.3])))
            self.node(kind, [self.const(lo), self.const(hi)], lambda x: clipped(x, lo, hi))
        else:
            g, b, m, v = (self.numbers(c, True) for c in ([1, -0.6, 0.3, 0], [0, 0.2, -1], [0, 1, -0.4], [1, 0.2, 4]))
            e = float(np.float32(1e-5))
            self.node(kind, [self.const(p) for p in (g, b, m, v)],
                      lambda x: Value(real=(x.real - m) / np.sqrt(v + e) * g + b), epsilon=1e-5)

    def network(self):
        for _ in range(int(self.r.integers(1, 4))):
            self.quantizer()
            self.matmul()
            for _ in range(int(self.r.integers(0, 4))):
                self.between()
        if self.r.random() < 0.4:
            self.quantizer()
        graph = helper.make_graph(self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, self.inputs])],
                                  [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, [1, self.width])], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)], ir_version=8)

    def rows(self):
        """Half of them on steps of 1/16, so that ties and thresholds are hit."""
        x = self.r.normal(0, 2, (ROWS, self.inputs))
        x[::2] = np.round(x[::2] * 16) / 16
        return x.astype(np.float32)

    def evaluate(self, x):
        out = []
        for row in x.astype(np.float64):
            value = Value(real=row)
            for step in self.steps:
                value = step(value)
            out.append(value.real)
        return np.array(out).astype(np.float32)


def predict(tmp, engine):
    """The engine's rows, or None and what it said."""
    command = [LUTFISK, "predict", f"{tmp}/net.onnx", "-i", f"{tmp}/x.npy", "-o", f"{tmp}/y.npy", "--engine", engine]
    ran = subprocess.run(command, capture_output=True, text=True)
    return (None, ran.stderr) if ran.returncode else (np.load(f"{tmp}/y.npy").reshape(ROWS, -1), "")


def wrong(maker, tmp, engine, want):
    """What is wrong with the engine's answer, or nothing."""
    y, said = predict(tmp, engine)
    if y is None:
        return said
    bad = np.argwhere(y != want)
    if not len(bad):
        return ""
    r, c = bad[0]
    ops = " ".join(n.op_type for n in maker.nodes)
    return f"{len(bad)} of {y.size} differ, first row {r} column {c}: {y[r, c]!r} not {want[r, c]!r}; {ops}"


def main():
    if not os.path.exists(LUTFISK):
        print(f"skipped: {LUTFISK} is not built")
        return 77
    hits, failed = set(), 0
    with tempfile.TemporaryDirectory() as tmp:
        for seed in range(NETWORKS):
            maker = Maker(seed)
            onnx.save(maker.network(), f"{tmp}/net.onnx")
            x = maker.rows()
            np.save(f"{tmp}/x.npy", x)
            want = maker.evaluate(x)
            for engine in ("reference", "fast"):
                found = wrong(maker, tmp, engine, want)
                if found:
                    print(f"network {seed}, {engine}: {found}")
                    failed += 1
            hits |= maker.hits
    every = {"BipolarQuant", "MultiThreshold", "Quant", "MatMul", "Mul", "Div", "Add", "Sub", "Relu", "Clip", "BatchNormalization", "ROUND",
             "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN"}
    if every - hits:
        print(f"never made: {sorted(every - hits)}")
        failed += 1
    print(f"{NETWORKS} networks, {failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
