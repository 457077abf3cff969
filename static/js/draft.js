/* Words typed into a form survive a lost connection: they are kept on this device until the server took them.
   Confidential reports are never kept. See data-draft, data-draft-off, data-draft-off-values, data-draft-clear. */
(() => {
  "use strict";
  const PREFIX = "draf:";
  const LIFETIME = 7 * 24 * 3600 * 1000;
  const SKIP = ["hidden", "password", "file", "submit", "button", "search"];
  const opened = new WeakSet();
  const words = window.ui?.words ?? {};

  // A browser may refuse storage (private window, full disk): then there simply are no drafts.
  function store(act) {
    try {
      return act(localStorage);
    } catch {
      return null;
    }
  }
  const drop = (key) => store((box) => box.removeItem(PREFIX + key));

  function fields(form) {
    return [...form.elements].filter(
      (el) => el.name && !SKIP.includes(el.type) && el.tagName !== "BUTTON" && !("draftSkip" in el.dataset),
    );
  }
  const ticks = (el) => el.type === "checkbox" || el.type === "radio";

  function confidential(form) {
    return [...form.elements].some((el) => {
      const values = el.dataset.draftOffValues?.split(" ");
      return values && (!ticks(el) || el.checked) && values.includes(el.value);
    });
  }

  function save(form) {
    const key = form.dataset.draft;
    if (confidential(form)) return drop(key);
    const kept = fields(form).map((el) => [el.name, ticks(el) ? (el.checked ? el.value : null) : el.value]);
    store((box) => box.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), kept })));
  }

  function untouched(el) {
    if (ticks(el)) return el.checked === el.defaultChecked;
    if (el.tagName === "SELECT") return !el.querySelector("option[selected]:not([value=''])");
    return el.value === "";
  }

  /** Put the kept words back where the server sent nothing; true when something changed. */
  function restore(form, kept) {
    let changed = false;
    fields(form).forEach((el) => {
      const entries = kept.filter(([name]) => name === el.name);
      if (!entries.length || !untouched(el)) return;
      if (ticks(el)) {
        const on = entries.some(([, value]) => value === el.value);
        changed ||= on !== el.checked;
        el.checked = on;
      } else if (entries[0][1] && entries[0][1] !== el.value) {
        el.value = entries[0][1];
        changed = true;
      }
    });
    return changed;
  }

  function tell(form) {
    const note = document.createElement("p");
    note.className = "form-text";
    note.setAttribute("role", "status");
    const discard = document.createElement("button");
    discard.type = "button";
    discard.className = "btn btn-ghost btn-sm";
    discard.textContent = words.discard;
    discard.addEventListener("click", () => {
      form.reset();
      drop(form.dataset.draft);
      note.remove();
    });
    note.append(words.restored, " ", discard);
    form.prepend(note);
  }

  function open(form) {
    if (opened.has(form)) return;
    opened.add(form);
    const key = PREFIX + form.dataset.draft;
    const draft = store((box) => JSON.parse(box.getItem(key)));
    if (draft && Date.now() - draft.at > LIFETIME) drop(form.dataset.draft);
    else if (draft && restore(form, draft.kept)) tell(form);
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => save(form), 400);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      save(form);
      if (navigator.onLine !== false) return;
      event.preventDefault();
      window.ui?.notify(words.offline, 0);
    });
  }

  function scan(part) {
    const all = (css) => [...(part.matches?.(css) ? [part] : []), ...part.querySelectorAll(css)];
    all("[data-draft-clear]").forEach((el) => drop(el.dataset.draftClear));
    all("form[data-draft-off]").forEach((form) => form.dataset.draftOff && drop(form.dataset.draftOff));
    all("form[data-draft]").forEach(open);
  }
  scan(document);
  document.addEventListener("htmx:load", (event) => scan(event.detail.elt));
})();
