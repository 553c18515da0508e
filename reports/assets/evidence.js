/* Opens the evidence of a network: what was shared, by whom, when; then each two accounts with their pairs of posts.
   The data comes from a script beside the page, so that it also loads from disk. Everything is set as text, never as HTML.
   Addresses one can send: #network-3, #network-3/ACCOUNT, #network-3/ACCOUNT/OTHER; of pairs that stand out and are in no network #outside-3 and so on. */
(function () {
  "use strict";
  var STEP = 50, OBJECTS = 10;
  var TURNS = /[\u202a-\u202e\u2066-\u2069]/g; // they turn the reading direction and could disguise a name
  var known = new Map(), waiting = new Map();

  window.coordlibEvidence = function (networks) {
    networks.forEach(function (network) {
      network.posts.forEach(function (post) { // of an address only what is between its account's and its own id
        if (post[3] && post[3].charAt(0) === "/") { post[3] = network.accounts[post[0]][1] + post[3] + post[2]; }
      });
      known.set(placeOf(network), network);
    });
  };

  function placeOf(data) { return data.group ? "outside-" + data.group : "network-" + data.network; }
  function edgeOf(data) { return data.group ? "account pair" : "edge"; }
  function make(tag, properties, children) {
    var node = document.createElement(tag);
    Object.assign(node, properties || {});
    if (properties && properties.textContent) { node.textContent = properties.textContent.replace(TURNS, ""); }
    (children || []).forEach(function (child) { if (child !== null) { node.append(child); } });
    return node;
  }
  function count(number, word) { return number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s"); }
  function stamp(time) { return time === null ? "no time" : new Date(time * 1000).toISOString().slice(0, 19).replace("T", " "); }
  function day(time) { return stamp(time).slice(0, 10); }
  function clock(time) { return time === null ? "no time" : stamp(time).slice(11); }
  function link(address, text, title) {
    if (!address) { return make("span", { textContent: text, title: title || "" }); }
    return make("a", { href: address, textContent: text, title: title || "", rel: "nofollow" });
  }
  function person(account) { var node = link(account[1], account[0]); node.className = "cl-name"; node.dir = "auto"; return node; }
  function hash() {
    return "#" + Array.from(arguments).map(function (part, place) { return place ? encodeURIComponent(part) : part; }).join("/");
  }
  function anchor(address, words) {
    var node = make("a", { href: address, textContent: "#", className: "cl-anchor", title: words });
    node.setAttribute("aria-label", words);
    return node;
  }

  function load(file, done, failed) {
    var script = waiting.get(file);
    if (!script) {
      script = make("script", { src: file });
      waiting.set(file, script);
      document.head.append(script);
    }
    script.addEventListener("load", done);
    script.addEventListener("error", function () { waiting.delete(file); script.remove(); failed(); });
  }

  /* Show items of a list step by step; gives back a function that shows all. */
  function inSteps(box, items, draw, step, word) {
    var shown = 0, button = make("button", { type: "button", className: "cl-more" });
    function more(upTo) {
      for (; shown < Math.min(upTo, items.length); shown += 1) { box.insertBefore(draw(items[shown]), button); }
      var left = items.length - shown;
      button.hidden = left === 0;
      button.textContent = "Show " + (left > step ? step + " of " : "") + (left === 1 ? "1 more " + word : left.toLocaleString("en") + " more " + word + "s");
    }
    button.addEventListener("click", function () {
      var first = shown;
      more(shown + step);
      var next = box.children[first];
      if (next) { next.tabIndex = -1; next.focus(); }
    });
    box.append(button);
    more(step);
    return function () { more(items.length); };
  }

  /* Posts closer to the one before than the time window are one burst; a post is told by the seconds since it began. */
  function marks(data, posts, span) {
    var began = null, before = null, told = new Map();
    posts.forEach(function (place) {
      var time = data.posts[place][1];
      if (time === null) { told.set(place, null); return; }
      if (before === null || time - before > span) { began = time; }
      told.set(place, time - began);
      before = time;
    });
    return told;
  }

  function quoted(data, thing) {
    var quote = make("blockquote", { textContent: data.objects[thing], dir: "auto" });
    if (data.objects[thing].length > 400) {
      quote.textContent = quote.textContent.slice(0, 400) + "… ";
      var whole = make("button", { type: "button", className: "cl-more", textContent: "whole " + data.word });
      whole.addEventListener("click", function () { quote.textContent = data.objects[thing].replace(TURNS, ""); });
      quote.append(whole);
    }
    return quote;
  }

  function objectBlock(data, thing, posts, span) {
    var told = marks(data, posts, span), rows = new Map();
    posts.forEach(function (place) {
      var who = data.posts[place][0];
      if (!rows.has(who)) { rows.set(who, []); }
      rows.get(who).push(place);
    });
    var times = posts.map(function (place) { return data.posts[place][1]; }).filter(function (time) { return time !== null; });
    var first = times.length ? day(times[0]) : "", last = times.length ? day(times[times.length - 1]) : "";
    var table = make("table", { className: "cl-marks" });
    var period = first === last ? first : first + " to " + last;
    table.append(make("caption", { textContent: count(rows.size, "account") + ", " + count(posts.length, "post") + (period ? ", " + period : "") }));
    var body = table.createTBody();
    Array.from(rows.keys()).forEach(function (who) {
      var row = body.insertRow(), cell, shown = "";
      row.dataset.account = String(who);
      var head = make("th", { scope: "row" }, [person(data.accounts[who]), " ", anchor(hash(placeOf(data), data.accounts[who][0]), "Address of this account's evidence")]);
      row.append(head);
      cell = row.insertCell();
      rows.get(who).forEach(function (place, number) {
        var post = data.posts[place], date = post[1] === null ? "" : day(post[1]);
        var words = (date !== shown && first !== last ? date + " " : "") + clock(post[1]);
        shown = date;
        if (number) { cell.append(" · "); }
        var mark = make("span", { className: "cl-mark" }, [link(post[3], words, stamp(post[1]) + " UTC, post " + post[2])]);
        if (told.get(place)) { mark.append(make("small", { textContent: " +" + told.get(place).toLocaleString("en") + " s" })); }
        cell.append(mark);
      });
    });
    return make("section", { className: "cl-object" }, [quoted(data, thing), table]);
  }

  function card(data, place) {
    var post = data.posts[place];
    return make("div", { className: "cl-post" }, [
      make("p", {}, [person(data.accounts[post[0]])]),
      make("p", {}, [link(post[3], stamp(post[1]) + " UTC", "Post " + post[2])]),
      post[4] === null ? null : make("p", { className: "cl-quote", textContent: post[4], dir: "auto" })
    ]);
  }

  /* Two posts side by side; what both shared stands once, above the first of its pairs. */
  function pairBlock(data, rows, start) {
    var first = start === 0 || rows[start] !== rows[start - 4], apart = rows[start + 3];
    return make("div", {}, [first ? quoted(data, rows[start]) : null, make("div", { className: "cl-pair" }, [
      card(data, rows[start + 1]),
      make("p", { className: "cl-apart" }, [make("strong", { textContent: apart.toLocaleString("en") + " s" }), apart === 0 ? "same second" : "later"]),
      card(data, rows[start + 2])
    ])]);
  }

  /* How the numbers of an edge are counted: where the page's other links of this kind lead. */
  function counted() {
    var other = document.querySelector("a.cl-how[href*='data-dictionary.html#']");
    if (!other) { return null; }
    var node = make("a", { href: other.href.replace(/#.*/, "#table-edges"), textContent: "how", className: "cl-how" });
    node.setAttribute("aria-label", "How the numbers of an edge are counted");
    return node;
  }

  function edgeBlock(data, edge) {
    var rows = edge[3], ends = [data.accounts[edge[0]], data.accounts[edge[1]]];
    var things = new Set(rows.filter(function (_, place) { return place % 4 === 0; })).size;
    var box = make("details", { className: "cl-edge" });
    box.dataset.ends = edge[0] + "-" + edge[1];
    var names = make("span", { dir: "auto", textContent: ends[0][0] }), others = make("span", { dir: "auto", textContent: ends[1][0] });
    box.append(make("summary", {}, [names, " ↔ ", others, ": " + count(rows.length / 4, "pair") + ", " + count(things, data.word)]));
    box.addEventListener("toggle", function () {
      if (!box.open || box.childElementCount > 1) { return; }
      var facts = edge[2].map(function (fact) { return fact[0] + ": " + fact[1]; }).join(" · ");
      box.append(make("p", { className: "cl-note" }, [facts + (facts ? " · " : ""), anchor(hash(placeOf(data), ends[0][0], ends[1][0]), "Address of this pair of accounts"), " address of this " + edgeOf(data) + " ", counted()]));
      var list = make("div", { className: "cl-pairs" }), starts = [];
      for (var start = 0; start < rows.length; start += 4) { starts.push(start); }
      box.append(list);
      inSteps(list, starts, function (place) { return pairBlock(data, rows, place); }, STEP, "pair");
    });
    return box;
  }

  function draw(box, data) {
    var span = Number(box.parentElement.dataset.window) || 60, used = new Map();
    data.edges.forEach(function (edge) {
      for (var start = 0; start < edge[3].length; start += 4) {
        if (!used.has(edge[3][start])) { used.set(edge[3][start], new Set()); }
        used.get(edge[3][start]).add(edge[3][start + 1]).add(edge[3][start + 2]);
      }
    });
    var content = make("div", { className: "cl-inside" });
    content.append(make("p", { className: "cl-note" }, [anchor("#" + placeOf(data), "Address of this " + (data.group ? "group" : "network")), " address of this " + (data.group ? "group" : "network") + ". Times are UTC; +4 s: four seconds after the first post of its burst."]));
    var objects = make("div", { className: "cl-objects" });
    var things = Array.from(used.keys()).sort(function (a, b) { return a - b; });
    var allObjects = inSteps(objects, things, function (thing) {
      var posts = Array.from(used.get(thing)).sort(function (a, b) { return a - b; });
      return objectBlock(data, thing, posts, span);
    }, OBJECTS, data.word);
    content.append(objects, make("h3", { textContent: "Who with whom: " + count(data.edges.length, edgeOf(data)) }));
    var edges = make("div", { className: "cl-edges" }), status = make("p", { className: "cl-note" });
    status.setAttribute("role", "status");
    var allEdges;
    function drawEdges(wanted) {
      var found = data.edges.filter(function (edge) {
        return !wanted || [edge[0], edge[1]].some(function (end) { return data.accounts[end][0].toLowerCase().includes(wanted); });
      });
      edges.replaceChildren();
      status.textContent = wanted ? count(found.length, edgeOf(data)) + " of " + data.edges.length.toLocaleString("en") + " with “" + wanted + "”" : "";
      allEdges = inSteps(edges, found, function (edge) { return edgeBlock(data, edge); }, STEP, edgeOf(data));
    }
    if (data.edges.length > 10) {
      var input = make("input", { type: "search", autocomplete: "off" });
      input.addEventListener("input", function () { drawEdges(input.value.trim().toLowerCase().replace(/^@/, "")); });
      content.append(make("label", { className: "cl-tools" }, ["Account: ", input]), status);
    }
    drawEdges("");
    content.append(edges);
    box.append(content);
    box.find = function (first, second) {
      var names = data.accounts.map(function (account) { return account[0]; });
      var a = names.indexOf(first), b = names.indexOf(second);
      if (a < 0 || (second !== undefined && b < 0)) { return null; }
      if (second === undefined) {
        allObjects();
        var rows = Array.from(content.querySelectorAll("tr[data-account='" + a + "']"));
        content.querySelectorAll(".cl-hit").forEach(function (row) { row.classList.remove("cl-hit"); });
        rows.forEach(function (row) { row.classList.add("cl-hit"); });
        return rows[0] || null;
      }
      drawEdges("");
      allEdges();
      var edge = content.querySelector("[data-ends='" + Math.min(a, b) + "-" + Math.max(a, b) + "']");
      if (edge) { edge.open = true; }
      return edge;
    };
  }

  function fill(box, done) {
    var name = box.id;
    if (box.find) { done(); return; }
    if (known.has(name)) { draw(box, known.get(name)); done(); return; }
    load(box.dataset.file, function () { if (!box.find && known.has(name)) { draw(box, known.get(name)); } done(); }, function () {
      if (box.querySelector(".cl-failed")) { return; }
      var words = "The evidence could not be loaded from " + box.dataset.file + ". The same posts are in ";
      var table = /^outside/.test(box.id) ? "discovered_pairs.csv" : "pairs.csv";
      box.append(make("p", { className: "cl-note cl-failed" }, [words, make("a", { href: table + ".gz", textContent: table }), "."]));
    });
  }

  function follow(address) {
    var parts = address.replace(/^#/, "").split("/");
    var box = /^(network|outside)-\d+$/.test(parts[0]) ? document.getElementById(parts[0]) : null;
    if (!box || !box.classList.contains("cl-evidence")) { return; }
    box.open = true;
    fill(box, function () {
      var names = parts.slice(1).map(function (part) { try { return decodeURIComponent(part); } catch (error) { return part; } });
      var goal = (names.length && box.find && box.find(names[0], names[1])) || box;
      goal.scrollIntoView({ block: goal === box ? "start" : "center", behavior: "instant" });
      var focus = goal.querySelector("summary, a");
      if (focus) { focus.focus({ preventScroll: true }); }
    });
  }

  /* The drawing of a page from disk cannot see whether the page around it is dark. */
  function frames() { return Array.from(document.querySelectorAll(".cl-network iframe")); }
  function tell() {
    var parts = (window.getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) || []).map(Number);
    if (parts.length < 3 || parts[3] === 0) { return; }
    frames().forEach(function (frame) { frame.contentWindow.postMessage({ coordlibDark: parts[0] + parts[1] + parts[2] < 384 }, "*"); });
  }

  function start() {
    var boxes = Array.from(document.querySelectorAll(".cl-evidence[data-file]"));
    if (!boxes.length) { return; }
    boxes.forEach(function (box) {
      box.addEventListener("toggle", function (event) {
        if (event.target !== box || !box.open) { return; }
        fill(box, function () {});
        if (window.location.hash.split("/")[0] !== "#" + box.id) {
          try { window.history.replaceState(null, "", "#" + box.id); } catch (error) { /* a page from disk may not */ }
        }
      });
    });
    window.addEventListener("hashchange", function () { follow(window.location.hash); });
    window.addEventListener("message", function (event) {
      var ours = frames().some(function (frame) { return frame.contentWindow === event.source; });
      if (!ours || !event.data || typeof event.data.coordlib !== "string") { return; }
      if (event.data.coordlib === "ready") { tell(); } else {
        if (window.location.hash === event.data.coordlib) { follow(event.data.coordlib); } else { window.location.hash = event.data.coordlib; }
      }
    });
    var watch = new MutationObserver(function () { window.setTimeout(tell, 0); });
    [document.documentElement, document.body].forEach(function (element) { watch.observe(element, { attributes: true, attributeFilter: ["class", "data-bs-theme"] }); });
    follow(window.location.hash);
    window.addEventListener("load", function () { follow(window.location.hash); }); // by then the tables have their height
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
