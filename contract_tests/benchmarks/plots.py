"""Draw growth curves as PNG; run by the Python that has Matplotlib: ``plots.py JOB.json``.

A job is a list of ``{"path", "title", "unit", "lines": {name: [[megapixels, cost], …]}}``. Both axes are
logarithmic, with a thin line of constant cost for each pixel through the first point of the first curve.
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt


def draw(path: str, title: str, unit: str, lines: dict[str, list[list[float]]]) -> None:
    """Draw one plot."""
    figure, axes = plt.subplots(figsize=(6.4, 4.0), dpi=110)
    for (name, points), marker in zip(lines.items(), "osD^vP", strict=False):
        axes.plot([x for x, _ in points], [y for _, y in points], marker=marker, label=name)
    first = next(iter(lines.values()))
    (x0, y0), (x1, _) = first[0], first[-1]
    if unit == "s":
        axes.plot(
            [x0, x1], [y0, y0 * x1 / x0], color="0.6", linestyle=":", label="constant cost for each pixel"
        )
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, max(y for points in lines.values() for _, y in points) * 1.3)
    axes.set_xscale("log")
    axes.set_xticks([x for x, _ in first], [f"{x:g}" for x, _ in first])
    axes.minorticks_off()
    axes.set_xlabel("megapixels")
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        draw(**job)
