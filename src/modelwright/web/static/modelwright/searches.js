// A search while it goes on: each trial as it ends, the best-so-far curve, and the end.
"use strict";

(() => {
  const panel = document.querySelector("[data-search-events]");
  if (!panel) return;
  const bar = panel.querySelector(".progress");
  const percent = panel.querySelector("[data-percent]");
  const step = panel.querySelector("[data-step]");
  const left = panel.querySelector("[data-left]");
  const announce = panel.querySelector("[data-announce]");
  const connection = panel.querySelector("[data-connection]");
  const scored = new Map();
  let begun = panel.dataset.started ? new Date(panel.dataset.started) : null;
  let announced = 0;
  let ended = false;
  let drawing = 0;

  const first = JSON.parse(document.getElementById("history-data").textContent);
  first.data[0].x.forEach((number, index) => scored.set(number, first.data[0].y[index]));

  function draw() {
    drawing = 0;
    const script = document.getElementById("history-data");
    const figure = JSON.parse(script.textContent);
    const numbers = [...scored.keys()].sort((a, b) => a - b);
    const steps = []; // a point before each rise, so that the line has steps
    for (const number of numbers) {
      const before = steps.length ? steps[steps.length - 1][1] : null;
      const best = before === null ? scored.get(number) : Math.max(before, scored.get(number));
      if (before !== null && best > before) steps.push([number, before]);
      steps.push([number, best]);
    }
    figure.data[0].x = numbers;
    figure.data[0].y = numbers.map((number) => scored.get(number));
    figure.data[1].x = steps.map(([number]) => number);
    figure.data[1].y = steps.map(([, best]) => best);
    script.textContent = JSON.stringify(figure);
    document.dispatchEvent(new CustomEvent("modelwright:theme")); // charts.js draws anew
  }
  function drawSoon() {
    if (!drawing) drawing = setTimeout(draw, 250);
  }

  // One after the other: htmx looks up its target when it is called.
  let refreshed = Promise.resolve();
  let waiting = false;
  function refresh(target) {
    const context = { source: document.body, target, select: target, swap: "outerHTML" };
    const ask = () => window.htmx.ajax("GET", location.pathname, context);
    refreshed = refreshed.then(ask, ask);
    return refreshed;
  }
  function leaders() {
    if (waiting || ended) return;
    waiting = true;
    setTimeout(() => { if (!ended) refresh("#leaders"); waiting = false; }, 700);
  }

  const source = new EventSource(`${panel.dataset.searchEvents}?after=${panel.dataset.after}`);
  source.addEventListener("open", () => { connection.hidden = true; });
  source.addEventListener("error", () => { if (!ended) connection.hidden = false; });

  source.addEventListener("progress", (event) => {
    const data = JSON.parse(event.data);
    if (!data.total) return;
    for (const trial of data.trials || []) {
      if (trial.status === "complete" && trial.score !== null) scored.set(trial.number + 1, trial.score);
    }
    bar.classList.remove("progress--waiting");
    bar.setAttribute("aria-valuenow", Math.round(data.percent));
    bar.firstElementChild.style.setProperty("--value", data.percent);
    percent.textContent = `${Math.round(data.percent)} %`;
    step.textContent = `${data.current} of ${data.total} combinations`;
    if (begun && data.current) {
      const seconds = ((new Date(data.at) - begun) / 1000 / data.current) * (data.total - data.current);
      left.textContent = seconds > 1 ? `, about ${window.modelwright.duration(seconds)} left` : "";
    }
    const best = document.querySelector("[data-best]");
    if (best && typeof data.best_score === "number") best.textContent = data.best_score.toFixed(4);
    const tried = document.querySelector("[data-tried]");
    if (tried) tried.textContent = data.current;
    if (data.percent - announced >= 20) {
      announced = data.percent;
      announce.textContent = `${Math.round(data.percent)} per cent, best ${Number(data.best_score ?? 0).toFixed(4)}`;
    }
    if ((data.trials || []).length) {
      drawSoon();
      leaders();
    }
  });

  source.addEventListener("status", (event) => {
    const data = JSON.parse(event.data);
    if (data.status !== "running") return;
    begun = new Date(data.at);
    const since = panel.querySelector("[data-since]");
    since.dataset.since = data.at;
    step.textContent = "Reading the data and cutting the search into pieces";
    refresh("#search-head");
  });

  source.addEventListener("end", (event) => {
    ended = true;
    source.close();
    const { status } = JSON.parse(event.data);
    const tones = { completed: "good", failed: "bad", cancelled: "idle" };
    refresh("#search").then(() => window.modelwright.toast(`The search is ${status}`, tones[status] || "info"));
  });

  addEventListener("pagehide", () => source.close());
})();
