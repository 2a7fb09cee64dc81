// One run while it is open: progress, log and end, told by Server-Sent Events.
// The stream goes on where the page was rendered (data-after) and, after a lost connection, where
// it broke off (Last-Event-ID, by the browser itself).
"use strict";

(() => {
  const panel = document.querySelector("[data-events]");
  if (!panel) return;
  const bar = panel.querySelector(".progress");
  const fill = bar.querySelector("span");
  const percent = panel.querySelector("[data-percent]");
  const step = panel.querySelector("[data-step]");
  const announce = panel.querySelector("[data-announce]");
  const connection = panel.querySelector("[data-connection]");
  const log = document.querySelector("#log");
  let announced = -1;
  let ended = false;

  const source = new EventSource(`${panel.dataset.events}?after=${panel.dataset.after}`);

  function logLine(event, text) {
    const item = document.createElement("li");
    item.className = `log-${event.type}`;
    const time = document.createElement("time");
    time.dateTime = JSON.parse(event.data).at;
    time.dataset.style = "clock";
    item.append(time, document.createTextNode(text));
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(item);
    log.closest("[hidden]")?.removeAttribute("hidden");
    window.modelwright.timesShow(item);
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  source.addEventListener("open", () => { connection.hidden = true; });
  source.addEventListener("error", () => { if (!ended) connection.hidden = false; });

  source.addEventListener("progress", (event) => {
    const data = JSON.parse(event.data);
    const value = Math.round(data.percent);
    bar.classList.remove("progress--waiting");
    bar.setAttribute("aria-valuenow", value);
    fill.style.setProperty("--value", data.percent);
    percent.textContent = `${value} %`;
    step.textContent = data.message || data.step;
    if (value - announced >= 20) {
      announced = value;
      announce.textContent = `${value} per cent: ${data.message || data.step}`;
    }
    logLine(event, `${String(value).padStart(3)} %  ${data.message || data.step}`);
  });

  source.addEventListener("log", (event) => logLine(event, JSON.parse(event.data).line));

  source.addEventListener("status", (event) => {
    const data = JSON.parse(event.data);
    const word = data.status[0].toUpperCase() + data.status.slice(1);
    logLine(event, data.message ? `${word}: ${data.message}` : word);
    announce.textContent = `The run is ${data.status}`;
    if (data.status === "running" || data.status === "pending") refresh("#run-head");
  });

  source.addEventListener("end", (event) => {
    ended = true;
    source.close();
    refresh("#run");
    const tones = { completed: "good", failed: "bad", cancelled: "idle" };
    const { status } = JSON.parse(event.data);
    window.modelwright.toast(`Run ${panel.dataset.number} ${status}`, tones[status] || "info");
  });

  // One after the other: htmx looks up its target when it is called, so a second request that
  // waited for the first would swap an element that is no longer in the page.
  let refreshed = Promise.resolve();
  function refresh(target) {
    const context = { source: document.body, target, select: target, swap: "outerHTML" };
    const ask = () => window.htmx.ajax("GET", location.pathname, context);
    refreshed = refreshed.then(ask, ask);
  }

  addEventListener("pagehide", () => source.close());
})();
