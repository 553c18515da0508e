/* Makes the page's tables sortable, filterable and paged, shows six columns first, and cards on phones.
   Text is only ever moved or set as text. */
(function () {
  "use strict";
  var PAGE = window.matchMedia("(max-width: 576px)").matches ? 10 : 25, PRINTED = 100, FIRST = 6; // on a phone a row is a card
  var LEAST = /\bseconds apart\b|^q$/; // of these numbers the lowest say most
  var paper = window.matchMedia("print"), printing = false;
  var collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function element(tag, properties, children) {
    var node = document.createElement(tag);
    Object.assign(node, properties || {});
    (children || []).forEach(function (child) { node.append(child); });
    return node;
  }

  function rawValue(row, column) {
    var cell = row.cells[column];
    if (cell.hasAttribute("data-sort")) { return cell.getAttribute("data-sort"); }
    return cell.classList.contains("num") ? cell.textContent.replace(/,/g, "") : cell.textContent;
  }

  function isNumber(text) { return text !== "" && !Number.isNaN(Number(text)); }

  function compare(first, second) {
    if (isNumber(first) && isNumber(second)) { return Number(first) - Number(second); }
    return collator.compare(first, second);
  }

  /* A heading in words, without the link that explains it. */
  function heading(cell) {
    return Array.from(cell.childNodes).filter(function (part) { return !(part.classList && part.classList.contains("cl-how")); });
  }

  function label(cell) { return heading(cell).map(function (part) { return part.textContent; }).join("").trim(); }

  /* Each row with the heading of its group: rows of one caption lie under it, in whatever order they are. */
  function rowsOf(body) {
    var above = null;
    return Array.from(body.rows).flatMap(function (row) {
      if (row.classList.contains("cl-group")) { above = row; return []; }
      return [{ row: row, above: above, words: (row.textContent + (above ? " " + above.textContent : "")).toLowerCase() }];
    });
  }

  function columns(box, table) {
    var heads = Array.from(table.tHead.rows[0].cells), names = heads.map(label);
    Array.from(table.tBodies[0].rows).forEach(function (row) {
      if (!row.classList.contains("cl-group")) {
        Array.from(row.cells).forEach(function (cell, place) { cell.dataset.label = names[place]; });
      }
    });
    table.classList.add("cl-cards");
    if (heads.length <= FIRST + 1) { return; }
    var more = element("button", { type: "button", className: "cl-columns" });
    function few(on) {
      table.classList.toggle("cl-few", on);
      more.textContent = on ? (heads.length - FIRST) + " more columns" : "Fewer columns";
      more.setAttribute("aria-expanded", String(!on));
      cue(box);
    }
    more.addEventListener("click", function () { few(!table.classList.contains("cl-few")); });
    few(true);
    return more;
  }

  /* Say where a table goes on beyond the edge. */
  function cue(box) {
    var scroll = box.querySelector(".cl-scroll");
    scroll.classList.toggle("cl-cut", scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft > 4);
  }

  function upgrade(box, index) {
    var table = box.querySelector("table");
    if (!table || !table.tBodies.length || !table.tHead) { return; }
    var body = table.tBodies[0];
    var all = rowsOf(body);
    if (!all.length) { return; }
    var state = { rows: all, page: 0, filter: "" };
    var caption = table.caption ? table.caption.textContent : "table";
    var status = element("span", { role: "status" });
    status.setAttribute("role", "status");
    var input = element("input", { type: "search", id: "cl-filter-" + index, autocomplete: "off" });
    var previous = element("button", { type: "button", textContent: "Previous" });
    var next = element("button", { type: "button", textContent: "Next" });
    previous.setAttribute("aria-label", "Previous rows of " + caption);
    next.setAttribute("aria-label", "Next rows of " + caption);
    var more = columns(box, table);

    function matching() {
      return state.filter ? state.rows.filter(function (item) { return item.words.indexOf(state.filter) !== -1; }) : state.rows;
    }

    function draw() {
      var whole = printing || paper.matches, size = whole ? PRINTED : PAGE, found = matching();
      var pages = Math.max(1, Math.ceil(found.length / size));
      state.page = Math.min(Math.max(0, state.page), pages - 1);
      var start = whole ? 0 : state.page * size;
      var shown = found.slice(start, start + size), lines = [], above = null;
      shown.forEach(function (item) {
        if (item.above && item.above !== above) {
          var group = item.above.cloneNode(true);
          group.cells[0].colSpan = table.classList.contains("cl-few") ? FIRST : table.tHead.rows[0].cells.length;
          lines.push(group);
        }
        above = item.above;
        lines.push(item.row);
      });
      body.replaceChildren.apply(body, lines);
      var words = found.length ? (start + 1) + "–" + (start + shown.length) + " of " + found.length + (found.length === 1 ? " row" : " rows") : "No matching rows";
      if (found.length !== all.length && found.length) { words += " (" + all.length + " without the filter)"; }
      status.textContent = words;
      previous.disabled = state.page === 0;
      next.disabled = state.page >= pages - 1;
      previous.hidden = next.hidden = pages === 1;
      cue(box);
    }

    function sortBy(column, up) {
      Array.from(table.tHead.rows[0].cells).forEach(function (other, place) {
        other.setAttribute("aria-sort", place !== column ? "none" : up ? "ascending" : "descending");
      });
      var keyed = state.rows.map(function (item, place) { return { item: item, value: rawValue(item.row, column), place: place }; });
      keyed.sort(function (a, b) {
        if ((a.value === "") !== (b.value === "")) { return a.value === "" ? 1 : -1; }
        var order = compare(a.value, b.value);
        return (up ? order : -order) || a.place - b.place;
      });
      state.rows = keyed.map(function (entry) { return entry.item; });
      state.page = 0;
      draw();
    }

    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var button = element("button", { type: "button" }, heading(head));
      head.prepend(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () {
        var now = head.getAttribute("aria-sort");
        sortBy(column, now === "none" ? !head.classList.contains("num") || LEAST.test(label(head)) : now === "descending");
      });
    });
    /* Show the row that the page's address names, on whatever page of the table it is. */
    function follow() {
      var wanted = decodeURI(window.location.hash.slice(1));
      var place = wanted ? state.rows.findIndex(function (item) { return item.row.id && (item.row.id === wanted || item.row.id === window.location.hash.slice(1)); }) : -1;
      if (place < 0) { return; }
      state.filter = input.value = "";
      state.page = Math.floor(place / PAGE);
      draw();
      body.querySelectorAll(".cl-hit").forEach(function (row) { row.classList.remove("cl-hit"); });
      state.rows[place].row.classList.add("cl-hit");
      state.rows[place].row.scrollIntoView({ block: "center", behavior: "instant" });
    }
    all.forEach(function (item) {
      if (!item.row.id) { return; }
      var link = element("a", { href: "#" + item.row.id.replace(/%/g, "%25"), textContent: "#", className: "cl-anchor" });
      link.setAttribute("aria-label", "Address of this row");
      item.row.cells[0].append(" ", link);
    });

    input.addEventListener("input", function () {
      state.filter = input.value.trim().toLowerCase();
      state.page = 0;
      draw();
    });
    previous.addEventListener("click", function () { state.page -= 1; draw(); });
    next.addEventListener("click", function () { state.page += 1; draw(); });

    var tools = element("div", { className: "cl-tools" });
    if (all.length > 10) {
      var box_of = element("label", { textContent: "Filter: " }, [input]);
      input.setAttribute("aria-label", "Filter " + caption);
      tools.append(box_of, status, previous, next);
      var counted = box.querySelector(".cl-count");
      if (counted) { counted.hidden = true; } // the status says it
    }
    if (more) { tools.append(more); more.addEventListener("click", draw); }
    if (tools.childElementCount) { box.prepend(tools); }
    draw();
    box.querySelector(".cl-scroll").addEventListener("scroll", function () { cue(box); }, { passive: true });
    window.addEventListener("resize", function () { cue(box); });
    paper.addEventListener("change", draw);
    ["beforeprint", "afterprint"].forEach(function (name) {
      window.addEventListener(name, function () { printing = name === "beforeprint"; draw(); });
    });
    window.addEventListener("hashchange", follow);
    follow();
  }

  /* Files lie gzipped on the site; a click saves what is in them. Where that cannot be done the file itself is saved. */
  function save(event) {
    var link = event.target.closest && event.target.closest("a[href$='.gz']"), address = link && link.getAttribute("href");
    if (!link || link.origin !== window.location.origin || event.ctrlKey || event.metaKey || event.shiftKey || !window.DecompressionStream) { return; }
    event.preventDefault();
    fetch(address).then(function (answer) {
      if (!answer.ok) { throw new Error(answer.status); }
      return answer.arrayBuffer();
    }).then(function (data) {
      var start = new Uint8Array(data, 0, 2), packed = start[0] === 31 && start[1] === 139; // else the server has unpacked it
      return packed ? new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).blob() : new Blob([data]);
    }).then(function (blob) {
      var place = URL.createObjectURL(blob);
      element("a", { href: place, download: address.replace(/^.*\/|\.gz$/g, "") }).click();
      window.setTimeout(function () { URL.revokeObjectURL(place); }, 60000);
    }).catch(function () { window.location.assign(link.href); });
  }
  document.addEventListener("click", save);

  function start() { Array.from(document.querySelectorAll(".cl-table")).forEach(upgrade); }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
