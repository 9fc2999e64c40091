// On foot: what is said waits in this browser while the link is bad, and a photo is made smaller before it waits.
"use strict";

const onFoot = (function () {
  const AGAIN_MS = 10000, WIDEST = 1600, QUALITY = 0.82, ENOUGH = 600000;

  // The queue outlives the page: photos do not fit where texts are kept, so it is a database of the browser.
  // `say` sends one word and throws when it is to be tried again; `show` is told of what waits; `moved`: some was kept.
  function queue(name, { say, show, moved }) {
    const words = []; // the oldest first, as they stand in the store
    let sending = false, store = null;

    function open() {
      return new Promise((done) => {
        const asked = indexedDB.open(name, 1);
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
          show(words);
        }
      } catch { /* no link: it is tried again */ }
      sending = false;
      if (sent) await moved();
    }

    async function put(word) {
      const whole = { key: fresh(), at: Date.now(), ...word };
      words.push(whole);
      show(words);
      await change((all) => all.put(whole));
      send();
    }

    addEventListener("online", send);
    setInterval(function () { if (words.length) send(); }, AGAIN_MS);
    open().then(async function (opened) {
      store = opened;
      words.unshift(...(await load()));
      show(words);
      send();
    });
    return { put, words };
  }

  function fresh() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
  }

  // What the collector refuses is told and not sent again; what does not reach it stays in the queue.
  async function post(address, body, headers) {
    const csrf = document.querySelector("input[name=csrf]").value;
    const answer = await fetch(address, { method: "POST", headers: { "x-csrf-token": csrf, ...headers }, body });
    const about = document.getElementById("walk").dataset;
    if (answer.status === 401) tell("critical", about.login);
    if (answer.status >= 500 || answer.status === 401 || answer.status === 429) throw new Error("later");
    return answer;
  }

  async function refused(answer) {
    const walk = document.getElementById("walk");
    if (answer.status === 413) return walk.dataset.large;
    const problem = await answer.json();
    return (problem.field && walk.getAttribute(`data-wrong-${problem.field}`)) || walk.dataset.any;
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

  function waits(words) {
    const box = document.getElementById("queue");
    box.hidden = !words.length;
    box.querySelector(".grow").textContent = document.getElementById("walk").dataset.queued.replace("{n}", words.length);
  }

  // What is looked at later needs no 12 million points. Null: it is too large all the same, and that was said.
  async function smaller(file) {
    const about = document.getElementById("walk").dataset, made = await drawn(file);
    if (made.size <= Number(about.most)) return made;
    tell("critical", about.large);
    return null;
  }

  async function drawn(file) {
    try {
      const picture = await createImageBitmap(file);
      const ratio = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
      if (ratio === 1 && file.size < ENOUGH) return file;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * ratio);
      canvas.height = Math.round(picture.height * ratio);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY))) || file;
    } catch {
      return file; // the collector says what it thinks of it
    }
  }

  return { queue, post, refused, tell, waits, smaller };
})();
