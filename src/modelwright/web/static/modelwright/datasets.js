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
  const token = $('[name="csrfmiddlewaretoken"]').value;
  const HASHED_UP_TO = 256 * 1024 * 1024; // the browser needs the whole file in memory for it
  const TRIES = 8; // in a row without a byte getting through: about two minutes
  let request = null;
  let stopped = false;

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
  class Refused extends Error {}
  class Lost extends Error {}

  // One request; resolves to {status, data}, and throws Lost where no answer came.
  function ask(method, url, body, onprogress) {
    if (stopped) return Promise.reject(new Refused(""));
    return new Promise((resolve, reject) => {
      request = new XMLHttpRequest();
      request.open(method, url);
      request.setRequestHeader("X-CSRFToken", token);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Content-Type", body instanceof Blob ? "application/octet-stream" : "application/json");
      if (onprogress) request.upload.addEventListener("progress", ({ loaded }) => onprogress(loaded));
      request.addEventListener("load", () => {
        let data = {};
        try { data = JSON.parse(request.responseText); } catch { /* none: the status says enough */ }
        resolve({ status: request.status, data });
      });
      request.addEventListener("error", () => reject(new Lost()));
      request.addEventListener("abort", () => reject(new Refused("")));
      request.send(body instanceof Blob ? body : body && JSON.stringify(body));
    });
  }
  const passing = (answer) => [429, 502, 503, 504].includes(answer.status) || answer.data.code === "upload_busy";
  function refuse({ status, data }) {
    throw new Refused(data.detail || `The server could not take the file (${status}). Reload the page and try again.`);
  }
  function wait(seconds) {
    return new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
  }
  // Try until an answer comes that is more than "not now".
  async function insist(method, url, body) {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await ask(method, url, body);
        if (!passing(answer)) return answer;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
      if (tries >= TRIES) throw new Lost();
      await wait(Math.min(30, 2 ** tries / 2));
    }
  }

  function show(file, there, begun, from) {
    const share = Math.floor((100 * there) / file.size);
    bar.classList.remove("progress--waiting");
    bar.setAttribute("aria-valuenow", share);
    bar.firstElementChild.style.setProperty("--value", share);
    percent.textContent = `${share} %`;
    const left = (file.size - there) / (Math.max(1, there - from) / Math.max(1, performance.now() - begun)) / 1000;
    step.textContent = `${size(there)} of ${size(file.size)}${there > from && left > 2 ? `, ${window.modelwright.duration(left)} left` : ""}`;
  }
  function busy(text) {
    bar.classList.add("progress--waiting");
    step.textContent = text;
  }

  // Go on with the upload of this very file, or begin one.
  async function begin(file) {
    const fingerprint = String(file.lastModified);
    const known = await insist("GET", form.dataset.uploads);
    if (known.status !== 200) refuse(known);
    const found = known.data.find((u) => u.file_name === file.name && u.size_bytes === file.size && u.fingerprint === fingerprint);
    if (found) return found;
    const made = await insist("POST", form.dataset.uploads, {
      file_name: file.name, size_bytes: file.size, fingerprint, name: $('[name="name"]').value.trim(),
    });
    if (made.status !== 201) refuse(made);
    return made.data;
  }
  async function pieces(file, upload) {
    const url = `${form.dataset.uploads}${upload.id}/`;
    const begun = performance.now();
    const from = upload.offset;
    let there = from;
    while (there < file.size) {
      show(file, there, begun, from);
      const piece = file.slice(there, there + upload.piece_bytes);
      const sent = there;
      let answer;
      try {
        answer = await ask("PUT", `${url}?offset=${sent}`, piece, (loaded) => show(file, Math.min(file.size, sent + loaded), begun, from));
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        busy(`The connection is lost at ${Math.floor((100 * there) / file.size)} %. Trying to go on`);
      }
      if (answer?.status === 200 || answer?.data.code === "upload_gap") {
        there = answer.data.offset;
        continue;
      }
      if (answer && !passing(answer)) refuse(answer);
      await wait(0.5);
      const now = await insist("GET", url);
      if (now.status !== 200) refuse(now);
      there = now.data.offset;
    }
    show(file, there, begun, from);
    return url;
  }
  async function hashed(file) {
    if (!window.crypto?.subtle || file.size > HASHED_UP_TO) return {};
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return { sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }

  async function handIn(file) {
    const url = await pieces(file, await begin(file));
    busy("Arrived. Reading every row and looking at every column");
    const done = await insist("POST", `${url}finish/`, await hashed(file));
    if (done.status !== 201) refuse(done);
    location.assign(`${form.dataset.datasets}/${done.data.id}`);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = input.files[0];
    if (!file) {
      say(["Choose a file first."]);
      input.focus();
      return;
    }
    say([]);
    stopped = false;
    box.hidden = false;
    abort.hidden = false;
    send.disabled = true;
    try {
      await handIn(file);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Lost || error instanceof DOMException)) throw error;
      rest(stopped || error instanceof Lost ? "Go on" : "Try again");
      if (error instanceof Lost) say(["The connection was lost, and did not come back. What arrived is kept for a day: go on with the same file."]);
      else if (stopped) say(["Stopped. What arrived is kept for a day: go on with the same file, or reload the page to discard it."]);
      else say([error.message]);
    }
  });
  abort.addEventListener("click", () => {
    stopped = true;
    request?.abort();
  });
  chosen();
})();
