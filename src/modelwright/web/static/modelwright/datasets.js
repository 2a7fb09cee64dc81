// Handing in a file: how far it is, stopping it, trying again; the form works without this too.
"use strict";

(() => {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const $ = (selector) => form.querySelector(selector);
  const input = $('input[type="file"]');
  const drop = $(".drop");
  const name = $("[data-file-name]");
  const box = $("[data-upload-progress]");
  const bar = $(".progress");
  const percent = $("[data-percent]");
  const step = $("[data-step]");
  const send = $("[data-send]");
  const abort = $("[data-abort]");
  const faults = document.getElementById("upload-faults");
  let request = null;

  function size(bytes) {
    return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
  }
  function chosen() {
    const file = input.files[0];
    name.textContent = file ? `${file.name} (${size(file.size)})` : "Choose a file";
    drop.classList.toggle("drop--full", Boolean(file));
  }
  input.addEventListener("change", chosen);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("drop--over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        chosen();
      }
    });
  }

  function say(messages) {
    faults.hidden = messages.length === 0;
    faults.querySelector("ul").replaceChildren(...messages.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    if (messages.length) faults.scrollIntoView({ block: "nearest" });
  }
  function rest(label) {
    request = null;
    box.hidden = true;
    abort.hidden = true;
    send.disabled = false;
    send.textContent = label;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = input.files[0];
    if (!file) {
      say(["Choose a file first."]);
      input.focus();
      return;
    }
    say([]);
    const begun = performance.now();
    request = new XMLHttpRequest();
    request.open("POST", location.pathname);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const share = Math.round((100 * loaded) / total);
      bar.classList.remove("progress--waiting");
      bar.setAttribute("aria-valuenow", share);
      bar.firstElementChild.style.setProperty("--value", share);
      percent.textContent = `${share} %`;
      const speed = loaded / Math.max(1, performance.now() - begun);
      const left = (total - loaded) / speed / 1000;
      step.textContent = `${size(loaded)} of ${size(total)}${left > 2 ? `, ${window.modelwright.duration(left)} left` : ""}`;
    });
    request.upload.addEventListener("load", () => {
      bar.classList.add("progress--waiting");
      step.textContent = "Arrived. Reading every row and looking at every column";
    });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* no JSON: explained by the status */ }
      if (answer.location) {
        location.assign(answer.location);
        return;
      }
      const status = request.status;
      rest("Try again");
      say(answer.errors || [status === 413 ? "The file is larger than the server takes." : `The server could not take the file (${status}). Reload the page and try again.`]);
    });
    request.addEventListener("error", () => {
      rest("Try again");
      say(["The connection was lost on the way. The file is still chosen: try again."]);
    });
    request.addEventListener("abort", () => rest("Add the data set"));
    request.send(new FormData(form));
    bar.classList.remove("progress--waiting");
    box.hidden = false;
    abort.hidden = false;
    send.disabled = true;
  });
  abort.addEventListener("click", () => request?.abort());
  chosen();
})();
