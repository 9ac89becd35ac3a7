/**
 * The colours of reports and charts by their meaning, the same as those of the dashboard. All but `line` and
 * `idle` are used for text and have a contrast of at least 4.5 to `page`.
 */
export const LIGHT = {
  page: "#ffffff",
  panel: "#f5f6f8",
  ink: "#18202a",
  /** Less important text. */
  soft: "#566373",
  line: "#dde2e8",
  map: "#2673ca",
  reduce: "#12805f",
  backup: "#7d55c7",
  bad: "#c8341f",
  /** Attempts that were not needed. */
  idle: "#a9b3be",
};

const DARK: typeof LIGHT = {
  page: "#0e1217",
  panel: "#161b22",
  ink: "#e7ebf0",
  soft: "#98a4b3",
  line: "#29313c",
  map: "#4a9af0",
  reduce: "#2ab086",
  backup: "#ab8df0",
  bad: "#f4705c",
  idle: "#5d6875",
};

const FONTS = `system-ui, -apple-system, "Segoe UI", "Noto Sans", Roboto, sans-serif`;

/** The PNG renderer ignores weights, and finds the bold font by its name. */
const HEADINGS = `system-ui, -apple-system, "Segoe UI", "Noto Sans SemiBold", Roboto, sans-serif`;

function cssVariables(palette: typeof LIGHT): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
}

/** The style sheet of drawings; `colour` gives the CSS of a colour of the palette. */
export function drawingStyle(colour: (name: keyof typeof LIGHT) => string): string {
  const names: ReadonlyArray<keyof typeof LIGHT> = ["map", "reduce", "backup", "bad", "idle"];
  return `text{font-family:${FONTS};font-size:12px;fill:${colour("ink")}}
.soft{fill:${colour("soft")}}
.title{font-size:18px}
.heading{font-size:14px}
.title,.heading{font-weight:600;font-family:${HEADINGS}}
.end{text-anchor:end}
.middle{text-anchor:middle}
.grid{stroke:${colour("line")};stroke-width:1;fill:none}
.curve{stroke:${colour("map")};stroke-width:2;fill:none;stroke-linejoin:round}
.track{fill:${colour("line")}}
.page{fill:${colour("page")}}
${names.map((name) => `.${name}{fill:${colour(name)}}`).join("\n")}
.cross{stroke:${colour("bad")};stroke-width:2;fill:none}
.retry{stroke:${colour("bad")};stroke-width:1.5}
.again{stroke:${colour("bad")};stroke-width:1.2;fill:none;stroke-dasharray:3 3;pointer-events:none}
`;
}

/**
 * Shows a shadow at an edge beyond which there is more content, because many systems show scroll bars only
 * during scrolling. The shadows are fixed; gradients that scroll with the content cover them at its ends.
 */
const SCROLL_SHADOWS =
  "background:" +
  "linear-gradient(to right,var(--page) 40%,transparent) left/40px 100% no-repeat local," +
  "linear-gradient(to left,var(--page) 40%,transparent) right/40px 100% no-repeat local," +
  "linear-gradient(to right,var(--shade),transparent) left/16px 100% no-repeat scroll," +
  "linear-gradient(to left,var(--shade),transparent) right/16px 100% no-repeat scroll";

/** The style sheet of a report: light or dark like the reader's system, light on paper. */
export const REPORT_STYLE = `:root{color-scheme:light dark;${cssVariables(LIGHT)}--shade:#18202a4d}
@media screen and (prefers-color-scheme:dark){:root{${cssVariables(DARK)}--shade:#e7ebf04d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:28px 24px 56px;background:var(--page);color:var(--ink);font:15px/1.5 ${FONTS}}
h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:18px;margin:40px 0 12px}
p{margin:6px 0}
a{color:var(--map)}
.about{color:var(--soft);overflow-wrap:anywhere}
.outcome{display:inline-block;vertical-align:middle;margin-left:10px;padding:1px 11px;border-radius:20px;font-size:14px;font-weight:600;border:1px solid;white-space:nowrap}
.outcome.completed{color:var(--reduce)}
.outcome.failed{color:var(--bad)}
.outcome.cancelled,.outcome.running{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:22px 0 0;padding:0}
.tiles div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.tiles dt{color:var(--soft);font-size:13px}
.tiles dd{margin:0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.tiles small{display:block;font-size:13px;font-weight:400;color:var(--soft)}
.notice{border-left:4px solid var(--bad);background:var(--panel);padding:10px 14px;margin:18px 0 0;border-radius:0 8px 8px 0;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:28px 40px;align-items:start}
.charts>div,.wide,.scroll{overflow-x:auto}
@media screen{.charts>div,.wide,.scroll{${SCROLL_SHADOWS}}}
.charts svg{min-width:430px}
.wide>svg{min-width:820px}
svg{display:block;width:100%;height:auto}
svg [data-tip]:hover{opacity:.7}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;padding:0;list-style:none;color:var(--soft);font-size:13px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px;vertical-align:-1px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
th{color:var(--soft);font-weight:500;font-size:13px}
td.name{white-space:normal;overflow-wrap:anywhere;min-width:180px}
.number{text-align:right}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 12px;margin:6px 0;overflow:auto;max-height:320px;font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft)}
ul.failures{list-style:none;margin:0;padding:0}
ul.failures>li{border-bottom:1px solid var(--line);padding:8px 0;overflow-wrap:anywhere}
ul.failures time{color:var(--soft);margin-right:8px;font-variant-numeric:tabular-nums}
footer{margin-top:48px;color:var(--soft);font-size:13px}
#tip{position:fixed;z-index:1;pointer-events:none;white-space:pre-line;max-width:340px;background:var(--ink);color:var(--page);padding:5px 9px;border-radius:5px;font-size:13px;line-height:1.4;overflow-wrap:anywhere}
#tip[hidden]{display:none}
.swatch-map{background:var(--map)}.swatch-reduce{background:var(--reduce)}.swatch-backup{background:var(--backup)}
.swatch-idle{background:var(--idle)}.swatch-bad{background:var(--bad)}
@media (max-width:560px){body{padding:18px 14px 40px}h1{font-size:22px}}
@media screen and (forced-colors:active){:root{--page:Canvas;--panel:Canvas;--ink:CanvasText;--soft:CanvasText;--line:#7d7d7d;--idle:#8a8a8a;--shade:CanvasText}.legend i{forced-color-adjust:none}}
@media print{body{max-width:none;padding:0;font-size:12px}h2{break-after:avoid}.charts>*,.tiles div,tr,li{break-inside:avoid}.wide>svg,.charts svg{min-width:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
${drawingStyle((name) => `var(--${name})`)}`;

/** Shows the titles of drawings at once. Without this script, browsers show them after a delay. */
export const REPORT_SCRIPT = `(() => {
  const tip = document.getElementById("tip");
  document.addEventListener("pointermove", (event) => {
    const target = event.target instanceof Element ? event.target.closest("svg rect, svg path, svg circle, svg g") : null;
    let holder = target;
    while (holder && holder.dataset.tip === undefined) {
      const title = [...holder.children].find((child) => child.localName === "title");
      if (title) {
        holder.dataset.tip = title.textContent;
        title.remove();
      } else holder = holder.parentElement && holder.parentElement.closest("svg g");
    }
    tip.hidden = !holder;
    if (!holder) return;
    tip.textContent = holder.dataset.tip;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16 + tip.offsetHeight < innerHeight;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = (below ? event.clientY + 16 : event.clientY - tip.offsetHeight - 10) + "px";
  });
})();`;
