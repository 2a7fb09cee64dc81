// What every page does: theme, local times, keyboard, dialogs, toasts, menus, selection, copying.
// Events are delegated from the document, so what htmx swaps in needs no wiring.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* --- theme: light, dark, or what the system says; kept in a cookie that the server reads --- */
  function themeShow() {
    const theme = document.documentElement.dataset.theme || "system";
    for (const button of $$("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    }
  }
  function themeSet(theme) {
    document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    themeShow();
    document.dispatchEvent(new CustomEvent("modelwright:theme"));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new CustomEvent("modelwright:theme"))
  );

  /* --- times: the server says UTC, the reader sees their own zone --- */
  const dayTime = new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  const clock = new Intl.DateTimeFormat(undefined, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
  });
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

  function ago(moment) {
    const seconds = (moment - Date.now()) / 1000;
    const steps = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [604800, "day", 86400]];
    if (seconds > -10 && seconds <= 5) return "just now";
    for (const [below, unit, size] of steps) {
      if (Math.abs(seconds) < below) return relative.format(Math.round(seconds / size), unit);
    }
    return dayTime.format(moment);
  }
  function tabsShow() {
    for (const tabs of $$(".tabs")) {
      const chosen = $("[aria-current]", tabs);
      if (chosen) tabs.scrollLeft = chosen.offsetLeft - tabs.offsetLeft - 24;
    }
  }
  function timesShow(root = document) {
    for (const element of $$("time[datetime]", root)) {
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.valueOf())) continue;
      const style = element.dataset.style;
      const text = style === "ago" ? ago(moment) : style === "clock" ? clock.format(moment) : dayTime.format(moment);
      if (element.textContent !== text) element.textContent = text;
      if (!element.title) element.title = exact.format(moment);
    }
    for (const element of $$("[data-since]", root)) {
      element.textContent = duration((Date.now() - new Date(element.dataset.since)) / 1000);
    }
  }
  function duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  }
  setInterval(() => {
    if (!document.hidden && $("[data-since]")) timesShow();
  }, 1000);
  setInterval(() => {
    if (!document.hidden) timesShow();
  }, 30000);

  /* --- toasts --- */
  const TOAST_SECONDS = 8;
  function toast(text, tone = "info", link = null) {
    const template = $("#toast-template");
    const region = $("#toasts");
    if (!template || !region) return;
    const element = template.content.firstElementChild.cloneNode(true);
    element.classList.add(`tone-${tone}`);
    $("p", element).textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link.href;
      anchor.textContent = link.label;
      $("p", element).append(" ", anchor);
    }
    region.append(element);
    toastAge(element);
  }
  function toastAge(element) {
    if (element.dataset.stays !== undefined) return;
    let timer = setTimeout(() => element.remove(), TOAST_SECONDS * 1000);
    element.addEventListener("pointerenter", () => clearTimeout(timer));
    element.addEventListener("pointerleave", () => {
      timer = setTimeout(() => element.remove(), TOAST_SECONDS * 1000);
    });
  }

  /* --- runs picked for comparing: survive the swapping of rows --- */
  const picked = new Set();
  function selectionShow() {
    const bar = $("#selection");
    if (!bar) return;
    for (const box of $$('input[name="run"]')) box.checked = picked.has(box.value);
    bar.hidden = picked.size === 0;
    $("[data-count]", bar).textContent = picked.size === 1 ? "1 run selected" : `${picked.size} runs selected`;
    const link = $("[data-compare]", bar);
    link.href = `${link.dataset.compare}?runs=${[...picked].sort((a, b) => a - b).join(",")}`;
    link.setAttribute("aria-disabled", String(picked.size < 2));
    link.textContent = picked.size < 2 ? "Select one more" : "Compare";
  }
  function pick(box) {
    if (box.checked) picked.add(box.value);
    else picked.delete(box.value);
    selectionShow();
  }

  /* --- rows --- */
  function rowMove(step) {
    const links = $$("[data-row] .row-link");
    if (!links.length) return;
    const row = document.activeElement?.closest("[data-row]");
    const at = row ? links.findIndex((link) => row.contains(link)) : step > 0 ? -1 : links.length;
    const next = links[Math.min(links.length - 1, Math.max(0, at + step))];
    next.focus();
    next.closest("[data-row]").scrollIntoView({ block: "nearest" });
  }

  /* --- keyboard --- */
  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
      !/^(checkbox|radio|button|submit)$/.test(target.type);
  }
  const keys = {
    "/": () => $("[data-search]")?.focus(),
    "?": () => dialogOpen("keyboard-help"),
    j: () => rowMove(1),
    k: () => rowMove(-1),
    x: () => $('input[name="run"]', document.activeElement?.closest("[data-row]") || document.createElement("i"))?.click(),
    c: () => {
      const link = $("#selection:not([hidden]) [data-compare]:not([aria-disabled='true'])");
      if (link) link.click();
    },
    n: () => $("[data-new]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of $$("details.menu[open], details.topbar-menu[open]")) {
        menu.open = false;
        $("summary", menu).focus();
      }
      if (event.target.matches?.("[data-search]")) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  /* --- dialogs --- */
  function dialogOpen(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const target = event.target;
    const opener = target.closest("[data-open]");
    if (opener) dialogOpen(opener.dataset.open);
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target.matches("dialog.dialog")) target.close(); // the backdrop
    const theme = target.closest("[data-set-theme]");
    if (theme) themeSet(theme.dataset.setTheme);
    if (target.closest("[data-dismiss]")) target.closest(".toast")?.remove();
    const copy = target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard
        .writeText(document.getElementById(copy.dataset.copy).textContent)
        .then(() => toast("Copied", "good"), () => toast("The browser did not allow copying", "bad"));
    }
    if (target.closest("[data-clear-selection]")) {
      picked.clear();
      selectionShow();
    }
    if (target.closest("[aria-disabled='true']")) event.preventDefault();
    for (const menu of $$("details.menu[open], details.topbar-menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
  });

  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches('input[name="run"]')) pick(target);
    if (target.matches("[data-submit-on-change]")) target.form.requestSubmit();
    if (target.matches("[data-toggle]")) {
      for (const element of $$(target.dataset.toggle)) element.hidden = target.checked;
    }
  });

  document.addEventListener("input", (event) => {
    // writing a path of one's own chooses that choice
    const radio = event.target.closest?.(".choice")?.querySelector('input[type="radio"]');
    if (radio && event.target.matches('input[type="text"]')) radio.checked = true;
  });

  document.addEventListener("submit", (event) => {
    const button = $("button[data-once]", event.target);
    if (button) setTimeout(() => { button.disabled = true; }, 0);
  });
  addEventListener("pageshow", () => {
    for (const button of $$("button[data-once]")) button.disabled = false;
  });

  /* --- htmx --- */
  document.addEventListener("htmx:configRequest", (event) => {
    // readable addresses: what is empty isn't said
    const form = event.detail.elt.closest("form[data-readable]");
    if (!form) return;
    for (const name of [...event.detail.formData.keys()]) {
      if (event.detail.formData.getAll(name).every((value) => value === "")) event.detail.formData.delete(name);
    }
  });
  document.addEventListener("htmx:pushedIntoHistory", () => {
    // a filter cleared by its pill is cleared in the toolbar too
    const query = new URLSearchParams(location.search);
    for (const control of $$("form[data-readable] [name]")) {
      if (control !== document.activeElement) control.value = query.get(control.name) ?? "";
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    timesShow(event.target);
    tabsShow();
    selectionShow();
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    timesShow();
    selectionShow();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) toast("You are no longer signed in, or may not do this.", "bad");
    else toast(`The server could not answer (${status}). Reload the page to try again.`, "bad");
  });
  document.addEventListener("htmx:sendError", () => {
    $("#results [data-unreachable]")?.removeAttribute("hidden");
    toast("The server can't be reached. Check the connection, then reload.", "bad");
  });
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));

  document.addEventListener("DOMContentLoaded", () => {
    themeShow();
    timesShow();
    tabsShow();
    $$("#toasts .toast").forEach(toastAge);
    for (const box of $$('input[name="run"]:checked')) picked.add(box.value);
    selectionShow();
  });

  window.modelwright = { toast, timesShow, duration };
})();
