(function () {
  "use strict";
  var key = "dnc-theme";
  var choices = Array.prototype.slice.call(document.querySelectorAll("input[name=theme]"));
  var kept = null;
  try { kept = localStorage.getItem(key); } catch (refused) { /* a file, or a browser that keeps nothing */ }
  choices.forEach(function (choice) {
    if (choice.value === kept) { choice.checked = true; }
    choice.addEventListener("change", function () {
      try { localStorage.setItem(key, choice.value); } catch (refused) { /* then it lasts for this page */ }
    });
  });
  Array.prototype.forEach.call(document.querySelectorAll("table[data-filter]"), function (table) {
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var label = document.createElement("label");
    var input = document.createElement("input");
    label.className = "filter";
    label.textContent = "Show rows with";
    input.type = "search";
    label.appendChild(input);
    table.parentNode.parentNode.insertBefore(label, table.parentNode);
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase();
      rows.forEach(function (row) { row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0; });
    });
  });
})();
