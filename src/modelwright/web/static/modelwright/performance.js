// Model performance: triggering a training, and its progress while it goes on.
"use strict";

(() => {
  const SPINNER_MS = 2000;
  let source = null;

  /* --- trigger --- */
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-retrain]");
    if (!form) return;
    event.preventDefault();
    form.closest("dialog").close();
    trigger(form);
  });

  async function trigger(form) {
    const page = document.getElementById("performance");
    const { modelType, machine, machineName } = page.dataset;
    const button = page.querySelector("[data-retrain-button]");
    const label = button.querySelector("[data-label]");
    const words = label.textContent;
    button.disabled = true;
    button.classList.add("is-busy");
    button.setAttribute("aria-busy", "true");
    label.textContent = "Asking for a training …";
    const shown = new Promise((resolve) => setTimeout(resolve, SPINNER_MS));
    const outcome = await ask(form, modelType, machine);
    await shown;
    if (button.isConnected) {
      button.disabled = false;
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
      label.textContent = words;
    }
    tell(outcome, machineName);
    if (outcome.kind !== "unreachable") refresh();
  }

  async function ask(form, modelType, machine) {
    const body = { model_type: modelType, machine_id: machine, trigger_type: "manual" };
    const reason = form.elements.reason.value.trim();
    if (reason) body.reason = reason;
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
        body: JSON.stringify(body),
      });
      const data = await answer.json();
      if (answer.ok && data.triggered) return { kind: "triggered", job: data.training_job_id };
      if (answer.ok) return { kind: "busy" };
      return { kind: "refused", status: answer.status, code: data.code, detail: data.detail };
    } catch {
      return { kind: "unreachable" };
    }
  }

  function tell(outcome, machineName) {
    const { toast } = window.modelwright;
    if (outcome.kind === "triggered") {
      toast(`Retraining triggered: job ${outcome.job}`, "good");
    } else if (outcome.kind === "busy") {
      toast(
        "Another training job is running for this model: wait for its end, or cancel it.",
        "bad",
        { href: "#jobs", label: "Show it" },
      );
    } else if (outcome.kind === "unreachable") {
      toast("Could not connect to the server. Check that it is running, then try again.", "bad");
    } else if (outcome.code === "no_data") {
      toast(`No data for this machine (${machineName}): send its readings first.`, "bad");
    } else {
      toast(outcome.detail || `The server refused it (${outcome.status}).`, "bad");
    }
  }

  /* --- what changes --- */
  let refreshed = Promise.resolve();
  function refresh() {
    const context = { source: document.body, target: "#performance", swap: "outerHTML" };
    const address = `${location.pathname}${location.search}`;
    const go = () => window.htmx.ajax("GET", address, context);
    refreshed = refreshed.then(go, go);
  }

  /* --- progress --- */
  function listen() {
    const panel = document.querySelector("[data-job-events]");
    if (source && source.panel === panel) return;
    source?.close();
    source = null;
    if (!panel) return;
    const stream = new EventSource(`${panel.dataset.jobEvents}?after=${panel.dataset.after}`);
    stream.panel = panel;
    source = stream;
    const bar = panel.querySelector(".progress");
    const connection = panel.querySelector("[data-connection]");
    stream.addEventListener("open", () => { connection.hidden = true; });
    stream.addEventListener("error", () => { connection.hidden = false; });
    stream.addEventListener("progress", (event) => {
      const data = JSON.parse(event.data);
      const value = Math.round(data.percent);
      bar.classList.remove("progress--waiting");
      bar.setAttribute("aria-valuenow", value);
      bar.querySelector("span").style.setProperty("--value", data.percent);
      panel.querySelector("[data-percent]").textContent = `${value} %`;
      panel.querySelector("[data-step]").textContent = data.message || data.step;
    });
    stream.addEventListener("end", (event) => {
      stream.close();
      const { status } = JSON.parse(event.data);
      const tones = { completed: "good", failed: "bad", cancelled: "idle" };
      panel.querySelector("[data-announce]").textContent = `The training is ${status}`;
      window.modelwright.toast(`Run ${panel.dataset.number} ${status}`, tones[status] || "info");
      refresh();
    });
  }
  document.addEventListener("DOMContentLoaded", listen);
  document.addEventListener("htmx:afterSettle", listen);
  addEventListener("pagehide", () => source?.close());
})();
