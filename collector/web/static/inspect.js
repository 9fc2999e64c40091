// An inspection on foot, with script: answers and photos wait in this browser while the link is bad.
"use strict";

(function () {
  const walk = document.getElementById("walk");
  const base = `muster-inspect ${walk.dataset.api} ${walk.dataset.who}`;
  const AGAIN_MS = 10000, WIDEST = 1600, QUALITY = 0.82;
  let sending = false, store = null;
  const words = []; // what is sent and not kept yet, the oldest first, as it stands in the store

  // --- the queue outlives the page: photos do not fit where texts are kept, so it is a database of the browser

  function open() {
    return new Promise((done) => {
      const asked = indexedDB.open(base, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("words", { keyPath: "key" });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => done(null); // then they live as long as the page
    });
  }

  function change(what) {
    if (!store) return Promise.resolve();
    return new Promise((done) => {
      const act = store.transaction("words", "readwrite");
      what(act.objectStore("words"));
      act.oncomplete = act.onerror = act.onabort = () => done();
    });
  }

  function load() {
    if (!store) return Promise.resolve([]);
    return new Promise((done) => {
      const asked = store.transaction("words").objectStore("words").getAll();
      asked.onsuccess = () => done(asked.result.sort((a, b) => a.at - b.at));
      asked.onerror = () => done([]);
    });
  }

  function show() {
    const box = document.getElementById("queue");
    box.hidden = !words.length;
    box.querySelector(".grow").textContent = walk.dataset.queued.replace("{n}", words.length);
    for (const row of document.querySelectorAll("#list > li")) row.classList.toggle("pending", words.some((each) => each.item === row.dataset.item));
  }

  async function send() {
    if (sending) return;
    sending = true;
    let sent = 0;
    try {
      for (; words.length; sent += 1) {
        const word = words[0];
        await say(word);
        words.shift();
        await change((all) => all.delete(word.key));
        show();
      }
    } catch { /* no link: it is tried again */ }
    sending = false;
    if (sent) await renew();
  }

  // What the collector refuses is told and not sent again; what does not reach it stays in the queue.
  async function say(word) {
    const body = new FormData();
    for (const name of ["item", "key", "value", "note"]) body.append(name, word[name]);
    if (word.photo) body.append("photo", word.photo, "photo");
    const headers = { "x-csrf-token": document.querySelector("input[name=csrf]").value };
    const answer = await fetch(walk.dataset.api, { method: "POST", headers, body });
    if (answer.status === 401) tell("critical", walk.dataset.login);
    if (answer.status >= 500 || answer.status === 401 || answer.status === 429) throw new Error("later");
    if (answer.ok) { tell("ok", walk.dataset.kept); return; }
    if (answer.status === 413) { tell("critical", walk.dataset.large); return; }
    const problem = await answer.json();
    tell("critical", (problem.field && walk.getAttribute(`data-wrong-${problem.field}`)) || walk.dataset.any);
  }

  function tell(level, text) {
    const note = document.createElement("div");
    note.className = `note ${level}`;
    const inner = document.createElement("div");
    inner.className = "grow";
    inner.textContent = text;
    note.append(inner);
    document.getElementById("told").replaceChildren(note);
    if (navigator.vibrate) navigator.vibrate(level === "ok" ? 40 : [60, 60, 60]);
  }

  // --- what moved is taken from the page as it is now; a row somebody types in is left alone

  async function renew() {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      if (!page.getElementById("walk")) { location.reload(); return; } // it was signed meanwhile
      for (const id of ["progress", "end"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
      for (const row of document.querySelectorAll("#list > li[data-item]")) {
        const now = page.getElementById(row.id);
        if (now && !isTyped(row)) row.replaceChildren(...now.childNodes);
      }
      show();
    } catch { /* the page stays as it is */ }
  }

  function isTyped(row) {
    if (words.some((each) => each.item === row.dataset.item)) return true;
    return Array.from(row.querySelectorAll("input:not([type=hidden]), textarea")).some((field) => field.value && field.value !== field.defaultValue);
  }

  // --- a photo is made smaller before it waits: what is looked at later needs no 12 million points

  async function smaller(file) {
    try {
      const picture = await createImageBitmap(file);
      const ratio = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
      if (ratio === 1 && file.size < 600000) return file;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * ratio);
      canvas.height = Math.round(picture.height * ratio);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      return made || file;
    } catch {
      return file; // the collector says what it thinks of it
    }
  }

  async function put(form, button) {
    const typed = new FormData(form);
    const file = typed.get("photo");
    const photo = file && file.size ? await smaller(file) : null;
    if (photo && photo.size > Number(walk.dataset.most)) { tell("critical", walk.dataset.large); return; }
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
    const value = button && button.name === "value" ? button.value : String(typed.get("value") || "");
    const word = { key, at: Date.now(), item: typed.get("item"), value: value.trim(), note: String(typed.get("note") || "").trim(), photo };
    words.push(word);
    if (word.value) form.reset(); // a photo alone leaves what is being typed
    else if (file) form.querySelector("input[type=file]").value = "";
    await change((all) => all.put(word));
    show();
    send();
  }

  walk.addEventListener("submit", function (event) {
    if ("direct" in event.target.dataset) return;
    event.preventDefault();
    put(event.target, event.submitter);
  });

  // A photo is sent as soon as it is taken: one press less, and none is forgotten.
  walk.addEventListener("change", function (event) {
    if (event.target.type === "file" && event.target.files.length) put(event.target.form, null);
  });

  addEventListener("online", send);
  setInterval(function () { if (words.length) send(); }, AGAIN_MS);

  open().then(async function (opened) {
    store = opened;
    words.unshift(...(await load()));
    show();
    send();
  });
})();
