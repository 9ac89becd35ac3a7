/** The colours of reports and charts, by what they stand for. */
export interface Palette {
  readonly page: string;
  readonly panel: string;
  readonly ink: string;
  /** For text that matters less. */
  readonly soft: string;
  readonly line: string;
  readonly map: string;
  readonly reduce: string;
  readonly backup: string;
  readonly bad: string;
  /** For work that was for nothing, though nothing went wrong. */
  readonly idle: string;
}

export const LIGHT: Palette = {
  page: "#ffffff",
  panel: "#f6f8fa",
  ink: "#1b1f24",
  soft: "#59636e",
  line: "#d8dee4",
  map: "#3574d4",
  reduce: "#0f8a6d",
  backup: "#8250df",
  bad: "#cf222e",
  idle: "#a3abb5",
};

export const DARK: Palette = {
  page: "#0d1117",
  panel: "#161b22",
  ink: "#e6edf3",
  soft: "#9198a1",
  line: "#30363d",
  map: "#5b9bf3",
  reduce: "#3fb89a",
  backup: "#b48cff",
  bad: "#ff6b62",
  idle: "#59636e",
};

export const FONTS = `system-ui, -apple-system, "Segoe UI", "Noto Sans", Roboto, sans-serif`;

/** A renderer that knows no weights finds the bold font by its name. */
const HEADINGS = `system-ui, -apple-system, "Segoe UI", "Noto Sans SemiBold", Roboto, sans-serif`;

/** The palette as CSS custom properties. */
export function cssVariables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
}

/**
 * The style sheet of what is drawn as SVG.
 *
 * @param colour how a colour of the palette is written
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
.again{stroke:${colour("bad")};stroke-width:1.2;fill:none;stroke-dasharray:3 3;pointer-events:none}
`;
}
