// A signature is drawn with a finger, a pen or a mouse; what was drawn goes along with the form.
"use strict";

(function () {
  let last = null; // where the line is, while it is drawn: pad, pointer, x, y

  function place(pad, event) {
    const box = pad.getBoundingClientRect();
    return { x: (event.clientX - box.left) * pad.width / box.width, y: (event.clientY - box.top) * pad.height / box.height };
  }

  function line(pad, from, to) {
    const ink = pad.getContext("2d");
    Object.assign(ink, { lineWidth: 4, lineCap: "round", strokeStyle: "#111" });
    ink.beginPath();
    ink.moveTo(from.x, from.y);
    ink.lineTo(to.x, to.y);
    ink.stroke();
    pad.dataset.drawn = "yes";
  }

  // The page may be put in anew by other scripts, so the document listens, not the pad.
  document.addEventListener("pointerdown", function (event) {
    const pad = event.target;
    if (!pad.matches || !pad.matches("canvas[data-pad]") || event.button) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    last = { pad, pointer: event.pointerId, ...place(pad, event) };
    line(pad, last, { x: last.x + 0.1, y: last.y });
  });

  document.addEventListener("pointermove", function (event) {
    if (!last || last.pointer !== event.pointerId) return;
    const now = place(last.pad, event);
    line(last.pad, last, now);
    last = { ...last, ...now };
  });

  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, function (event) { if (last && last.pointer === event.pointerId) last = null; });
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-clear]");
    if (!button) return;
    const pad = button.closest(".pad").querySelector("canvas");
    pad.getContext("2d").clearRect(0, 0, pad.width, pad.height);
    delete pad.dataset.drawn;
  });

  document.addEventListener("submit", function (event) {
    const pad = event.target.querySelector("canvas[data-pad]");
    if (pad) event.target.elements.drawn.value = pad.dataset.drawn ? pad.toDataURL("image/png") : "";
  }, true);
})();
