/* The agent workspace: what only its pages need. They work without it, except for going live. */
(() => {
  "use strict";
  const body = document.body;
  const QUIET = 2000;

  /** Hints come in bursts. Ask at once, then at most every QUIET ms, and always after the last hint. */
  function settle(from, to) {
    let timer = 0;
    let waiting = false;
    const fire = () => {
      waiting = false;
      body.dispatchEvent(new CustomEvent(to));
      timer = setTimeout(() => {
        timer = 0;
        if (waiting) fire();
      }, QUIET);
    };
    body.addEventListener(from, () => {
      if (timer) waiting = true;
      else fire();
    });
  }
  settle("live:queue", "settled:queue");
  settle("live:ticket", "settled:ticket");

  // While old and new rows stand together, the browser would follow the old ones down the page.
  if (document.getElementById("queue")) document.documentElement.style.overflowAnchor = "none";

  // A refresh keeps what the person ticked and unfolded.
  let kept = null;
  body.addEventListener("htmx:beforeSwap", () => {
    const ids = (css) => [...document.querySelectorAll(css)].map((el) => el.id);
    kept = { ticked: ids("#queue input[id]:checked"), open: ids("#ticket-timeline[open]") };
  });
  body.addEventListener("htmx:afterSettle", () => {
    kept?.ticked.forEach((id) => document.getElementById(id)?.click());
    kept?.open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    kept = null;
  });

  // Whoever is writing while the ticket changes hears of it before sending.
  const composer = document.getElementById("composer");
  body.addEventListener("settled:ticket", () => {
    if (composer?.querySelector("textarea").value.trim()) window.ui.notify(composer.dataset.changed);
  });

  // A canned text goes where the person is writing; without this script the page comes back with it.
  document.querySelector("[data-canned]")?.addEventListener("submit", (event) => {
    const text = composer?.querySelector("textarea");
    const chosen = event.target.querySelector("select").selectedOptions[0];
    if (!text || !chosen) return;
    event.preventDefault();
    text.setRangeText(chosen.dataset.text, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });

  body.addEventListener("live:presence", ({ detail }) => {
    document.querySelectorAll("[data-viewers]").forEach((el) => {
      el.textContent = detail.viewers?.length ? `${detail.viewers.join(", ")} ${el.dataset.viewers}` : "";
    });
  });

  // The panel of a step opens under the ticket's head, takes the focus, and can be put away.
  body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id !== "step-panel") return;
    detail.target.scrollIntoView({ block: "nearest" });
    (detail.target.querySelector("[data-autofocus]") ?? detail.target.querySelector("form :is(select, textarea, input:not([type=hidden]), button)"))?.focus();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-close-panel]")) document.getElementById("step-panel").replaceChildren();
    if (target.closest("[data-print]")) window.print();
  });

  // Empty filters stay out of the address, so that it can be read and shared.
  document.querySelectorAll("form[data-tidy]").forEach((form) => {
    form.addEventListener("submit", () => {
      [...form.elements].forEach((el) => (el.disabled = el.name !== "" && el.value === ""));
    });
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-tidy] :disabled").forEach((el) => (el.disabled = false));
  });
})();
