"use strict";
// The formulas of lora/analysis/cost_formulas.h, for numbers of the reader's own.
(function () {
  const form = document.getElementById("calculator");
  const amount = function (x, units, step) {
    let unit = 0;
    while (x >= step && unit + 1 < units.length) { x /= step; unit += 1; }
    return Number(x.toPrecision(4)) + " " + units[unit];
  };
  const bytes = function (x) { return amount(x, ["B", "kB", "MB", "GB", "TB", "PB"], 1000); };
  const show = function () {
    const value = function (name) { return Number(form.elements[name].value); };
    const trained = 2 * value("layers") * value("matrices") * value("d") * value("rank");
    const lora = value("bytes") * trained, model = value("bytes") * value("parameters");
    form.querySelector("output").textContent =
      amount(trained, ["", "k", "M", "G"], 1000) + " trained; checkpoint " + bytes(lora) + " instead of " +
      bytes(model) + "; training " + bytes(model + 4 * lora) + " instead of " + bytes(4 * model);
  };
  form.addEventListener("input", show);
  form.hidden = false;
  show();
}());
