// Figures: data by json_script, colours from the page, drawn anew when the theme changes.
"use strict";

(() => {
  const probe = document.createElement("span");
  probe.hidden = true;
  function colour(name) {
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function map(scale, colorbar) {
    const [low, middle, high] = ["series-1", "sunken", "series-2"].map(colour);
    const bar = { thickness: 12, outlinewidth: 0, ...colorbar };
    if (scale === "diverging") {
      return { colorscale: [[0, low], [0.5, middle], [1, high]], zmid: 0, colorbar: bar, xgap: 1, ygap: 1 };
    }
    return { colorscale: [[0, middle], [1, low]], colorbar: bar };
  }

  // Marks over a figure: upright bands and lines, in a colour of the page.
  function shape({ tone, ...rest }) {
    const hue = colour(tone);
    if (rest.type === "line") return { ...rest, line: { color: hue, width: 1.5, dash: "dot" } };
    return { ...rest, layer: "below", line: { width: 1, color: hue }, fillcolor: hue, opacity: 0.3 };
  }

  function draw(element) {
    const figure = JSON.parse(document.getElementById(element.dataset.figure).textContent);
    const ink = colour("ink-soft");
    const line = colour("line");
    const axis = {
      gridcolor: line, linecolor: line, zerolinecolor: line, tickcolor: line,
      automargin: true, fixedrange: true,
    };
    // A trace may say which of the page's colours it takes (`series`, from 0, or `tone`), and that it
    // is an edge of a band (`band`): no line of its own; the second edge of it says fill: "tonexty".
    // A map of cells says whether its numbers have a middle (`scale`: sequential, diverging).
    const traces = figure.data.map(({ series, tone, band, scale, ...trace }, index) => {
      if (scale) return { ...trace, ...map(scale, trace.colorbar) };
      const hue = colour(tone ?? `series-${((series ?? index) % 6) + 1}`);
      return {
        ...trace,
        marker: { ...trace.marker, color: hue },
        line: trace.type === "bar" ? undefined : { width: 2, ...trace.line, color: hue, ...(band && { width: 0 }) },
        ...(band && { fillcolor: hue.replace("rgb(", "rgba(").replace(")", ", 0.18)"), hoverinfo: "skip", showlegend: false }),
      };
    });
    const layout = {
      ...figure.layout,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 48, r: 16, t: 24, b: 40 },
      xaxis: { ...axis, showgrid: false, ...figure.layout?.xaxis },
      yaxis: { ...axis, ...figure.layout?.yaxis },
      shapes: figure.layout?.shapes?.map(shape),
      legend: { orientation: "h", x: 0, y: 1.14, font: { color: colour("ink") } },
      hoverlabel: { bgcolor: colour("raised"), bordercolor: colour("line-strong"), font: { color: colour("ink") } },
      bargap: 0.28,
      bargroupgap: 0.08,
    };
    element.removeAttribute("aria-busy");
    window.Plotly.react(element, traces, layout, { displayModeBar: false, responsive: true });
  }

  function drawAll() {
    document.querySelectorAll("[data-figure]").forEach(draw);
  }
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("modelwright:theme", drawAll);
  document.addEventListener("htmx:afterSettle", () =>
    document.querySelectorAll('[data-figure][aria-busy="true"]').forEach(draw)
  );
})();
