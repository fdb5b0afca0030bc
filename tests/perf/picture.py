"""A bar chart as SVG, which a README shows on light and on dark ground alike."""

from xml.sax.saxutils import escape

LEFT, WIDTH, BAR, GAP, TOP = 150, 520, 11, 12, 58  # pixels
COLOURS = "#2f6fb0", "#d9822b", "#3d9970", "#a05195", "#7f7f7f"
TEXT = 'font-family="system-ui, sans-serif" fill="#777"'


def bars(title, series, best=1.0):
    """series: {name: {label: value}}; a line stands at `best`.  Labels are those of the first, in order."""
    labels = list(next(iter(series.values())))
    most = max(best, *(value for each in series.values() for value in each.values())) * 1.08
    step, out, y = WIDTH / most, [], TOP
    for label in labels:
        middle = y + BAR * len(series) / 2 + 4
        weight = ' font-weight="bold"' if label == labels[-1] else ""
        out.append(text(LEFT - 8, middle, label, f'text-anchor="end" font-size="13"{weight}'))
        for (_, values), colour in zip(series.items(), COLOURS * len(series), strict=False):
            if label in values:
                width = values[label] * step
                out.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" rx="2" fill="{colour}"/>')
                out.append(text(LEFT + width + 4, y + BAR - 3, f"{values[label]:.2f}", 'font-size="10"'))
            y += BAR
        y += GAP
    line = LEFT + best * step
    out.append(f'<line x1="{line:.1f}" x2="{line:.1f}" y1="{TOP - 6}" y2="{y}" stroke="#777" stroke-dasharray="4 3"/>')
    out.append(text(16, 22, title, 'font-size="15" font-weight="bold"'))
    x = LEFT
    for name, colour in zip(series, COLOURS * len(series), strict=False):
        out.append(f'<rect x="{x}" y="34" width="10" height="10" rx="2" fill="{colour}"/>')
        out.append(text(x + 14, 43, name, 'font-size="12"'))
        x += 30 + 7 * len(name)
    size = f'width="{LEFT + WIDTH + 50}" height="{y + 6}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n' + "\n".join(out) + "\n</svg>\n"


def text(x, y, words, style):
    return f'<text x="{x:.1f}" y="{y:.1f}" {TEXT} {style}>{escape(words)}</text>'
