/* Draws the network of a report page. Everything from the data is set as text, never as HTML. */
(function () {
  "use strict";
  var TURNS = /[\u202a-\u202e\u2066-\u2069]/g; // they turn the reading direction and could disguise a name
  var data = JSON.parse(document.getElementById("data").textContent);
  data.nodes.forEach(function (node) {
    Object.assign(node, data.looks[node.look]);
    node.label = (node.label === undefined ? node.name : node.label).replace(TURNS, "");
    node.facts = data.facts.map(function (name, place) { return [name, node.facts[place]]; }).filter(function (fact) { return fact[1] !== ""; });
    node.title = node.title || [node.name.replace(TURNS, "")].concat(node.facts.map(function (fact) { return fact[0] + ": " + fact[1]; })).join("\n");
  });
  data.edges = data.edges.map(function (edge) { return Object.assign({ id: edge[0] + "-" + edge[1], from: edge[0], to: edge[1] }, data.kinds[edge[2]]); });
  var byId = new Map(data.nodes.map(function (node) { return [node.id, node]; }));
  var byName = new Map(data.nodes.map(function (node) { return [node.name, node]; }));
  var view = document.getElementById("view");
  var panel = document.getElementById("panel");
  var picker = document.getElementById("network");
  var status = document.getElementById("summary");
  var summary = status.textContent, page = document.body.dataset.page || "";
  var LABEL = 13; // height of a name on the screen, whatever the zoom
  var opened = new Set();

  /* Light or dark as the page around is, whose own switch may differ from the system's. */
  function luminance(colour) {
    var parts = (colour.match(/[\d.]+/g) || []).map(Number);
    return parts.length < 3 || parts[3] === 0 ? null : (0.3 * parts[0] + 0.6 * parts[1] + 0.1 * parts[2]) / 255;
  }
  var system = window.matchMedia("(prefers-color-scheme: dark)"), told = null, outside = null;
  try { if (window.parent !== window) { outside = window.parent.document; } } catch (error) { outside = null; } // a page from disk
  function isDark() {
    if (told !== null) { return told; }
    var jupyter = outside && outside.body.dataset.jpThemeLight;
    if (jupyter) { return jupyter === "false"; }
    var around = outside && luminance(window.parent.getComputedStyle(outside.body).backgroundColor);
    return typeof around === "number" ? around < 0.5 : system.matches;
  }
  function theme() { document.documentElement.dataset.theme = isDark() ? "dark" : "light"; }
  theme();

  function colours() {
    return isDark()
      ? { ink: "#e8eaed", edge: "rgba(190,200,210,.38)", strong: "#ffffff", halo: "#22262b" }
      : { ink: "#1c2733", edge: "rgba(60,75,90,.32)", strong: "#000000", halo: "#ffffff" };
  }

  function accounts(count) { return count.toLocaleString("en") + (count === 1 ? " account" : " accounts"); }
  var bubbles = data.bubbles.map(function (bubble) {
    return { id: "b" + bubble.id, bubble: bubble.id, n: bubble.n, x: bubble.x, y: bubble.y, size: bubble.size, shape: "dot", color: bubble.color,
      network: bubble.network, label: accounts(bubble.n), title: accounts(bubble.n) + " closely tied to each other; press to see them" };
  });
  var byBubble = new Map(bubbles.map(function (bubble) { return [bubble.bubble, bubble]; }));
  function wanted(item) { return picker.value === "" || String(item.network) === picker.value; }
  function closed(node) { return typeof node.bubble === "number" && !opened.has(node.bubble); }
  function shownAs(node) { return closed(node) ? byBubble.get(node.bubble) : node; }

  function items() {
    return bubbles.filter(function (bubble) { return !opened.has(bubble.bubble) && wanted(bubble); })
      .concat(data.nodes.filter(function (node) { return !closed(node) && wanted(node); }));
  }

  /* A point is never smaller than a reader can see, and never so large that neighbours touch. */
  function sizeOf(item, scale) { return Math.max(item.size, Math.min(42, 3.5 / scale)); }
  function drawn(item) {
    var tone = colours();
    return {
      id: item.id, x: item.x, y: item.y, size: item.size, shape: item.shape, title: item.title,
      color: { background: item.color, border: tone.halo, highlight: { background: item.color, border: tone.strong }, hover: { background: item.color, border: tone.strong } },
      borderWidth: 1, borderWidthSelected: 3
    };
  }

  /* Lines between what is shown: between two bubbles there is one line for all of theirs. */
  var between = new Map();
  function lines() {
    var tone = colours();
    between.clear();
    data.edges.forEach(function (edge) {
      var first = byId.get(edge.from), second = byId.get(edge.to), a = shownAs(first), b = shownAs(second);
      if (a === b || !wanted(first)) { return; }
      var key = a === first && b === second ? edge.id : [a.id, b.id].sort().join("|");
      if (!between.has(key)) { between.set(key, { id: key, from: a.id, to: b.id, edges: [] }); }
      between.get(key).edges.push(edge);
    });
    return Array.from(between.values()).map(function (line) {
      var one = line.edges.length === 1;
      var leaving = (typeof line.from === "string") !== (typeof line.to === "string");
      line.width = leaving ? 1 : one ? line.edges[0].width : Math.min(14, 1 + 2 * Math.log2(1 + line.edges.length));
      return { id: line.id, from: line.from, to: line.to, width: line.width, title: one ? line.edges[0].title : line.edges.length.toLocaleString("en") + " edges",
        color: { color: tone.edge, highlight: tone.strong, hover: tone.strong } };
    });
  }

  var nodes = new vis.DataSet(items().map(drawn));
  var edges = new vis.DataSet(lines());
  var network = new vis.Network(view, { nodes: nodes, edges: edges }, data.options);
  function redraw() {
    var picked = network.getSelectedNodes();
    edges.clear(); nodes.clear();
    nodes.add(items().map(drawn)); edges.add(lines());
    picked = picked.filter(function (id) { return nodes.get(id); });
    if (picked.length) { network.selectNodes(picked); }
    document.body.setAttribute("data-shown", String(nodes.length));
  }
  /* All of it in sight, with room at the sides for half a name. */
  function fit(options) {
    network.fit(options);
    zoom(Math.max(0.7, 1 - 100 / view.clientWidth));
  }
  function open(number) {
    opened.add(number);
    redraw();
    fit({ nodes: data.nodes.filter(function (node) { return node.bubble === number; }).map(function (node) { return node.id; }), animation: false, maxZoomLevel: 1.2 });
    placeNames();
  }

  function overlap(a, b) { return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }

  /* Names keep their size on the screen and are written where they cover neither a point nor another name, the best
     connected first, of those in sight; zooming in makes room for more. */
  function placeNames() {
    var scale = network.getScale(), tone = colours();
    var visible = items().sort(function (a, b) { return b.size - a.size || (a.id < b.id ? -1 : 1); });
    var start = network.DOMtoCanvas({ x: 0, y: 0 }), end = network.DOMtoCanvas({ x: view.clientWidth, y: view.clientHeight });
    var sight = { left: start.x, right: end.x, top: start.y, bottom: end.y }, tried = 0;
    var points = visible.map(function (item) { var size = sizeOf(item, scale); return { id: item.id, left: item.x - size, right: item.x + size, top: item.y - size, bottom: item.y + size }; }).filter(function (point) { return overlap(point, sight); });
    var written = [], near = new Set(points.map(function (point) { return point.id; })), names = 0;
    nodes.update(visible.map(function (item) {
      var size = sizeOf(item, scale), inside = typeof item.id === "string" && size * scale > 11;
      var half = (item.label.length * LABEL * 0.29 + 3) / scale, top = item.y + size + 2 / scale;
      var box = { left: item.x - half, right: item.x + half, top: top, bottom: top + LABEL * 1.3 / scale };
      var free = inside || overlap(box, sight) && box.left >= sight.left && box.right <= sight.right && (tried += 1) < 1500 && !points.some(function (point) { return point.id !== item.id && overlap(box, point); }) &&
        !written.some(function (name) { return overlap(box, name); });
      if (free && !inside) { written.push(box); }
      if (free && near.has(item.id)) { names += 1; }
      return { id: item.id, size: size, label: !free ? "" : inside ? item.n.toLocaleString("en") : item.label,
        font: { color: inside ? "#ffffff" : tone.ink, size: LABEL / scale, strokeWidth: 3 / scale, strokeColor: inside ? "rgba(0,0,0,.55)" : tone.halo,
          vadjust: inside ? -size - LABEL * 0.9 / scale : -3 / scale } };
    }));
    var thin = 0.8 / scale;
    if (edges.length < 4000) { edges.update(Array.from(between.values()).map(function (line) { return { id: line.id, width: Math.max(line.width, Math.min(6, thin)) }; })); }
    document.body.setAttribute("data-names", names + " of " + points.length);
  }
  var waiting = 0;
  function placeNamesSoon() { window.clearTimeout(waiting); waiting = window.setTimeout(placeNames, 60); }

  function make(tag, text) {
    var node = document.createElement(tag);
    if (text !== undefined) { node.textContent = String(text).replace(TURNS, ""); }
    return node;
  }

  function button(words, pressed) {
    var node = make("button", words);
    node.type = "button";
    node.addEventListener("click", pressed);
    return node;
  }
  function names(list, shown) {
    var box = make("ul");
    list.slice(0, shown).forEach(function (node) {
      var item = make("li");
      item.append(button(node.name, function () { choose(node.id); }));
      box.append(item);
    });
    return box;
  }
  function alphabetical(a, b) { return a.name < b.name ? -1 : 1; }
  function cut(count) { return count > 40 ? ", 40 of them:" : ":"; }
  function show(parts) { panel.replaceChildren.apply(panel, parts); panel.scrollTop = 0; }

  /* Where the posts are: the block of the page around, which opens at this address. */
  function evidence(parts, words) {
    var line = make("p"), link = make("a", words);
    var address = "#" + parts.map(function (part, place) { return place ? encodeURIComponent(part) : part; }).join("/");
    link.href = page + address; link.target = "_parent"; link.className = "evidence";
    line.append(link);
    return page ? [line, address] : [null, address];
  }

  function describe(id) {
    var node = byId.get(id);
    if (!node) { return; }
    var parts = [make("h2", node.name)];
    if (node.url) {
      var line = make("p"), link = make("a", "Open the account");
      link.href = node.url; link.target = "_blank"; link.rel = "noopener noreferrer nofollow"; link.id = "account-link";
      line.append(link); parts.push(line);
    }
    parts.push(evidence(["network-" + node.network, node.name], "Its posts in pairs")[0]);
    var list = make("dl");
    node.facts.forEach(function (fact) { list.append(make("dt", fact[0]), make("dd", fact[1])); });
    parts.push(list);
    var around = data.edges.filter(function (edge) { return edge.from === id || edge.to === id; })
      .map(function (edge) { return byId.get(edge.from === id ? edge.to : edge.from); }).sort(alphabetical);
    parts.push(make("p", "Connected to " + accounts(around.length) + cut(around.length)), names(around, 40));
    if (typeof node.bubble === "number") { parts.push(closing(node.bubble)); }
    show(parts.filter(Boolean));
  }

  function closing(number) {
    return button("Draw these " + accounts(byBubble.get(number).n) + " as one again", function () { opened.delete(number); redraw(); placeNames(); describeBubble(number); });
  }

  function describeBubble(number) {
    var inside = data.nodes.filter(function (node) { return node.bubble === number; }).sort(alphabetical);
    var act = opened.has(number) ? closing(number) : button("Draw them one by one", function () { open(number); describeBubble(number); });
    show([make("h2", accounts(inside.length)), make("p", "They are tied to each other more than to the rest of network " + inside[0].network + cut(inside.length)), names(inside, 40), act]);
  }

  function describeLine(id) {
    var line = between.get(id);
    if (!line) { return; }
    if (line.edges.length > 1) {
      var heavy = line.edges.slice().sort(function (a, b) { return b.width - a.width; }).slice(0, 40), list = make("ul");
      heavy.forEach(function (edge) {
        var item = make("li");
        item.append(button(byId.get(edge.from).name + " ↔ " + byId.get(edge.to).name, function () { describeEdge(edge, true); }));
        list.append(item);
      });
      show([make("h2", line.edges.length.toLocaleString("en") + " edges"), make("p", "between these accounts" + cut(line.edges.length)), list]);
      return;
    }
    describeEdge(line.edges[0], true);
  }

  function describeEdge(edge, follow) {
    var ends = [byId.get(edge.from), byId.get(edge.to)];
    var found = evidence(["network-" + ends[0].network, ends[0].name, ends[1].name], "The posts, side by side");
    show([make("h2", ends[0].name + " ↔ " + ends[1].name), make("p", edge.title), found[0]].filter(Boolean));
    if (follow && page && window.parent !== window) { window.parent.postMessage({ coordlib: found[1] }, "*"); }
  }

  function choose(id) {
    var node = byId.get(id);
    if (closed(node)) { open(node.bubble); }
    network.selectNodes([id]);
    network.focus(id, { scale: Math.max(network.getScale(), 0.9), animation: false });
    placeNames();
    describe(id);
  }

  function filter() {
    redraw();
    fit({ animation: false, maxZoomLevel: 2 });
    placeNames();
    var shown = data.nodes.filter(wanted).length;
    status.textContent = picker.value === "" ? summary : "Network " + picker.value + ": " + shown + " of " + data.nodes.length + " drawn accounts.";
  }

  network.on("click", function (event) {
    if (event.nodes.length) {
      var id = event.nodes[0];
      if (typeof id === "string") { open(Number(id.slice(1))); describeBubble(Number(id.slice(1))); } else { describe(id); }
    } else if (event.edges.length) { describeLine(event.edges[0]); }
  });
  network.on("doubleClick", function (event) {
    var node = byId.get(event.nodes[0]);
    if (node && node.url) { window.open(node.url, "_blank", "noopener,noreferrer"); }
  });

  data.networks.forEach(function (entry) {
    var option = make("option", "network " + entry.network + " (" + entry.n + (entry.n === 1 ? " account)" : " accounts)"));
    option.value = String(entry.network);
    picker.append(option);
  });
  picker.addEventListener("change", filter);
  var list = document.getElementById("names");
  data.nodes.forEach(function (node) { var option = make("option"); option.value = node.name; list.append(option); });
  document.getElementById("account").addEventListener("change", function (event) {
    var words = event.target.value.trim().replace(/^@/, ""), small = words.toLowerCase();
    if (!words) { return; }
    var exact = byName.get(words), found = exact ? [exact] : data.nodes.filter(function (node) { return node.name.toLowerCase().includes(small); });
    var same = found.filter(function (node) { return node.name.toLowerCase() === small; });
    if (same.length === 1) { found = same; }
    if (found.length === 1) { if (picker.value !== "") { picker.value = ""; filter(); } choose(found[0].id); return; }
    status.textContent = found.length ? accounts(found.length) + " with “" + words + "” in the name." : "No account with “" + words + "” in its name is drawn.";
    if (found.length) { show([make("h2", accounts(found.length)), make("p", "with “" + words + "” in the name" + cut(found.length)), names(found.sort(alphabetical), 40)]); }
  });
  document.getElementById("fit").addEventListener("click", function () { picker.value = ""; filter(); });
  var all = document.getElementById("all");
  all.hidden = !bubbles.length || data.nodes.length > 5000; // more at once would take a browser minutes
  function words() { all.textContent = opened.size === bubbles.length ? "Draw groups as one" : "Draw all accounts"; }
  all.addEventListener("click", function () {
    if (opened.size === bubbles.length) { opened.clear(); } else { bubbles.forEach(function (bubble) { opened.add(bubble.bubble); }); }
    words();
    filter();
  });
  words();
  /* The wheel scrolls the page; with Ctrl, or where the drawing is a page of its own, it zooms. */
  view.addEventListener("wheel", function (event) {
    if (!event.ctrlKey && window.parent !== window) { return; }
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    placeNamesSoon();
  }, { passive: false });
  function zoom(factor) { network.moveTo({ scale: network.getScale() * factor, animation: false }); }
  network.on("zoom", placeNamesSoon);
  network.on("dragEnd", placeNamesSoon);
  network.on("resize", placeNamesSoon);
  document.getElementById("closer").addEventListener("click", function () { zoom(1.4); placeNames(); });
  document.getElementById("farther").addEventListener("click", function () { zoom(1 / 1.4); placeNames(); });

  function symbol(entry) {
    var space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg");
    var points = { square: "3,3 13,3 13,13 3,13", triangle: "8,2 14,13 2,13", diamond: "8,1 15,8 8,15 1,8", triangleDown: "8,14 14,3 2,3", hexagon: "4,2 12,2 15,8 12,14 4,14 1,8", star: "8,1 10,6 15,6 11,9 13,15 8,11 3,15 5,9 1,6 6,6" };
    var form = document.createElementNS(space, points[entry.shape] ? "polygon" : "circle");
    if (points[entry.shape]) { form.setAttribute("points", points[entry.shape]); } else { form.setAttribute("cx", 8); form.setAttribute("cy", 8); form.setAttribute("r", 6); }
    form.setAttribute("fill", entry.color);
    svg.setAttribute("viewBox", "0 0 16 16"); svg.setAttribute("aria-hidden", "true");
    svg.append(form);
    return svg;
  }
  var legend = document.getElementById("legend"), box = legend.parentElement, rest = data.subjects.slice(7);
  function entry(look, text) { var item = make("li"); item.append(symbol(look), text); legend.append(item); }
  data.subjects.slice(0, 7).forEach(function (one) {
    var many = one.networks > 1 ? " in " + one.networks + " networks" : "";
    entry(one, one.subject + " (" + accounts(one.n) + many + ")");
  });
  if (rest.length) { entry({ color: "#8a8f98", shape: "dot" }, rest.length + (rest.length === 1 ? " more subject" : " more subjects")); }
  legend.append(make("li", "size: connected accounts · line: " + data.edge_unit + (bubbles.length ? " · large circle: accounts closely tied to each other" : "")));
  box.open = window.innerWidth > 600;

  function recolour() { theme(); redraw(); placeNames(); }
  system.addEventListener("change", recolour);
  window.addEventListener("message", function (event) {
    if (event.source === window.parent && event.data && typeof event.data.coordlibDark === "boolean") { told = event.data.coordlibDark; recolour(); }
  });
  if (outside) {
    var watch = new MutationObserver(function () { window.setTimeout(recolour, 0); });
    [outside.documentElement, outside.body].forEach(function (element) { watch.observe(element, { attributes: true, attributeFilter: ["class", "data-bs-theme", "data-jp-theme-light"] }); });
  } else if (window.parent !== window) { window.parent.postMessage({ coordlib: "ready" }, "*"); }
  network.once("afterDrawing", function () { document.body.setAttribute("data-drawn", String(data.nodes.length)); });
  network.setSize("100%", "100%"); // the legend has taken its room
  fit({ animation: false, maxZoomLevel: 2 });
  document.body.setAttribute("data-shown", String(nodes.length));
  placeNames();
  function spot(item) { var at = network.canvasToDOM({ x: item.x, y: item.y }); return { x: at.x, y: at.y }; }
  window.coordlibNetwork = {
    place: function (name) { return spot(shownAs(byName.get(name))); },
    between: function (first, second) { var a = byName.get(first), b = byName.get(second); return spot({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }); }
  };
})();
