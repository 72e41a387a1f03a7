// Draws the charts of a report again with uPlot, over their static SVG: zoom by dragging or with
// + and -, a cursor that all charts of the same span of time share, the values below it. The SVG
// stays in the page: it is what prints, and what is shown without this script.
(() => {
  "use strict";
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  if (!window.uPlot || figures.length === 0) return;
  document.documentElement.classList.add("interactive");

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dashes = [[], [], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2], [1, 2]];
  const charts = [];

  const number = (v, percent) => {
    if (v == null) return "-";
    if (percent) {
      const whole = v === 0 || v === 1 || (v >= 0.1 && v <= 0.985);
      return (100 * v).toFixed(whole ? 0 : 1) + " %";
    }
    if (Math.abs(v) >= 1e6) return (v / 1e6).toPrecision(3) + " M";
    if (Math.abs(v) >= 10) return Math.round(v).toLocaleString("en");
    return String(+v.toPrecision(3));
  };
  const clock = (t, day, seconds) => {
    let s = Math.round(t + (day >= 0 ? day : 0));
    if (day >= 0) s %= 86400;
    const two = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return (day >= 0 ? two(h) : h) + ":" + two(m) + (seconds ? ":" + two(s % 60) : "");
  };

  // Columns for uPlot: the curves, and behind each its band and its twin.
  const columns = (c) => {
    const bars = c.series.filter((s) => s.kind === "bars");
    let below = c.x.map(() => 0);
    const stacked = bars.map((s) => (below = s.y.map((v, i) => below[i] + (v || 0))));
    const data = [c.x], series = [{}], bands = [];
    // The tallest pile first: each smaller one covers its lower part.
    for (let k = bars.length - 1; k >= 0; --k) {
      const colour = css("--c" + bars[k].look);
      data.push(stacked[k]);
      series.push({
        stroke: colour, fill: colour, width: 0, points: { show: false },
        paths: uPlot.paths.bars({ align: 1, size: [0.92, Infinity] }),
      });
    }
    for (const s of c.series) {
      const colour = css("--c" + s.look);
      const thin = { stroke: "transparent", width: 0, points: { show: false } };
      if (s.low) {
        data.push(s.high, s.low);
        series.push(thin, thin);
        bands.push({ series: [series.length - 2, series.length - 1], fill: colour + "30" });
      }
      if (s.twin) {
        data.push(s.twin);
        series.push({ stroke: colour, width: 1.1, dash: [1, 3], points: { show: false } });
      }
      if (s.kind === "bars") continue;
      data.push(s.y);
      series.push({
        stroke: colour, width: 1.8, dash: dashes[s.look], points: { show: false },
        paths: s.kind === "step" ? uPlot.paths.stepped({ align: 1 }) : undefined,
      });
    }
    return { data, series, bands };
  };

  const shade = (c) => (u) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    u.ctx.fillStyle = css("--shade");
    for (const [from, to] of c.shades) {
      const left = u.valToPos(from, "x", true), right = u.valToPos(to, "x", true);
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }
    u.ctx.restore();
  };

  // All charts of one span of time zoom together.
  let zooming = false;
  const zoom = (group, min, max) => {
    if (zooming) return;
    zooming = true;
    for (const chart of charts) {
      if (chart.group === group) chart.plot.setScale("x", { min, max });
    }
    zooming = false;
  };

  const readout = (chart) => (u) => {
    const i = u.cursor.idx, c = chart.c;
    if (i == null || u.cursor.left < 0) {
      chart.words.textContent = "";
      return;
    }
    const when = c.labels ? c.labels[i][1] : clock(c.x[i], c.day, true);
    const values = c.series.map((s) => {
      const twin = s.twin && s.kind !== "bars" ? ` (without ${number(s.twin[i], c.percent)})` : "";
      return `${s.name} ${number(s.y[i], c.percent)}${twin}`;
    });
    chart.words.textContent = when + " · " + values.join(" · ");
  };

  const draw = (chart) => {
    const { c, box } = chart;
    const { data, series, bands } = columns(c);
    const axis = {
      stroke: css("--soft"), grid: { stroke: css("--faint"), width: 1 }, ticks: { show: false },
      font: "11.5px system-ui, sans-serif",
    };
    const clocks = (u, splits, i, space, step) =>
      splits.map((t) => clock(t, c.day, step % 60 !== 0));
    const amounts = (u, splits) => splits.map((v) => number(v, c.percent));
    const width = box.clientWidth || 400;
    if (chart.plot) chart.plot.destroy();
    chart.plot = new uPlot({
      width, height: Math.max(150, Math.round((width * 190) / 400)),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: {
        sync: { key: chart.group }, drag: { x: true, y: false }, points: { size: 6 }, y: false,
        bind: { dblclick: () => () => { zoom(chart.group, c.from, c.to); return null; } },
      },
      scales: {
        x: { time: false, range: (u, min, max) => [Math.max(c.from, min), Math.min(c.to, max)] },
        y: { range: (u, min, max) => (c.percent ? [0, 1] : [0, max > 0 ? max * 1.06 : 1]) },
      },
      axes: [
        Object.assign({}, axis, { size: 28 }, c.labels
          ? { splits: () => c.labels.map((l) => l[0]), values: () => c.labels.map((l) => l[1]) }
          : { incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600],
              space: 60,
              values: clocks }),
        Object.assign({}, axis, { size: 44, values: amounts }),
      ],
      series, bands,
      hooks: {
        drawClear: [shade(c)],
        setCursor: [readout(chart)],
        setScale: [(u, key) => {
          if (key === "x" && chart.plot) zoom(chart.group, u.scales.x.min, u.scales.x.max);
        }],
      },
    }, data, box);
    chart.plot.setScale("x", { min: c.from, max: c.to });
  };

  const onKey = (chart) => (event) => {
    const u = chart.plot, { min, max } = u.scales.x, c = chart.c;
    const last = c.x.length - 1;
    let i = u.cursor.idx == null ? 0 : u.cursor.idx;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const factor = { "+": 0.5, "-": 2 }[event.key];
    if (move) {
      i = Math.min(last, Math.max(0, i + move));
      u.setCursor({ left: u.valToPos(c.x[i], "x"), top: 10 }, true, true);  // the others follow
    } else if (factor) {
      const middle = c.x[i] >= min && c.x[i] <= max ? c.x[i] : (min + max) / 2;
      const half = ((max - min) * factor) / 2;
      zoom(chart.group, Math.max(c.from, middle - half), Math.min(c.to, middle + half));
    } else if (event.key === "Escape") {
      zoom(chart.group, c.from, c.to);
    } else {
      return;
    }
    event.preventDefault();
  };

  for (const figure of figures) {
    const c = JSON.parse(figure.dataset.chart);
    if (c.x.length === 0) continue;
    const box = document.createElement("div"), words = document.createElement("p");
    box.className = "plot";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    const title = figure.querySelector("figcaption").firstChild.textContent.trim();
    box.setAttribute("aria-label",
      title + ": arrow keys move the cursor, + and - zoom, Escape shows all");
    words.className = "readout";
    figure.querySelector("svg[role=img]").after(box, words);
    figure.classList.add("drawn");
    const group = (c.labels ? "values" : "time") + c.from + "-" + c.to;
    const chart = { c, box, words, group, plot: null };
    box.addEventListener("keydown", onKey(chart));
    draw(chart);
    charts.push(chart);
  }
  const again = () => charts.forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) again();
    width = innerWidth;
  });
})();
