// Draws the map. Without this script the table below it says the same.
// Zones are boxes; in each, classes are bands: the network by its distance from the busiest device, the rest beneath.
"use strict";

(function () {
  const sheet = document.getElementById("map");
  if (!sheet || typeof cytoscape !== "function") return;
  const canvas = document.getElementById("canvas"), hover = document.getElementById("hover");
  const detail = document.getElementById("detail");
  const CARD = { width: 168, height: 42, gap: 26, row: 46 }, BAND = 54, ZONE = 110, FOLD_AT = 16;
  const STEP = CARD.width + CARD.gap, GUTTER = 40, ABOVE = ["security", "network"];

  fetch(sheet.dataset.graph, { headers: { accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then(draw)
    .catch(function () { sheet.hidden = true; });

  function draw(graph) {
    sheet.hidden = false;
    const open = unfolded(graph);
    const cy = cytoscape({
      container: canvas, style: looks(), layout: { name: "preset" }, minZoom: 0.08, maxZoom: 2.5,
      boxSelectionEnabled: false, autoungrabify: true,
    });
    show(cy, graph, open);
    cy.fit(undefined, 28);
    if (cy.zoom() > 1) { cy.zoom(1); cy.center(); }
    listen(cy, graph, open);
    const focus = cy.getElementById(sheet.dataset.focus || "none");
    if (focus.nonempty()) { cy.center(focus); choose(cy, graph, focus); }
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => cy.style(looks()));
  }

  // --- what is unfolded: small groups and the network; a CI on the way that was asked for always stands by itself

  function group(node) { return node.zone + "|" + node.class; }

  function unfolded(graph) {
    const sizes = new Map();
    for (const node of graph.nodes) sizes.set(group(node), (sizes.get(group(node)) || 0) + 1);
    return new Set(Array.from(sizes.keys()).filter((key) => sizes.get(key) <= (key.endsWith("|network") ? 60 : FOLD_AT)));
  }

  function pinned(graph) {
    const way = new Set(graph.way), found = new Set([sheet.dataset.focus]);
    for (const link of graph.links) if (way.has(link.id)) { found.add(link.a); found.add(link.b); }
    return found;
  }

  // --- elements and their places

  function show(cy, graph, open) {
    const seenAs = new Map(), groups = new Map(), pins = pinned(graph);
    for (const node of graph.nodes) {
      seenAs.set(node.id, open.has(group(node)) || pins.has(node.id) ? node.id : group(node));
      groups.set(group(node), (groups.get(group(node)) || []).concat(node));
    }
    const edges = cables(graph, seenAs), words = new Map(graph.classes);
    const places = arrange(graph, groups, seenAs, edges);
    const elements = [], zones = new Set();
    for (const [key, members] of groups) {
      const first = members[0], zone = "zone|" + first.zone;
      if (!zones.has(zone)) {
        zones.add(zone);
        elements.push({ data: { id: zone, label: first.zoneName }, classes: "zone" });
      }
      elements.push(...cards(key, members, seenAs, places, words.get(first.class), open.has(key)));
    }
    cy.batch(function () {
      cy.elements().remove();
      cy.add(elements.concat(edges.map((edge) => ({ data: edge, classes: edge.looks }))));
    });
    highlight(cy, graph);
  }

  // A band with a card for each CI that stands by itself, and one card for all the others.
  function cards(key, members, seenAs, places, word, isOpen) {
    const shown = members.filter((node) => seenAs.get(node.id) === node.id), rest = members.length - shown.length;
    const zone = "zone|" + members[0].zone, band = "band|" + key, found = [];
    if (shown.length) {
      const mark = rest ? "▸ " : isOpen && members.length > 1 ? "▾ " : "";
      found.push({ data: { id: band, label: mark + word + " · " + members.length, group: key, parent: zone }, classes: ABOVE.includes(members[0].class) ? "band" : "band beneath" });
    }
    if (rest) {
      const data = { id: key, label: "▸ " + word + " · " + rest, group: key, parent: shown.length ? band : zone };
      found.push({ data, classes: "folded", position: places.get(key) });
    }
    for (const node of shown) {
      const label = node.glyph + " " + node.name + "\n" + node.type;
      found.push({ data: { id: node.id, label, node, parent: band }, classes: "ci " + node.level, position: places.get(node.id) });
    }
    return found;
  }

  function cables(graph, seenAs) {
    const found = new Map();
    for (const link of graph.links) {
      const a = seenAs.get(link.a), b = seenAs.get(link.b);
      if (a === undefined || b === undefined || a === b) continue;
      const folded = a !== link.a || b !== link.b;
      const key = folded ? "e|" + [a, b].sort().join("|") : "e|" + link.id;
      const edge = found.get(key) || { id: key, source: a, target: b, links: [], looks: "" };
      edge.links.push(link);
      found.set(key, edge);
    }
    for (const edge of found.values()) {
      const states = new Set(edge.links.map((link) => link.state));
      const state = ["contradictory", "probable", "confirmed"].find((each) => states.has(each));
      edge.looks = state;
      edge.label = edge.links.length > 1 ? String(edge.links.length)
        : state === "contradictory" ? "≠" : edge.links[0].shared ? graph.words.shared : state === "probable" ? "?" : "";
    }
    return Array.from(found.values());
  }

  // Places follow from what is shown alone: the same map is drawn the same way every time. What is plugged in stands
  // beneath the network side by side, so that no cable to one band runs behind another.
  function arrange(graph, groups, seenAs, edges) {
    const near = new Map(), places = new Map();
    for (const edge of edges) {
      near.set(edge.source, (near.get(edge.source) || []).concat(edge.target));
      near.set(edge.target, (near.get(edge.target) || []).concat(edge.source));
    }
    const names = graph.classes.map((each) => each[0]);
    let left = 0, top = 0, lowest = 0;
    for (const zone of Array.from(new Set(graph.nodes.map((node) => node.zone))).sort()) {
      const bands = new Map();
      for (const name of names) {
        const key = zone + "|" + name, members = groups.get(key);
        if (members) bands.set(name, Array.from(new Set(members.map((node) => seenAs.get(node.id)))));
      }
      const block = stack(bands, near, top, places);
      for (const id of block.ids) places.get(id).x += left - block.from;
      left += block.to - block.from + ZONE;
      lowest = Math.max(lowest, block.lowest);
      if (left > 3600) { left = 0; top = lowest + ZONE; }
    }
    return places;
  }

  function stack(bands, near, top, places) {
    const ids = [], beneath = Array.from(bands.keys()).filter((name) => !ABOVE.includes(name));
    let y = top;
    function row(some, centre, at) {
      spread(sorted(some, near, places), centre, at, places);
      ids.push(...some);
    }
    for (const name of ABOVE.filter((each) => bands.has(each))) {
      (name === "network" ? layers(bands.get(name), near) : grid(bands.get(name), 8)).forEach(function (each, at) {
        row(each, (at % 2) * STEP / 4, y);
        y += CARD.height + CARD.row;
      });
      y += BAND;
    }
    const across = new Map(beneath.map((name) => [name, Math.min(6, Math.ceil(Math.sqrt(bands.get(name).length * 1.5)))]));
    let x = -beneath.reduce((sum, name) => sum + across.get(name) * STEP + GUTTER, -GUTTER) / 2, deepest = y;
    for (const name of beneath) {
      const wide = across.get(name) * STEP;
      grid(sorted(bands.get(name), near, places), across.get(name)).forEach(function (each, at) {
        row(each, x + wide / 2, y + at * (CARD.height + CARD.gap));
        deepest = Math.max(deepest, y + at * (CARD.height + CARD.gap) + CARD.height);
      });
      x += wide + GUTTER;
    }
    const xs = ids.map((id) => places.get(id).x);
    return { ids, from: Math.min(...xs) - STEP / 2, to: Math.max(...xs) + STEP / 2, lowest: deepest };
  }

  function layers(ids, near) {
    const mine = new Set(ids), depth = new Map();
    const degree = (id) => new Set((near.get(id) || []).filter((other) => mine.has(other))).size;
    const roots = ids.slice().sort((a, b) => degree(b) - degree(a));
    for (const root of roots) {
      if (depth.has(root)) continue;
      const waiting = [root];
      depth.set(root, 0);
      while (waiting.length) {
        const here = waiting.shift();
        for (const there of near.get(here) || []) {
          if (mine.has(there) && !depth.has(there)) { depth.set(there, depth.get(here) + 1); waiting.push(there); }
        }
      }
    }
    const rows = [];
    for (const id of roots) (rows[depth.get(id)] = rows[depth.get(id)] || []).push(id);
    return rows.flatMap((row) => grid(row, 14));
  }

  function grid(ids, across) {
    const rows = [];
    for (let at = 0; at < ids.length; at += across) rows.push(ids.slice(at, at + across));
    return rows;
  }

  // Under what it is connected to: the mean place of the neighbours that have one.
  function sorted(ids, near, places) {
    const middle = new Map(ids.map(function (id) {
      const known = (near.get(id) || []).map((other) => places.get(other)).filter(Boolean);
      return [id, known.length ? known.reduce((sum, place) => sum + place.x, 0) / known.length : 0];
    }));
    return ids.slice().sort((a, b) => middle.get(a) - middle.get(b));
  }

  function spread(row, centre, y, places) {
    row.forEach(function (id, at) { places.set(id, { x: centre + (at - (row.length - 1) / 2) * STEP, y }); });
  }

  // --- looks

  function looks() {
    const tokens = getComputedStyle(document.documentElement);
    const colour = (name) => tokens.getPropertyValue("--" + name).trim();
    const font = getComputedStyle(document.body).fontFamily;
    const states = ["ok", "warning", "critical", "unknown"].map((level) => ({
      selector: "node.ci." + level, style: { "border-color": colour(level), color: level === "ok" ? colour("text") : colour(level) },
    }));
    return [
      { selector: "node", style: { label: "data(label)", "font-family": font, "font-size": 12, color: colour("text"), "text-wrap": "wrap", "text-valign": "center", "text-halign": "center" } },
      { selector: "node.ci, node.folded", style: { shape: "round-rectangle", width: CARD.width, height: CARD.height, "background-color": colour("surface"), "border-width": 1.5, "border-color": colour("line-strong"), "line-height": 1.25 } },
      { selector: "node.folded", style: { "background-color": colour("sunken"), "border-style": "double", "border-width": 4 } },
      ...states,
      { selector: "node.zone, node.band", style: { "text-valign": "top", "text-halign": "center", "text-margin-y": -4, color: colour("muted"), "border-width": 1, "border-color": colour("line"), shape: "round-rectangle" } },
      { selector: "node.zone", style: { "background-color": colour("page"), padding: 34, "font-size": 14, "font-weight": 600 } },
      { selector: "node.band", style: { "background-color": colour("sunken"), padding: 14 } },
      { selector: "node.beneath", style: { "text-valign": "bottom", "text-margin-y": 4 } },
      { selector: "edge", style: { width: 1.6, "line-color": colour("muted"), "curve-style": "bezier", "control-point-step-size": 24, label: "data(label)", "font-family": font, "font-size": 11, color: colour("muted"), "text-background-color": colour("surface"), "text-background-opacity": 1, "text-background-padding": 2 } },
      { selector: "edge.probable", style: { "line-style": "dashed" } },
      { selector: "edge.contradictory", style: { "line-style": "dotted", "line-color": colour("critical"), color: colour("critical"), width: 2 } },
      { selector: ".far", style: { opacity: 0.25 } },
      { selector: "edge.way", style: { width: 4, "line-color": colour("accent"), "line-style": "solid" } },
      { selector: "node.ci.way", style: { "background-color": colour("accent-soft"), "border-width": 3, "border-color": colour("accent") } },
      { selector: "node.chosen", style: { "border-width": 3, "border-color": colour("accent") } },
    ];
  }

  function highlight(cy, graph) {
    const way = new Set(graph.way);
    if (!way.size) return;
    const edges = cy.edges().filter((edge) => edge.data("links").some((link) => way.has(link.id)));
    edges.addClass("way");
    edges.connectedNodes().addClass("way");
  }

  // --- hands

  function listen(cy, graph, open) {
    cy.on("tap", "node.folded, node.band", function (event) {
      const key = event.target.data("group");
      if (open.has(key)) open.delete(key); else open.add(key);
      detail.hidden = hover.hidden = true;
      show(cy, graph, open);
    });
    cy.on("tap", "node.ci", (event) => choose(cy, graph, event.target));
    cy.on("tap", "edge", function (event) { tell(detail, event.target.data("links"), true); });
    cy.on("tap", function (event) {
      if (event.target !== cy) return;
      detail.hidden = true;
      cy.elements().removeClass("far chosen");
    });
    cy.on("mouseover", "edge", function (event) {
      tell(hover, event.target.data("links"), false);
      const at = event.renderedPosition || { x: 0, y: 0 };
      hover.style.left = Math.min(at.x + 12, canvas.clientWidth - hover.offsetWidth - 8) + "px";
      hover.style.top = Math.min(at.y + 12, canvas.clientHeight - hover.offsetHeight - 8) + "px";
    });
    cy.on("mouseout", "edge", function () { hover.hidden = true; });
    cy.on("pan zoom", function () { hover.hidden = true; });
    sheet.addEventListener("click", function (event) {
      const asked = event.target.closest("[data-map]");
      if (!asked) return;
      const middle = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 };
      if (asked.dataset.map === "fit") cy.fit(undefined, 28);
      else cy.zoom({ level: cy.zoom() * (asked.dataset.map === "in" ? 1.3 : 1 / 1.3), renderedPosition: middle });
    });
  }

  function make(name, text, more) {
    return Object.assign(document.createElement(name), { textContent: text }, more || {});
  }

  function tell(where, links, all) {
    where.replaceChildren();
    for (const link of links.slice(0, all ? 40 : 3)) {
      const part = make("div", "");
      part.append(make("b", link.title), make("div", link.stateName));
      const list = make("ul", "");
      for (const sentence of link.evidence) list.append(make("li", sentence));
      part.append(list);
      where.append(part);
    }
    if (!all && links.length > 3) where.append(make("div", "… " + links.length));
    where.hidden = false;
  }

  function choose(cy, graph, chosen) {
    const node = chosen.data("node"), near = chosen.closedNeighborhood();
    cy.elements().removeClass("far chosen");
    cy.elements("node.ci, node.folded, edge").difference(near).addClass("far");
    chosen.addClass("chosen");
    tell(detail, chosen.connectedEdges().toArray().flatMap((edge) => edge.data("links")), true);
    const head = make("div", ""), tools = make("div", "", { className: "row" });
    head.append(make("b", node.whole), make("div", node.type + " · " + node.glyph + " " + node.state, { className: "muted" }));
    if (node.class !== "stranger") {
      tools.append(make("a", graph.words.open, { className: "button small", href: "/cis/" + encodeURIComponent(node.id) }));
      for (const [end, word] of [["from", graph.words.from_here], ["to", graph.words.to_here]]) {
        const button = make("button", word, { className: "button small", type: "button" });
        button.addEventListener("click", () => take(end, node));
        tools.append(button);
      }
    }
    detail.prepend(head, tools);
  }

  function take(end, node) {
    const fields = { from: document.getElementById("from"), to: document.getElementById("to") };
    fields[end].value = node.id;
    if (fields.from.value && fields.to.value) fields.from.form.requestSubmit();
    else fields[end === "from" ? "to" : "from"].focus();
  }
})();
