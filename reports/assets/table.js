/* Makes the page's tables sortable, filterable and paged. Text is only ever moved or set as text. */
(function () {
  "use strict";
  var PAGE = 25;
  var collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function element(tag, properties, children) {
    var node = document.createElement(tag);
    Object.assign(node, properties || {});
    (children || []).forEach(function (child) { node.append(child); });
    return node;
  }

  function rawValue(row, column) {
    var cell = row.cells[column];
    return cell.hasAttribute("data-sort") ? cell.getAttribute("data-sort") : cell.textContent;
  }

  function isNumber(text) { return text !== "" && !Number.isNaN(Number(text)); }

  function compare(first, second) {
    if (isNumber(first) && isNumber(second)) { return Number(first) - Number(second); }
    return collator.compare(first, second);
  }

  function upgrade(box, index) {
    var table = box.querySelector("table");
    if (!table || !table.tBodies.length) { return; }
    var body = table.tBodies[0];
    var all = Array.from(body.rows);
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

    function matching() {
      if (!state.filter) { return state.rows; }
      return state.rows.filter(function (row) {
        return row.textContent.toLowerCase().indexOf(state.filter) !== -1;
      });
    }

    function draw() {
      var found = matching();
      var pages = Math.max(1, Math.ceil(found.length / PAGE));
      state.page = Math.min(Math.max(0, state.page), pages - 1);
      var start = state.page * PAGE;
      var shown = found.slice(start, start + PAGE);
      body.replaceChildren.apply(body, shown);
      var words = found.length ? (start + 1) + "–" + (start + shown.length) + " of " + found.length + " rows" : "No matching rows";
      if (found.length !== all.length && found.length) { words += " (" + all.length + " without the filter)"; }
      status.textContent = words;
      previous.disabled = state.page === 0;
      next.disabled = state.page >= pages - 1;
      previous.hidden = next.hidden = pages === 1;
    }

    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var button = element("button", { type: "button" }, Array.from(head.childNodes));
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () {
        var numeric = head.classList.contains("num");
        var now = head.getAttribute("aria-sort");
        var up = now === "none" ? !numeric : now === "descending";
        Array.from(table.tHead.rows[0].cells).forEach(function (other) { other.setAttribute("aria-sort", "none"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        var keyed = state.rows.map(function (row, place) { return { row: row, value: rawValue(row, column), place: place }; });
        keyed.sort(function (a, b) {
          if ((a.value === "") !== (b.value === "")) { return a.value === "" ? 1 : -1; }
          var order = compare(a.value, b.value);
          return (up ? order : -order) || a.place - b.place;
        });
        state.rows = keyed.map(function (item) { return item.row; });
        state.page = 0;
        draw();
      });
    });

    input.addEventListener("input", function () {
      state.filter = input.value.trim().toLowerCase();
      state.page = 0;
      draw();
    });
    previous.addEventListener("click", function () { state.page -= 1; draw(); });
    next.addEventListener("click", function () { state.page += 1; draw(); });

    if (all.length > 10) {
      var label = element("label", { textContent: "Filter: " });
      label.htmlFor = input.id;
      label.append(input);
      box.prepend(element("div", { className: "cl-tools" }, [label, status, previous, next]));
      input.setAttribute("aria-label", "Filter " + caption);
    }
    draw();
  }

  function start() { Array.from(document.querySelectorAll(".cl-table")).forEach(upgrade); }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
})();
