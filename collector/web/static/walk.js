// The stock-take on foot, with script: words wait in this browser while the link is bad, and a camera reads codes.
"use strict";

(function () {
  const walk = document.getElementById("walk");
  const store = `muster-walk ${walk.dataset.api} ${walk.dataset.who}`;
  const AGAIN_MS = 10000, SAME_MS = 4000, LOOK_MS = 250;
  let sending = false, last = { text: "", at: 0 };

  // --- the queue: what was said and is not kept yet, oldest first; it outlives the page

  const words = load();

  function load() {
    try { return JSON.parse(localStorage.getItem(store) || "[]"); } catch { return []; }
  }

  function keep() {
    try { localStorage.setItem(store, JSON.stringify(words)); } catch { /* then they live as long as the page */ }
    const box = document.getElementById("queue");
    box.hidden = !words.length;
    box.querySelector(".grow").textContent = walk.dataset.queued.replace("{n}", words.length);
  }

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  }

  async function send() {
    if (sending) return;
    sending = true;
    let sent = 0;
    try {
      for (; words.length; sent += 1) {
        await say(words[0]);
        words.shift();
        keep();
      }
    } catch { /* no link: it is tried again */ }
    sending = false;
    if (sent) await renew();
  }

  // What the collector refuses is told and not sent again; what does not reach it stays in the queue.
  async function say(word) {
    const answer = await fetch(walk.dataset.api, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": document.querySelector("input[name=csrf]").value },
      body: JSON.stringify(word),
    });
    if (answer.status === 401) tell("critical", walk.dataset.login);
    if (answer.status >= 500 || answer.status === 401 || answer.status === 429) throw new Error("later");
    const told = await answer.json();
    if (answer.ok) tell(told.outcome === "confirmed" || told.outcome === "counted" ? "ok" : "warning", became(told));
    else tell("critical", `${word.text || ""} ${refused(told)}`.trim());
  }

  function refused(problem) {
    const field = problem.field || "";
    return (field && walk.getAttribute(`data-wrong-${field}`)) || walk.dataset.any;
  }

  function became(told) {
    const is = walk.getAttribute(`data-is-${told.outcome}`) || told.outcome;
    const name = told.ci ? told.ci.name : told.seen;
    let text = told.outcome === "counted" ? walk.dataset.counted.replace("{name}", name)
      : told.ci ? `${name} · ${is}${told.place ? ` · ${told.place}` : ""}` : walk.dataset.unknown.replace("{text}", told.seen);
    if (told.printed) text += ` · ${walk.dataset.printed.replace("{text}", told.printed)}`;
    return text;
  }

  function tell(level, text) {
    const note = document.createElement("div");
    note.className = `note ${level}`;
    const words = document.createElement("div");
    words.className = "grow";
    words.textContent = text;
    note.append(words);
    document.getElementById("told").replaceChildren(note);
    if (navigator.vibrate) navigator.vibrate(level === "ok" ? 40 : [60, 60, 60]);
  }

  // --- what others and oneself said meanwhile: the parts that move are taken from the page as it is now

  async function renew() {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname + location.search)).text(), "text/html");
      for (const id of ["progress", "list"]) {
        const now = page.getElementById(id), here = document.getElementById(id);
        if (now && !isTyped(here)) here.replaceChildren(...now.childNodes);
      }
    } catch { /* the page stays as it is */ }
  }

  // What somebody is typing right now is not taken from under their fingers.
  function isTyped(part) {
    const field = document.activeElement;
    return part.contains(field) && field.tagName === "INPUT" && !field.closest(".pending");
  }

  function put(form, button) {
    const typed = new FormData(form);
    const word = { key: fresh(), text: (typed.get("text") || "").trim(), ci: typed.get("ci") || "", outcome: button && button.name === "outcome" ? button.value : "" };
    const here = document.getElementById("here").value.trim();
    word.place = word.outcome === "moved" ? (typed.get("there") || "").trim() : word.outcome === "withdrawn" ? (typed.get("place") || here) : here;
    words.push(word);
    keep();
    const row = form.closest("li");
    if (row) row.classList.add("pending");
    send();
  }

  walk.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    put(form, event.submitter);
    if (form.id === "scan") {
      const field = document.getElementById("text");
      field.value = "";
      field.focus();
    }
  });

  // --- where one stands is remembered from page to page

  const here = document.getElementById("here"), place = `${store} here`;
  try { here.value = here.value || sessionStorage.getItem(place) || ""; } catch { /* then it is typed again */ }
  here.addEventListener("input", function () {
    try { sessionStorage.setItem(place, here.value); } catch { /* then it is typed again */ }
  });

  addEventListener("online", send);
  setInterval(function () { if (words.length) send(); }, AGAIN_MS);
  keep();
  send();

  // --- the camera, where the browser can read codes by itself

  const button = document.getElementById("camera"), view = document.getElementById("view");
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  button.hidden = false;
  let stream = null, timer = 0;

  button.addEventListener("click", async function () {
    if (stream) { stop(); return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      tell("warning", walk.dataset.camera);
      return;
    }
    view.srcObject = stream;
    view.hidden = false;
    await view.play();
    const detector = new BarcodeDetector();
    timer = setInterval(async function () {
      try { (await detector.detect(view)).forEach((code) => read(code.rawValue)); } catch { /* a blurred picture is none */ }
    }, LOOK_MS);
  });

  function read(text) {
    if (text === last.text && Date.now() - last.at < SAME_MS) { last.at = Date.now(); return; }
    last = { text, at: Date.now() };
    const form = document.getElementById("scan");
    document.getElementById("text").value = text;
    if (form.reportValidity()) form.requestSubmit();
  }

  function stop() {
    clearInterval(timer);
    stream.getTracks().forEach((track) => track.stop());
    stream = null;
    view.hidden = true;
  }

  addEventListener("pagehide", function () { if (stream) stop(); });
})();
