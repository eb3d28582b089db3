// Figures take their colours from the style sheet, so that they follow the reader from light to dark.
(() => {
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const paint = () => {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      const colors = { "font.color": ink("--soft"), "hoverlabel.bgcolor": ink("--card"), "hoverlabel.font.color": ink("--ink") };
      for (const axis of ["xaxis", "yaxis"]) {
        if (!plot.layout[axis]) continue;
        colors[`${axis}.gridcolor`] = ink("--grid");
        colors[`${axis}.linecolor`] = ink("--rule");
      }
      Plotly.relayout(plot, colors);
    }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  paint();
})();
