// What the pages do beyond smalldocs: search that ranks, figures in both modes, and the search index without a server.
(() => {
  "use strict";

  // ---- search: smalldocs asks `Fuse`; words that stand in a title come first, then headings, then text, and only then what is merely similar
  const Fuzzy = window.Fuse;
  const words = (text) => (text || "").toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
  const count = (list, word) => list.reduce((n, w) => n + (w === word), 0);
  const begins = (list, word) => list.some((w) => w.startsWith(word));

  // How well one field holds one word: whole words count more than beginnings, short fields more than long ones
  const fit = (list, word, weight) => {
    if (count(list, word)) return weight * (1 + 1 / (1 + list.length));
    return begins(list, word) ? weight * 0.4 : 0;
  };
  const textFit = (list, word) => Math.min(count(list, word), 5) || (begins(list, word) ? 0.5 : 0);

  class Ranked {
    constructor(entries, options) {
      this.entries = entries.map((e) => ({ item: e, title: words(e.title), section: words(e.section), about: words(e.about), text: words(e.text) }));
      this.fuzzy = Fuzzy && new Fuzzy(entries, options);
    }
    score(e, query) {
      let sum = 0;
      for (const word of query) {
        const first = e.section.length ? 0.25 : 1; // a page's title counts for its first entry; its sections follow
        const inText = textFit(e.text, word) * (e.section.length ? 1 : 3); // what a page begins with says what it is about
        const best = fit(e.title, word, 90 * first) + fit(e.section, word, 60) + fit(e.about, word, 45) + inText;
        if (!best) return 0;
        sum += best;
      }
      return sum;
    }
    search(text, { limit = 20 } = {}) {
      const query = words(text);
      const hits = this.entries.map((e) => ({ item: e.item, score: this.score(e, query) })).filter((h) => h.score > 0);
      hits.sort((a, b) => b.score - a.score);
      return hits.length || !this.fuzzy ? hits.slice(0, limit) : this.fuzzy.search(text, { limit });
    }
  }
  window.Fuse = Ranked;

  // ---- pages opened as files: a browser fetches no file, so the index comes as a script
  const ask = window.fetch && window.fetch.bind(window);
  if (location.protocol === "file:") window.fetch = (url, ...more) => !/search\.json$/.test(url) ? ask(url, ...more)
    : new Promise((done) => {
      const script = document.createElement("script");
      script.src = url.replace(/json$/, "js");
      script.onload = () => done({ json: async () => window.phys4dSearch });
      document.head.append(script);
    });

  // ---- figures: their words have the page's colour, in both modes
  const ink = () => getComputedStyle(document.documentElement).getPropertyValue("--p4-soft").trim();
  const draw = (div) => {
    const fig = JSON.parse(div.nextElementSibling.textContent);
    const layout = { ...fig.layout, autosize: true, font: { ...fig.layout.font, color: ink() } };
    Plotly.newPlot(div, fig.data, layout, { responsive: true, displaylogo: false })
      .then(() => fig.frames && fig.frames.length && Plotly.addFrames(div, fig.frames));
  };
  addEventListener("DOMContentLoaded", () => {
    const figures = [...document.querySelectorAll(".plotly-figure")];
    figures.forEach(draw);
    const recolour = () => figures.forEach((div) => Plotly.relayout(div, { "font.color": ink() }));
    if (figures.length) new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["class"] });
  });
})();
