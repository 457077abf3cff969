/* Live pages: one websocket named by <body data-live="/ws/…">. It carries hints only ("the queue changed");
   the page then asks the server again, which decides anew what this person may see. */
(() => {
  "use strict";
  const path = document.body.dataset.live;
  if (!path) return;
  const words = window.ui?.words ?? {};
  const LONGEST = 30000;
  let socket = null;
  let tries = 0;
  let lost = false;
  let typed = 0;

  const emit = (name, detail = {}) => document.body.dispatchEvent(new CustomEvent(name, { detail }));

  function present(people) {
    document.querySelectorAll("[data-presence]").forEach((el) => {
      el.textContent = people?.length ? `${people.join(", ")} ${words.typing}` : "";
    });
  }

  const handlers = {
    queue: () => emit("live:queue"),
    ticket: ({ id }) => {
      emit("live:ticket", { id });
      emit(`live:ticket-${id}`);
    },
    presence: (message) => {
      present(message.people);
      emit("live:presence", message);
    },
  };

  /** After a gap nobody knows what was missed: every live part of the page asks again. */
  function catchUp() {
    const names = new Set(["live:queue", "live:ticket"]);
    document.querySelectorAll("[hx-trigger*='live:ticket-']").forEach((el) => {
      names.add(el.getAttribute("hx-trigger").match(/live:ticket-\w+/)[0]);
    });
    names.forEach((name) => emit(name));
  }

  function connect() {
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    socket.addEventListener("open", () => {
      tries = 0;
      if (!lost) return;
      lost = false;
      window.ui?.notify("");
      catchUp();
    });
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      handlers[message.type]?.(message);
    });
    socket.addEventListener("close", () => {
      lost = true;
      handlers.presence({ people: [], viewers: [] });
      if (tries++) window.ui?.notify(words.lost, 0); // one failed attempt is no news
      const wait = Math.min(LONGEST, 1000 * 2 ** Math.min(tries, 5)) * (0.7 + Math.random() * 0.6);
      setTimeout(connect, wait);
    });
  }

  function send(type) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type }));
  }
  document.addEventListener("input", (event) => {
    if (!("typing" in event.target.dataset) || Date.now() - typed < 4000) return;
    typed = Date.now();
    send("typing");
  });
  document.addEventListener("focusout", (event) => {
    if (!("typing" in event.target.dataset) || !typed) return;
    typed = 0;
    send("idle");
  });
  // Others forget a window that has been silent for a minute.
  setInterval(() => send("ping"), 20000);

  connect();
})();
