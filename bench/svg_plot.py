"""Line plots as SVG text, with the standard library only.

  svg = plot("title", "x", "y", {"name": [(x, y), ...]}, log_x=True, log_y=True)
"""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 820, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 40, 50
COLORS = ["#0b5fa5", "#d1495b", "#2e8b57", "#8d5a97", "#c77d0a", "#3a3a3a", "#00838f", "#a0522d",
          "#6b8e23", "#b83280", "#708090"]


def label(value):
    """1000000 as 1M, 0.5 as 0.5."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


class Axis:
    """From values to a place between two pixels."""

    def __init__(self, values, log, start, end):
        self.log, self.start, self.end = log, start, end
        low, high = min(values), max(values)
        if log:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            self.high += self.low == self.high
            self.ticks = [10.0**n for n in range(self.low, self.high + 1)]
        else:
            step = 10 ** math.floor(math.log10(high or 1))
            step *= 0.25 if high / step < 2 else 0.5 if high / step < 5 else 1
            self.low, self.high = 0, math.ceil((high or 1) / step) * step
            self.ticks = [step * n for n in range(int(self.high / step + 0.5) + 1)]

    def place(self, value):
        at = math.log10(value) if self.log else value
        return self.start + (at - self.low) / (self.high - self.low) * (self.end - self.start)


def text(x, y, content, anchor="middle", size=12, extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'{extra}>{escape(content)}</text>')


def frame(title, x_title, y_title, x_axis, y_axis):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [text((LEFT + right) / 2, 22, title, size=15),
             text((LEFT + right) / 2, HEIGHT - 12, x_title),
             text(18, (TOP + bottom) / 2, y_title,
                  extra=f'transform="rotate(-90 18 {(TOP + bottom) / 2:.1f})"')]
    for tick in x_axis.ticks:
        x = x_axis.place(tick)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(text(x, bottom + 18, label(tick)))
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y + 4, label(tick), anchor="end"))
    return parts


def spread(places, least=15):
    """Moves labels apart that would lie on each other; keeps their order."""
    moved = []
    for place in sorted(places):
        moved.append(max(place, moved[-1] + least) if moved else place)
    over = max(0, moved[-1] - (HEIGHT - 12))
    return [place - over for place in moved]


def plot(title, x_title, y_title, lines, log_x=False, log_y=False):
    """An SVG document with a line for each name, which stands at the line's end."""
    points = [point for line in lines.values() for point in line]
    x_axis = Axis([x for x, _ in points], log_x, LEFT, WIDTH - RIGHT)
    y_axis = Axis([y for _, y in points], log_y, HEIGHT - BOTTOM, TOP)
    parts = frame(title, x_title, y_title, x_axis, y_axis)
    ends = {name: y_axis.place(line[-1][1]) for name, line in lines.items()}
    order = sorted(ends, key=ends.get)
    names = dict(zip(order, spread(ends.values())))
    for n, (name, line) in enumerate(lines.items()):
        color = COLORS[n % len(COLORS)]
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
        parts.append(text(places[-1][0] + 10, names[name] + 4, name, anchor="start",
                          extra=f'fill="{color}"'))
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n')
