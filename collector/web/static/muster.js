// What is nicer with script. Every page works without it.
"use strict";

(function () {
  const root = document.documentElement;
  root.classList.add("scripted");

  // --- keys: / finds; j and k walk a list, x chooses, enter opens
  function typing(target) {
    return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
  }

  function rows() {
    return Array.from(document.querySelectorAll("table.list tbody tr[data-href]"));
  }

  function walk(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    if (at >= 0) all[at].removeAttribute("aria-selected");
    all[next].setAttribute("aria-selected", "true");
    all[next].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") closeMenus(null);
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); find.select(); }
    } else if (event.key === "j" || event.key === "k") {
      walk(event.key === "j" ? 1 : -1);
    } else if (event.key === "x") {
      const box = document.querySelector('tr[aria-selected="true"] .pick input');
      if (box) box.checked = !box.checked;
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      const row = document.querySelector('tr[aria-selected="true"][data-href]');
      if (row) location.assign(row.dataset.href);
    }
  });

  // --- menus: one open at a time; a menu of choices applies itself when it closes
  function closeMenus(but) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== but && !menu.contains(but)) menu.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    closeMenus(event.target);
    const copy = event.target.closest("[data-copy]");
    if (copy && copy.tagName === "BUTTON") toClipboard(copy);
    const narrow = event.target.closest("#narrow");
    if (narrow) toggleRail();
  });

  document.addEventListener("change", function (event) {
    const all = event.target.closest("[data-all]");
    if (all) document.querySelectorAll(`input[form="${all.dataset.all}"]`).forEach(function (box) { box.checked = all.checked; });
    const menu = event.target.closest("details.menu");
    if (menu) menu.dataset.moved = "yes";
  });

  document.addEventListener("toggle", function (event) {
    const menu = event.target;
    if (menu.matches && menu.matches("details.menu") && !menu.open && menu.dataset.moved) {
      const form = menu.closest("form");
      if (form) form.requestSubmit();
    }
  }, true);

  // --- the why of a value: a second click puts it away again
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a.why");
    if (!link || link.getAttribute("aria-expanded") !== "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const below = link.closest("tr").nextElementSibling;
    if (below && below.classList.contains("because")) below.remove();
    link.setAttribute("aria-expanded", "false");
  }, true);

  document.addEventListener("htmx:afterSwap", function (event) {
    const link = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (link && link.matches("a.why")) link.setAttribute("aria-expanded", "true");
  });

  // --- copying
  function toClipboard(button) {
    const done = function () {
      button.classList.add("done");
      setTimeout(function () { button.classList.remove("done"); }, 1200);
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(button.dataset.copy).then(done);
      return;
    }
    const area = document.createElement("textarea");
    area.value = button.dataset.copy;
    document.body.append(area);
    area.select();
    if (document.execCommand("copy")) done();
    area.remove();
  }

  // --- what moves while one looks: numbers change in their places, nothing else does
  function follow(place) {
    const source = new EventSource(place.dataset.live);
    source.addEventListener("counts", function (event) {
      const counts = JSON.parse(event.data).counts;
      place.querySelectorAll("[data-count]").forEach(function (number) {
        number.textContent = (counts[number.dataset.count] || 0).toLocaleString("en-US");
      });
      place.querySelectorAll("[data-when]").forEach(function (note) { note.hidden = !counts[note.dataset.when]; });
      place.querySelectorAll("[data-bar]").forEach(function (bar) {
        bar.setAttribute("width", counts[bar.dataset.bar] || 0);
      });
    });
    source.addEventListener("ended", function () {
      source.close();
      place.querySelectorAll("[data-ended]").forEach(function (note) { note.hidden = false; });
      place.querySelectorAll(".live").forEach(function (dot) { dot.remove(); });
    });
    addEventListener("pagehide", function () { source.close(); });
  }

  addEventListener("load", function () { // an open stream would keep the page from being loaded
    setTimeout(function () { document.querySelectorAll("[data-live]").forEach(follow); }, 0);
  });

  // --- the rail, remembered in a cookie the server reads
  function toggleRail() {
    const narrow = root.dataset.rail !== "narrow";
    root.dataset.rail = narrow ? "narrow" : "wide";
    document.cookie = "muster_rail=" + root.dataset.rail + ";path=/;max-age=31536000;samesite=lax";
  }
})();
