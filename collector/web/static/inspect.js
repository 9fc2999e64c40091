// An inspection on foot, with script: answers and photos go by the queue of foot.js.
"use strict";

(function () {
  const walk = document.getElementById("walk");
  const queue = onFoot.queue(`muster-inspect ${walk.dataset.api} ${walk.dataset.who}`, { say, show, moved: renew });

  function show(words) {
    onFoot.waits(words);
    for (const row of document.querySelectorAll("#list > li")) row.classList.toggle("pending", words.some((each) => each.item === row.dataset.item));
  }

  async function say(word) {
    const body = new FormData();
    for (const name of ["item", "key", "value", "note"]) body.append(name, word[name]);
    if (word.photo) body.append("photo", word.photo, "photo");
    const answer = await onFoot.post(walk.dataset.api, body, {});
    if (answer.ok) onFoot.tell("ok", walk.dataset.kept);
    else onFoot.tell("critical", await onFoot.refused(answer));
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
      show(queue.words);
    } catch { /* the page stays as it is */ }
  }

  function isTyped(row) {
    if (queue.words.some((each) => each.item === row.dataset.item)) return true;
    return Array.from(row.querySelectorAll("input:not([type=hidden]), textarea")).some((field) => field.value && field.value !== field.defaultValue);
  }

  async function put(form, button) {
    const typed = new FormData(form);
    const file = typed.get("photo");
    const photo = file && file.size ? await onFoot.smaller(file) : null;
    if (file && file.size && !photo) return;
    const value = button && button.name === "value" ? button.value : String(typed.get("value") || "");
    const word = { item: typed.get("item"), value: value.trim(), note: String(typed.get("note") || "").trim(), photo };
    if (word.value) form.reset(); // a photo alone leaves what is being typed
    else if (file) form.querySelector("input[type=file]").value = "";
    await queue.put(word);
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
})();
