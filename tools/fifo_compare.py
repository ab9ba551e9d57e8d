#!/usr/bin/python3
"""Hold the FIFOs of a design beside those that FINN+ measured on the board for the same network with the same folding.

usage: fifo_compare.py REFERENCE.json                              what the reference's FIFOs hold, part by part
       fifo_compare.py REFERENCE.json --folding OUT.json           its PE and SIMD as a folding file for `lutfisk build`
       fifo_compare.py REFERENCE.json --report DESIGN/report.json  both, part by part

REFERENCE is a folding configuration whose StreamingFIFO entries say what live sizing found, for ResNet-50 (`lutfisk make resnet50`) or
MobileNet v1 (`lutfisk make mobilenet-v1`). It has neither edges nor widths. The edges follow from the order of the nodes, which is
that of these networks; there must be exactly as many as FIFOs. A FIFO is as wide as the lanes of the unit before it times the bits of
an element. What the file leaves open is settled in favour of the reference. Exit status 1 when the design's FIFOs hold more bits,
2 for a file that is none of these.
"""
import argparse
import json
import re
import sys

PIXEL = 8
INNER, TRUNK, SUM, MEAN, LOGIT = 2, 4, 5, 10, 24  # bits of an element of ResNet-50: Xilinx/ResNet50-PYNQ, src/w1a2_v1.0/*/config.h
ACTIVATION = 4                                    # of MobileNet
EXTRA = 8  # most measured depths are 2^k + 8, none is below 9: live sizing seems to add them

RESNET_STAGES = (3, 4, 6, 3)


class Reference:
    """The file: fields of nodes, depths of FIFOs in the order of their numbers."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.fields = json.load(f)
        self.nodes = [n for n in self.fields if n != "Defaults" and not n.startswith("StreamingFIFO")]
        fifos = {int(n.rsplit("_", 1)[1]): v["depth"] for n, v in self.fields.items() if n.startswith("StreamingFIFO")}
        if not fifos or sorted(fifos) != list(range(len(fifos))):
            raise ValueError(f"{path}: no StreamingFIFO entries, numbered from 0")
        self.depths = [fifos[i] for i in range(len(fifos))]
        self.is_resnet = any(n.startswith("AddStreams") for n in self.nodes)
        self.streams = resnet_streams(self) if self.is_resnet else mobilenet_streams(self)
        if len(self.streams) != len(self.depths):
            raise ValueError(f"{path}: {len(self.depths)} FIFOs, but the network has {len(self.streams)} streams")

    def lanes(self, kind, number, field):
        for name, fields in self.fields.items():
            if re.fullmatch(rf"{kind}(_hls|_rtl)?_{number}", name):
                return fields[field]
        raise ValueError(f"no {kind} {number}")

    def pe(self, kind, number):
        return self.lanes(kind, number, "PE")

    def simd(self, kind, number):
        return self.lanes(kind, number, "SIMD")

    def bits(self, extra=0):
        """{part: bits of its FIFOs}, every FIFO `extra` beats less deep."""
        total = {}
        for (part, width), depth in zip(self.streams, self.depths):
            total[part] = total.get(part, 0) + width * max(0, depth - extra)
        return total


# -- the reference's streams: (part, width in bits) in the order of the FIFOs; a part is (block, where in it) ------------------------


def by_depth(ref, streams, first, second):
    """The next two streams, in an order that the file does not tell: the deeper FIFO is that of `second`."""
    at = len(streams)
    return [first, second] if ref.depths[at] <= ref.depths[at + 1] else [second, first]


def resnet_main(ref, block, conv, window):
    """From the window of the 3x3 convolution `conv` to the sum; and a stream at its padding, before and behind."""
    spatial, other = (block, "3x3"), (block, "")
    pad = (spatial, ref.simd("FMPadding", window) * INNER)
    return pad, [(spatial, ref.simd("ConvolutionInputGenerator", window) * INNER),
                 (spatial, ref.simd("MVAU_hls", conv) * INNER), (other, ref.pe("MVAU_hls", conv) * INNER),
                 (other, ref.simd("MVAU_hls", conv + 1) * INNER), (other, ref.pe("MVAU_hls", conv + 1) * TRUNK)]


def resnet_first_block(ref, streams, block, conv, window, fork, down):
    """Convolutions in the order 1x1, bypass, 3x3, 1x1; `down` is the unit that drops pixels on the bypass, None: there is none."""
    other, bypass = (block, ""), (block, "bypass")
    wide, thin = ref.simd("MVAU_hls", conv) * INNER, ref.pe("MVAU_hls", conv) * INNER
    before, behind = ref.simd("MVAU_hls", conv + 1) * INNER, ref.pe("MVAU_hls", conv + 1) * TRUNK
    pad, rest = resnet_main(ref, block, conv + 2, window)
    streams += [(other, ref.pe("DuplicateStreams", fork) * INNER)] * 2
    if down is None:
        streams += [(bypass, before), (other, wide), (other, thin), (bypass, behind), pad, pad]
    else:
        dropped = ref.simd("DownSampler", down) * INNER
        streams += by_depth(ref, streams, (other, wide), (bypass, dropped))
        streams += [(other, thin), (bypass, dropped), pad, (bypass, before), (bypass, behind), pad]
    streams += rest
    return conv + 4


def resnet_block(ref, streams, block, conv, window, fork, threshold):
    """The bypass is the trunk itself. Only there pixels have to wait for the convolutions: the deeper FIFO is the bypass's."""
    other, bypass = (block, ""), (block, "bypass")
    pe = ref.pe("DuplicateStreams", fork)
    streams += by_depth(ref, streams, (other, pe * TRUNK), (bypass, pe * TRUNK))
    pe = ref.pe("Thresholding", threshold)
    streams += by_depth(ref, streams, (other, pe * INNER), (bypass, pe * TRUNK))
    pad, rest = resnet_main(ref, block, conv + 1, window)
    streams += [(other, ref.simd("MVAU_hls", conv) * INNER), (other, ref.pe("MVAU_hls", conv) * INNER), pad, pad]
    streams += rest
    return conv + 3


def resnet_streams(ref):
    stem, end = ("stem", ""), ("end", "")
    streams = [(stem, ref.simd("FMPadding", 0) * PIXEL)] * 2
    streams += [(stem, ref.simd("ConvolutionInputGenerator", 0) * PIXEL), (stem, ref.pe("MVAU_hls", 0) * INNER)]
    streams += [(stem, ref.simd("FMPadding", 1) * INNER)] * 2 + [(stem, ref.pe("Pool", 0) * INNER)] * 2
    streams += [(stem, ref.pe("DuplicateStreams", 0) * INNER)]
    conv, window, join, threshold = 1, 2, 0, 0
    for stage, blocks in enumerate(RESNET_STAGES):
        for i in range(blocks):
            block = f"stage{stage + 1}_block{i}"
            if i == 0:
                conv = resnet_first_block(ref, streams, block, conv, window, join, stage - 1 if stage else None)
            else:
                conv = resnet_block(ref, streams, block, conv, window, join, threshold - 1)
            streams += [((block, ""), ref.pe("AddStreams", join) * SUM)]
            streams += [((block, ""), ref.pe("Thresholding", threshold) * TRUNK)]
            # At a stage's end another threshold makes what both branches take, once with a factor before it.
            if i == blocks - 1 and stage < 3:
                streams += [((block, ""), ref.pe("Thresholding", threshold + 1) * INNER)] * (2 if stage == 2 else 1)
            threshold += 2 if i == blocks - 1 else 3
            window, join = window + 1, join + 1
    pool, dense = ref.pe("Pool", 1), ref.pe("MVAU_rtl", 0)
    streams += [(end, ref.pe("ChannelwiseOp", 1) * TRUNK)] + [(end, pool * TRUNK)] * 2 + [(end, pool * MEAN)]
    return streams + [(end, dense * LOGIT)] * 2 + [(end, LOGIT)]


def kind_of(name):
    return re.sub(r"(_hls|_rtl)?_\d+$", "", name)


def mobilenet_streams(ref):
    """A chain. How wide sums are, from a product to its thresholds, depends on weights that are not there: they count as nothing."""
    block, bits = "conv0", PIXEL
    streams = [((block, ""), ref.fields[ref.nodes[0]]["SIMD"] * bits)]
    for name, after in zip(ref.nodes, ref.nodes[1:] + [ref.nodes[-1]]):
        kind = kind_of(name)
        if kind == "FMPadding":
            block = f"block{name.rsplit('_', 1)[1]}"
        elif kind == "Pool":
            block = "end"
        if kind in ("MVAU", "VVAU", "Pool", "ChannelwiseOp", "LabelSelect"):
            bits = 0
        elif kind == "Thresholding":
            bits = ACTIVATION
        fields = ref.fields[after if kind == "StreamingDataWidthConverter" else name]
        # A converter gives what the next unit takes.
        takes = kind == "StreamingDataWidthConverter" and kind_of(after) == "MVAU"
        lanes = fields["SIMD"] if takes or "PE" not in fields else fields["PE"]
        streams.append(((block, "sums" if bits == 0 else ""), lanes * bits))
    return streams


# -- our side ----------------------------------------------------------------------------------------------------------------------


def product(ref, folding, name, kind, number):
    folding[name + "_mvu"] = {"PE": ref.pe(kind, number), "SIMD": ref.simd(kind, number)}


def resnet_folding(ref):
    """Layer by layer. Thresholds that the reference has within a product and we behind it get the product's PE."""
    pe = ref.pe("DuplicateStreams", 0)
    folding = {"conv1_window": {"SIMD": ref.simd("ConvolutionInputGenerator", 0)}}
    product(ref, folding, "conv1", "MVAU_hls", 0)
    folding["conv1_quant_1_threshold"] = {"PE": ref.pe("MVAU_hls", 0)}
    folding["pool1_window"] = {"SIMD": ref.simd("ConvolutionInputGenerator", 1)}
    folding["pool1_pool"] = {"PE": ref.pe("Pool", 0)}
    conv, window = 1, 2
    for stage, blocks in enumerate(RESNET_STAGES):
        for i in range(blocks):
            name = f"stage{stage + 1}_block{i}"
            folding[name + "_in_quant_threshold"] = {"PE": pe}
            if i == 0 and stage:
                folding[name + "_short_frame"] = {"SIMD": ref.simd("DownSampler", stage - 1)}
            for part in ("conv1", "short", "conv2", "conv3") if i == 0 else ("conv1", "conv2", "conv3"):
                product(ref, folding, f"{name}_{part}", "MVAU_hls", conv)
                if part in ("short", "conv3"):
                    folding[f"{name}_{part}_quant_1_threshold"] = {"PE": ref.pe("MVAU_hls", conv)}
                conv += 1
            folding[name + "_conv2_window"] = {"SIMD": ref.simd("ConvolutionInputGenerator", window)}
            folding[name + "_sum_join"] = {"PE": ref.pe("AddStreams", window - 2)}
            folding[name + "_quant_threshold"] = {"PE": pe}
            window += 1
    folding["mean_pool"] = folding["mean_quant_requantize"] = {"PE": ref.pe("Pool", 1)}
    product(ref, folding, "classes", "MVAU_rtl", 0)
    return folding


def mobilenet_folding(ref):
    folding = {"conv0_window": {"SIMD": ref.simd("ConvolutionInputGenerator", 0)}}
    product(ref, folding, "conv0", "MVAU", 0)
    folding["conv0_quant_1_threshold"] = {"PE": ref.pe("Thresholding", 0)}
    blocks = sum(n.startswith("VVAU") for n in ref.nodes)
    for i in range(blocks):
        folding[f"block{i}_deep_window"] = {"SIMD": ref.simd("ConvolutionInputGenerator", i + 1)}
        folding[f"block{i}_deep_vvu"] = {"PE": ref.pe("VVAU", i), "SIMD": ref.simd("VVAU", i)}
        folding[f"block{i}_deep_quant_1_threshold"] = {"PE": ref.pe("Thresholding", 2 * i + 1)}
        product(ref, folding, f"block{i}_point", "MVAU", i + 1)
        folding[f"block{i}_point_quant_1_threshold"] = {"PE": ref.pe("Thresholding", 2 * i + 2)}
    folding["mean_pool"] = folding["mean_quant_threshold"] = {"PE": ref.pe("Pool", 0)}
    product(ref, folding, "classes", "MVAU", blocks + 1)
    return folding


def part_of(fifo, is_resnet):
    """A FIFO of ours is named after the unit behind it."""
    if fifo.startswith(("mean_", "classes_")):
        return "end", ""
    m = re.match(r"(stage\d+_block\d+|block\d+)_(.*)", fifo)
    if not m:
        return ("stem" if is_resnet else "conv0"), "sums" if "_threshold_" in fifo and not is_resnet else ""
    if not is_resnet:
        return m[1], "sums" if "_quant_1_threshold_" in fifo else ""
    if m[2].startswith(("short_", "sum_join_fifo1")):
        return m[1], "bypass"
    return m[1], "3x3" if m[2].startswith("conv2_") else ""


def read_report(path, is_resnet):
    with open(path, encoding="utf-8") as f:
        report = json.load(f)
    total = {}
    for fifo in report["fifos"]:
        part = part_of(fifo["name"], is_resnet)
        total[part] = total.get(part, 0) + fifo["bits"]
    return total


def table(kinds, sides):
    """A line per block; per kind of place, and for all of them, one figure of each of `sides` ((name, {part: bits}), ...)."""
    blocks = list(dict.fromkeys(block for _, side in sides for block, _ in side))
    print(f"{'bits':16}" + "".join(f"{(kind or 'other') + ' ' + name:>16}" for kind in kinds + ["all"] for name, _ in sides))
    for block in blocks + ["total"]:
        line = f"{block:16}"
        for kind in kinds + [None]:
            for _, side in sides:
                line += f"{sum(v for (b, k), v in side.items() if block in (b, 'total') and kind in (k, None)):16,}"
        print(line)


def main():
    p = argparse.ArgumentParser(description="FIFOs beside those that FINN+ measured")
    p.add_argument("reference")
    p.add_argument("--folding", help="write the reference's folding")
    p.add_argument("--report", help="report.json of a design")
    o = p.parse_args()
    ref = Reference(o.reference)
    if o.folding:
        with open(o.folding, "w", encoding="utf-8") as f:
            json.dump(resnet_folding(ref) if ref.is_resnet else mobilenet_folding(ref), f, indent=1)
        return 0
    theirs = ref.bits()
    sides = [("reference", theirs)]
    if o.report:
        sides.append(("ours", read_report(o.report, ref.is_resnet)))
    table(["bypass", "3x3", ""] if ref.is_resnet else ["sums", ""], sides)
    print(f"reference without the {EXTRA} beats on top of every depth: {sum(ref.bits(EXTRA).values()):,}")
    return int(bool(o.report) and sum(sides[1][1].values()) > sum(theirs.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError, IndexError) as e:
        print(f"fifo_compare.py: {type(e).__name__}: {e}", file=sys.stderr)
        sys.exit(2)
