// The stock-take on foot, with script: words and photos go by the queue of foot.js, and a camera reads codes.
"use strict";

(function () {
  const walk = document.getElementById("walk");
  const name = `muster-walk ${walk.dataset.api} ${walk.dataset.who}`;
  const SAME_MS = 4000, LOOK_MS = 250;
  let last = { text: "", at: 0 };
  const queue = onFoot.queue(name, { say, show: onFoot.waits, moved: renew });

  async function say(word) {
    if (word.photo) { await showOne(word); return; }
    const { at, ...said } = word;
    const answer = await onFoot.post(`${walk.dataset.api}/marks`, JSON.stringify(said), { "content-type": "application/json" });
    if (!answer.ok) { onFoot.tell("critical", `${word.text} ${await onFoot.refused(answer)}`.trim()); return; }
    const told = await answer.json();
    const isWell = told.outcome === "confirmed" || told.outcome === "counted";
    onFoot.tell(isWell ? "ok" : "warning", became(told));
    if (!isWell) offer(told);
  }

  async function showOne(word) {
    const body = new FormData();
    for (const name of ["ci", "text"]) body.append(name, word[name]);
    body.append("photo", word.photo, "photo");
    const answer = await onFoot.post(`${walk.dataset.api}/photos`, body, {});
    if (answer.ok) onFoot.tell("ok", walk.dataset.kept);
    else onFoot.tell("critical", await onFoot.refused(answer));
  }

  function became(told) {
    const is = walk.getAttribute(`data-is-${told.outcome}`) || told.outcome;
    const name = told.ci ? told.ci.name : told.seen;
    let text = told.outcome === "counted" ? walk.dataset.counted.replace("{name}", name)
      : told.ci ? `${name} · ${is}${told.place ? ` · ${told.place}` : ""}` : walk.dataset.unknown.replace("{text}", told.seen);
    if (told.printed) text += ` · ${walk.dataset.printed.replace("{text}", told.printed)}`;
    return text;
  }

  // What is not as it should be is worth a photo: the button stands below what was just said.
  function offer(told) {
    const form = document.getElementById("shot").content.firstElementChild.cloneNode(true);
    form.elements.ci.value = told.ci ? told.ci.id : "";
    form.elements.text.value = told.ci ? "" : told.seen;
    document.getElementById("told").append(form);
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
    return part.contains(field) && field.tagName === "INPUT" && field.type !== "file" && !field.closest(".pending");
  }

  function put(form, button) {
    const typed = new FormData(form);
    const word = { text: (typed.get("text") || "").trim(), ci: typed.get("ci") || "", outcome: button && button.name === "outcome" ? button.value : "" };
    const here = document.getElementById("here").value.trim();
    word.place = word.outcome === "moved" ? (typed.get("there") || "").trim() : word.outcome === "withdrawn" ? (typed.get("place") || here) : here;
    const row = form.closest("li");
    if (row) row.classList.add("pending");
    queue.put(word);
  }

  async function shoot(field) {
    const typed = new FormData(field.form), photo = await onFoot.smaller(field.files[0]);
    field.value = "";
    if (photo) queue.put({ ci: typed.get("ci") || "", text: (typed.get("text") || "").trim(), photo });
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

  // A photo is sent as soon as it is taken: one press less, and none is forgotten.
  walk.addEventListener("change", function (event) {
    if (event.target.type === "file" && event.target.files.length) shoot(event.target);
  });

  // --- where one stands is remembered from page to page

  const here = document.getElementById("here"), place = `${name} here`;
  try { here.value = here.value || sessionStorage.getItem(place) || ""; } catch { /* then it is typed again */ }
  here.addEventListener("input", function () {
    try { sessionStorage.setItem(place, here.value); } catch { /* then it is typed again */ }
  });

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
      onFoot.tell("warning", walk.dataset.camera);
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
