/* Behaviour shared by every page. All of it is a convenience: the pages work without scripts. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const words = document.getElementById("ui-text")?.dataset ?? {};
  const noticeArea = document.querySelector("[data-live-notice]");
  let noticeTimer = 0;
  const confirmed = new WeakSet();
  const sending = new WeakSet();

  /** Show a short notice that screen readers speak; `ms` 0 keeps it until the next one. */
  function notify(text, ms = 7000) {
    if (!noticeArea) return;
    clearTimeout(noticeTimer);
    noticeArea.textContent = text || "";
    if (text && ms) noticeTimer = setTimeout(() => (noticeArea.textContent = ""), ms);
  }

  function button(text, css, value) {
    const made = document.createElement("button");
    made.className = `btn ${css}`;
    made.value = value;
    made.textContent = text;
    return made;
  }

  /** Ask in a dialog; resolves to true when the person agrees. */
  function ask(question, okText) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.className = "dialog";
      dialog.setAttribute("aria-label", words.confirm);
      const form = document.createElement("form");
      form.method = "dialog";
      const text = document.createElement("p");
      text.textContent = question;
      const row = document.createElement("div");
      row.className = "actions";
      row.append(button(words.cancel, "btn-ghost", ""), button(okText || words.ok, "btn-primary", "ok"));
      form.append(text, row);
      dialog.append(form);
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(dialog.returnValue === "ok");
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  window.ui = { notify, ask, words };

  // Confirmation, then the guard against sending twice. Capture: both run before htmx sees the event.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asking = event.submitter?.dataset.confirm ? event.submitter : form;
    if (asking.dataset.confirm && !confirmed.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(asking.dataset.confirm, asking.dataset.confirmOk).then((yes) => {
        if (!yes) return;
        confirmed.add(form);
        form.requestSubmit(event.submitter);
      });
      return;
    }
    confirmed.delete(form);
    if (form.method !== "post" || "allowResubmit" in form.dataset) return;
    if (sending.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    sending.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
    // A later listener may still have stopped the sending (no connection).
    setTimeout(() => event.defaultPrevented && !form.matches("[hx-post]") && release(form));
  }, true);

  function release(form) {
    sending.delete(form);
    form.querySelectorAll("[aria-busy]").forEach((el) => el.removeAttribute("aria-busy"));
  }
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (link) {
      event.preventDefault();
      ask(link.dataset.confirm, link.dataset.confirmOk).then((yes) => yes && location.assign(link.href));
    }
    event.target.closest("[data-dismiss]")?.closest(".alert")?.remove();
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("change", (event) => {
    if ("submitOnChange" in event.target.dataset) event.target.form.requestSubmit();
  });

  // Browsers without `field-sizing` get growing text areas by script.
  function grow(area) {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 512)}px`;
  }
  if (!CSS.supports("field-sizing", "content")) {
    document.addEventListener("input", (event) => event.target.matches("textarea") && grow(event.target));
  }
  document.querySelector("[data-autofocus]")?.focus();

  // htmx, where it is loaded
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (event.detail.verb !== "get" && token) event.detail.headers["X-CSRFToken"] = token[1];
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.question).then((yes) => yes && event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) release(form);
  });
  document.addEventListener("htmx:sendError", () => notify(words.failed));
  document.addEventListener("htmx:responseError", (event) => {
    notify([401, 403].includes(event.detail.xhr.status) ? words.forbidden : words.error);
  });
})();
