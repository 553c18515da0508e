/* Draws the network of a report page. Everything from the data is set as text, never as HTML. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var byId = new Map(data.nodes.map(function (node) { return [node.id, node]; }));
  var byName = new Map(data.nodes.map(function (node) { return [node.name, node]; }));
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var view = document.getElementById("view");
  var panel = document.getElementById("panel");
  var picker = document.getElementById("network");
  var status = document.getElementById("summary");
  var summary = status.textContent;
  var LABEL = 13; // height of a name on the screen, whatever the zoom

  function colours() {
    return dark.matches
      ? { ink: "#e8eaed", edge: "rgba(190,200,210,.38)", strong: "#ffffff", halo: "#22262b" }
      : { ink: "#1c2733", edge: "rgba(60,75,90,.32)", strong: "#000000", halo: "#ffffff" };
  }

  function drawn(node) {
    var tone = colours();
    return {
      id: node.id, x: node.x, y: node.y, size: node.size, shape: node.shape, title: node.title,
      color: { background: node.color, border: tone.halo, highlight: { background: node.color, border: tone.strong }, hover: { background: node.color, border: tone.strong } },
      borderWidth: 1, borderWidthSelected: 3
    };
  }

  function drawnEdge(edge) {
    var tone = colours();
    return { id: edge.id, from: edge.from, to: edge.to, width: edge.width, title: edge.title, color: { color: tone.edge, highlight: tone.strong, hover: tone.strong } };
  }

  var nodes = new vis.DataSet(data.nodes.map(drawn));
  var edges = new vis.DataSet(data.edges.map(drawnEdge));
  var network = new vis.Network(view, { nodes: nodes, edges: edges }, data.options);

  function overlap(a, b) { return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }

  /* Names keep their size on the screen and are written where they cover neither a point nor another name, the best
     connected first; zooming in makes room for more. */
  var ordered = data.nodes.slice().sort(function (a, b) { return b.size - a.size || a.id - b.id; });
  function placeNames() {
    var scale = network.getScale(), tone = colours(), wanted = picker.value;
    var visible = ordered.filter(function (node) { return wanted === "" || String(node.network) === wanted; });
    var points = visible.map(function (node) { return { left: node.x - node.size, right: node.x + node.size, top: node.y - node.size, bottom: node.y + node.size }; });
    var written = [];
    nodes.update(visible.map(function (node, place) {
      var half = (node.label.length * LABEL * 0.29 + 3) / scale, top = node.y + node.size + 2 / scale;
      var box = { left: node.x - half, right: node.x + half, top: top, bottom: top + LABEL * 1.3 / scale };
      var free = !points.some(function (point, other) { return other !== place && overlap(box, point); }) &&
        !written.some(function (name) { return overlap(box, name); });
      if (free) { written.push(box); }
      return { id: node.id, label: free ? node.label : "", font: { color: tone.ink, size: LABEL / scale, strokeWidth: 3 / scale, strokeColor: tone.halo, vadjust: -3 / scale } };
    }));
    document.body.setAttribute("data-names", String(written.length));
  }
  var waiting = 0;
  function placeNamesSoon() { window.clearTimeout(waiting); waiting = window.setTimeout(placeNames, 60); }

  function make(tag, text) {
    var node = document.createElement(tag);
    if (text !== undefined) { node.textContent = text; }
    return node;
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
    var list = make("dl");
    node.facts.forEach(function (fact) { list.append(make("dt", fact[0]), make("dd", fact[1])); });
    parts.push(list);
    var around = network.getConnectedNodes(id).map(function (other) { return byId.get(other); });
    around.sort(function (a, b) { return a.name < b.name ? -1 : 1; });
    parts.push(make("p", "Connected to " + around.length + (around.length === 1 ? " account" : " accounts") + (around.length > 40 ? ", 40 of them:" : ":")));
    var names = make("ul");
    around.slice(0, 40).forEach(function (other) {
      var item = make("li"), button = make("button", other.name);
      button.type = "button";
      button.addEventListener("click", function () { choose(other.id); });
      item.append(button); names.append(item);
    });
    parts.push(names);
    panel.replaceChildren.apply(panel, parts);
    panel.scrollTop = 0;
  }

  function choose(id) {
    network.selectNodes([id]);
    network.focus(id, { scale: Math.max(network.getScale(), 0.9), animation: false });
    placeNames();
    describe(id);
  }

  function filter() {
    var wanted = picker.value;
    nodes.update(data.nodes.map(function (node) { return { id: node.id, hidden: wanted !== "" && String(node.network) !== wanted }; }));
    var shown = data.nodes.filter(function (node) { return wanted === "" || String(node.network) === wanted; });
    network.fit({ nodes: shown.map(function (node) { return node.id; }), animation: false, maxZoomLevel: 2 });
    placeNames();
    status.textContent = wanted === "" ? summary : "Network " + wanted + ": " + shown.length + " of " + data.nodes.length + " drawn accounts.";
  }

  network.on("selectNode", function (event) { describe(event.nodes[0]); });
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
  var names = document.getElementById("names");
  data.nodes.forEach(function (node) { var option = make("option"); option.value = node.name; names.append(option); });
  document.getElementById("account").addEventListener("change", function (event) {
    var node = byName.get(event.target.value.trim().replace(/^@/, ""));
    if (node) { picker.value = ""; filter(); choose(node.id); } else { status.textContent = "No account of that name is drawn."; }
  });
  document.getElementById("fit").addEventListener("click", function () { picker.value = ""; filter(); });
  function zoom(factor) { network.moveTo({ scale: network.getScale() * factor, animation: false }); placeNames(); }
  network.on("zoom", placeNamesSoon);
  network.on("resize", placeNamesSoon);
  document.getElementById("closer").addEventListener("click", function () { zoom(1.4); });
  document.getElementById("farther").addEventListener("click", function () { zoom(1 / 1.4); });

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
  var legend = document.getElementById("legend"), others = 0;
  data.networks.forEach(function (entry, place) {
    if (place < 7) {
      var item = make("li"); item.append(symbol(entry), "network " + entry.network + " (" + entry.n + ")"); legend.append(item);
    } else { others += 1; }
  });
  if (others) { var rest = make("li"); rest.append(symbol({ color: "#8a8f98", shape: "dot" }), others + " more networks"); legend.append(rest); }
  legend.append(make("li", "size: connected accounts · line: " + data.edge_unit));

  dark.addEventListener("change", function () { nodes.update(data.nodes.map(drawn)); edges.update(data.edges.map(drawnEdge)); placeNames(); });
  network.once("afterDrawing", function () { document.body.setAttribute("data-drawn", String(data.nodes.length)); });
  network.fit({ animation: false, maxZoomLevel: 2 });
  placeNames();
  window.coordlibNetwork = { place: function (name) { var spot = network.canvasToDOM(network.getPositions([byName.get(name).id])[byName.get(name).id]); return { x: spot.x, y: spot.y }; } };
})();
