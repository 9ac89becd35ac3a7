/**
 * The colours of reports and charts by their meaning, the same as those of the dashboard. All but `line` and
 * `idle` are used for text and have a contrast of at least 4.5 to `page`.
 */
export interface Palette {
  readonly page: string;
  readonly panel: string;
  readonly ink: string;
  /** Less important text. */
  readonly soft: string;
  readonly line: string;
  readonly map: string;
  readonly reduce: string;
  readonly backup: string;
  readonly bad: string;
  /** Attempts that were not needed. */
  readonly idle: string;
}

export const LIGHT: Palette = {
  page: "#ffffff",
  panel: "#f5f6f8",
  ink: "#18202a",
  soft: "#566373",
  line: "#dde2e8",
  map: "#2673ca",
  reduce: "#12805f",
  backup: "#7d55c7",
  bad: "#c8341f",
  idle: "#a9b3be",
};

export const DARK: Palette = {
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

export const FONTS = `system-ui, -apple-system, "Segoe UI", "Noto Sans", Roboto, sans-serif`;

/** The PNG renderer ignores weights, and finds the bold font by its name. */
const HEADINGS = `system-ui, -apple-system, "Segoe UI", "Noto Sans SemiBold", Roboto, sans-serif`;

/** The palette as CSS custom properties. */
export function cssVariables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
}

/**
 * The style sheet of drawings.
 *
 * @param colour gives the CSS of a colour of the palette
 */
export function drawingStyle(colour: (name: keyof Palette) => string): string {
  const names: ReadonlyArray<keyof Palette> = ["map", "reduce", "backup", "bad", "idle"];
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
