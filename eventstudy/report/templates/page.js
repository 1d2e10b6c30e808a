(function () {
  "use strict";
  var PRINT_WIDE = 660;
  var PRINT_HALF = 322;
  var CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
  var charts = [];

  function patchOf(chart, width) {
    var meta = chart.meta || {};
    var patch = (width < (meta.below || 0) ? meta.narrow : meta.wide) || {};
    return Object.assign({ width: width }, patch);
  }

  function fit(chart, width) {
    if (width > 0 && width !== chart.width) {
      chart.width = width;
      Plotly.relayout(chart.element, patchOf(chart, width));
      // The first pass learns how much room the legend needs at this width; paper does not wait for the second.
      Plotly.relayout(chart.element, patchOf(chart, width));
    }
  }

  function draw(element) {
    var figure = JSON.parse(document.getElementById(element.id + "-data").textContent);
    var chart = { element: element, meta: figure.layout.meta, width: element.clientWidth };
    figure.layout.autosize = false;
    figure.layout.width = chart.width;
    charts.push(chart);
    return Plotly.newPlot(element, figure.data, figure.layout, CONFIG).then(function () {
      return Plotly.relayout(element, patchOf(chart, chart.width));
    });
  }

  function fitAll() {
    charts.forEach(function (chart) { fit(chart, chart.element.clientWidth); });
  }

  var opened = [];
  function openForPrint() {
    opened = Array.prototype.filter.call(document.querySelectorAll("details"), function (item) { return !item.open; });
    opened.forEach(function (item) { item.open = true; });
    charts.forEach(function (chart) {
      fit(chart, chart.element.closest(".pair:not(.stack)") ? PRINT_HALF : PRINT_WIDE);
    });
  }
  function closeAfterPrint() {
    opened.forEach(function (item) { item.open = false; });
    fitAll();
  }

  var elements = Array.prototype.slice.call(document.querySelectorAll("[data-figure]"));
  Promise.all(elements.map(draw)).then(function () {
    document.documentElement.setAttribute("data-drawn", String(charts.length));
    var waiting = 0;
    window.addEventListener("resize", function () {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(fitAll, 120);
    });
    window.addEventListener("beforeprint", openForPrint);
    window.addEventListener("afterprint", closeAfterPrint);
  });
})();
