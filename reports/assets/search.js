/* The search page: loads the part of the index that a word begins with, and lists what is found. Everything is set as text. */
(function () {
  "use strict";
  var SHOWN = 40, DAYS = 5;
  var TURNS = /[\u202a-\u202e\u2066-\u2069]/g; // they turn the reading direction and could disguise a name
  var parts = new Map(), names = null, pages = [], asked = 0;

  window.coordlibFind = function (start, content) {
    if (start === null) { names = new Set(content[0]); pages = content[1]; } else { parts.set(start, content); }
  };

  function make(tag, properties, children) {
    var node = document.createElement(tag);
    Object.assign(node, properties || {});
    if (properties && properties.textContent) { node.textContent = properties.textContent.replace(TURNS, ""); }
    (children || []).forEach(function (child) { node.append(child); });
    return node;
  }
  function tokens(text) { return text.toLowerCase().match(/\p{L}+|\p{Nd}+/gu) || []; }
  function file(start) { return Array.from(new TextEncoder().encode(start), function (byte) { return byte.toString(16).padStart(2, "0"); }).join(""); }

  function load(name) {
    return new Promise(function (done, failed) {
      var script = make("script", { src: "search/" + name + ".js" });
      script.addEventListener("load", done);
      script.addEventListener("error", failed);
      document.head.append(script);
    });
  }

  /* The longest word decides which part of the index is needed. */
  async function entries(words) {
    if (!names) { await load("names"); }
    var longest = words.slice().sort(function (a, b) { return b.length - a.length; })[0];
    var letters = Array.from(longest), start;
    for (var length = Math.min(5, letters.length); length && start === undefined; length -= 1) {
      var beginning = letters.slice(0, length).join("");
      if (names.has(beginning)) { start = beginning; }
    }
    if (start === undefined) { return Array.from(names).some(function (name) { return name.startsWith(longest); }) ? null : []; }
    if (!parts.has(start)) { await load(file(start)); }
    return parts.get(start);
  }

  function matches(entry, words, whole) {
    var name = entry[1].toLowerCase();
    if (name.includes(whole)) { return true; }
    var own = tokens(name);
    return words.every(function (word) { return own.some(function (one) { return one.startsWith(word); }); });
  }

  function count(number, word) { return number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s"); }

  /* Where a hit leads and what it says: [number of the report, network or place on the page, …] or [page, name, definition]. */
  function told(kind, name, hit) {
    if (kind === "column") { return [hit[0], hit[1] + ": " + hit[2]]; }
    var report = pages[hit[0]][1], page = pages[hit[0]][0] + "/index.html", whole = typeof hit[1] === "string";
    var place = page + "#" + (whole ? hit[1] : "network-" + hit[1]), network = "network " + hit[1] + " of " + report;
    if (whole || pages[hit[0]][2]) { network = report; } else if (/^analyses/.test(page)) { network = report + ": network " + hit[1]; }
    if (kind === "day" || kind === "analysis") { return [page, report + (hit[1] ? ": " + hit[1] : "")]; }
    if (kind === "link") { return [place, network + ": " + count(hit[2], "post")]; }
    if (typeof hit[2] === "string") { return [place, report + ": " + hit[2]]; }
    if (kind === "account") { return [whole ? place : place + "/" + encodeURIComponent(name), network + (hit[2] === null ? "" : ", " + count(hit[2], "post"))]; }
    if (kind === "subject") { return [place, network + (hit[2] === null ? "" : ", " + count(hit[2], "account"))]; }
    return [place, report + ": " + count(hit[2], "post") + " in " + (hit[3] === 1 ? "network " + hit[1] : count(hit[3], "network"))];
  }

  function line(entry) {
    var hits = entry[3], box = make("ul");
    function add(hit) {
      var found = told(entry[0], entry[1], hit);
      box.append(make("li", {}, [make("a", { href: found[0], textContent: found[1] })]));
    }
    hits.slice(0, DAYS).forEach(add);
    var item = make("li", {}, [make("strong", { textContent: entry[1], dir: "auto" }), " ", make("small", { textContent: entry[0] }), box]);
    if (entry[2] > DAYS) {
      var more = make("button", { type: "button", className: "cl-more", textContent: (entry[2] - DAYS).toLocaleString("en") + " more" });
      more.addEventListener("click", function () {
        hits.slice(DAYS).forEach(add);
        more.replaceWith(entry[2] > hits.length ? make("p", { className: "cl-note", textContent: "the newest " + hits.length + " of " + entry[2].toLocaleString("en") }) : "");
      });
      item.append(more);
    }
    return item;
  }

  async function search(text) {
    var turn = asked += 1, status = document.getElementById("search-status"), list = document.getElementById("search-results");
    var whole = text.trim().toLowerCase().replace(/^@/, ""), words = tokens(whole);
    if (!words.length) { status.textContent = ""; list.replaceChildren(); return; }
    var known;
    try { known = await entries(words); } catch (error) { status.textContent = "The index of this site could not be loaded."; return; }
    if (turn !== asked) { return; } // another word has been typed meanwhile
    if (known === null) { status.textContent = "Type one more letter."; list.replaceChildren(); return; }
    var found = known.filter(function (entry) { return matches(entry, words, whole); });
    function rank(entry) { var name = entry[1].toLowerCase().replace(/^#/, ""); return name === whole.replace(/^#/, "") ? 0 : name.startsWith(whole) ? 1 : 2; }
    found.sort(function (a, b) { return rank(a) - rank(b) || b[2] - a[2] || (a[1] < b[1] ? -1 : 1); });
    status.textContent = found.length === 0 ? "Nothing found for “" + text.trim() + "”. Names are found by the beginning of any of their words." :
      (found.length > SHOWN ? SHOWN + " of " : "") + found.length.toLocaleString("en") + (found.length === 1 ? " result" : " results");
    list.replaceChildren.apply(list, found.slice(0, SHOWN).map(line));
  }

  function start() {
    var form = document.querySelector("main .cl-search") || document.querySelector(".cl-search"), input = form.querySelector("input");
    input.value = new URLSearchParams(window.location.search).get("q") || "";
    input.addEventListener("input", function () { search(input.value); });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      try { window.history.replaceState(null, "", "?q=" + encodeURIComponent(input.value)); } catch (error) { /* a page from disk may not */ }
      search(input.value);
    });
    search(input.value);
    input.focus();
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
