#!/usr/bin/env python3
"""Draws accuracy against LUTs from a table of doc/user/table-networks.md.

usage: pareto_svg.py PAGE.md DATA > FILE.svg

Rows of the table whose first column is DATA, or empty below it, become points: the first number of LUTs (the mean where there are several,
separated by ", " and a blank), the first number of accuracy, a shape and colour for each family."""
import math
import re
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 330, 56, 20, 16, 46
STYLE = {"luts": "#1b6e8c", "neurons": "#b3541e", "edges": "#4f7d2b"}


def number(text):
    return float(text.replace(",", ""))


def points(page, data):
    found, inside = [], False
    for line in page.splitlines():
        cell = [c.strip() for c in line.strip("|").split("|")]
        if not line.startswith("|") or len(cell) != 6:
            continue
        inside = cell[0] == data or (inside and not cell[0])
        luts = [number(n) for n in re.findall(r"\d[\d,]*\d|\d", cell[3].replace(", ", " "))]
        accuracy = re.match(r"\d+(\.\d+)?", cell[4])
        if inside and cell[2] in STYLE and luts and accuracy:
            found.append((cell[2], sum(luts) / len(luts), float(accuracy.group())))
    return found


def front(found):
    """Points that no other one beats in both."""
    best = [p for p in found if not any(q[1] <= p[1] and q[2] > p[2] or q[1] < p[1] and q[2] >= p[2] for q in found)]
    return sorted(best, key=lambda p: p[1])


def ticks(low, high):
    return [m * 10**e for e in range(1, 7) for m in (1, 2, 5) if low <= m * 10**e <= high]


def mark(family, x, y):
    colour = STYLE[family]
    if family == "luts":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
    if family == "neurons":
        return f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{colour}"/>'
    return f'<path d="M{x:.1f} {y - 6:.1f} l6 10.5 h-12 z" fill="{colour}"/>'


def draw(found, data):
    low, high = min(p[1] for p in found) / 1.3, max(p[1] for p in found) * 1.3
    bottom, top = math.floor(min(p[2] for p in found) - 0.5), math.ceil(max(p[2] for p in found) + 0.2)

    def at_x(luts):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(luts / low) / math.log(high / low)

    def at_y(accuracy):
        return TOP + (HEIGHT - TOP - BOTTOM) * (top - accuracy) / (top - bottom)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f"<title>{data}: accuracy against LUTs</title>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for luts in ticks(low, high):
        out.append(f'<path d="M{at_x(luts):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{at_x(luts):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{luts:,}</text>')
    for accuracy in range(bottom, top + 1):
        out.append(f'<path d="M{LEFT} {at_y(accuracy):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{at_y(accuracy) + 4:.1f}" text-anchor="end">{accuracy}</text>')
    line = " ".join(f"{at_x(p[1]):.1f},{at_y(p[2]):.1f}" for p in front(found))
    out.append(f'<polyline points="{line}" fill="none" stroke="#888" stroke-dasharray="4 3"/>')
    out += [mark(family, at_x(luts), at_y(accuracy)) for family, luts, accuracy in found]
    for i, family in enumerate(STYLE):
        x, y = WIDTH - RIGHT - 90, HEIGHT - BOTTOM - 56 + 18 * i
        out.append(mark(family, x, y) + f'<text x="{x + 12}" y="{y + 4}">{family}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">LUTs of UltraScale+, complete circuits</text>')
    out.append(f'<text transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">accuracy on {data}, %</text></svg>')
    return "\n".join(out)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = points(open(sys.argv[1], encoding="utf-8").read(), sys.argv[2])
    if not found:
        sys.exit(f"{sys.argv[1]}: no rows of {sys.argv[2]} with LUTs and accuracy")
    print(draw(found, sys.argv[2]))


main()
