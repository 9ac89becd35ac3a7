import { type Markup, markup } from "../../src/mr/watch/format/markup.ts";
import { COLUMNS, type Run } from "./terminal-screen.ts";

/** The contents of the screen from a time on. */
export interface Frame {
  readonly atMs: number;
  readonly lines: ReadonlyArray<readonly Run[]>;
}

const CELL = 8.4;
const LINE = 19;
const TOP = 46;
/** How long the last frame stays before the animation starts again. */
const HOLD_MS = 7000;

/** A dark terminal, which is readable on a page of any colour. */
const STYLE = `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6dde6;white-space:pre}
.s1{font-weight:600}.s2{fill:#8693a3}.s31{fill:#f4705c}.s32{fill:#3fbf95}.s33{fill:#f2ab3c}.s34{fill:#5aa5f5}.s35{fill:#ab8df0}.s36{fill:#4fc3d7}.s90{fill:#8693a3}
@media (prefers-reduced-motion:reduce){.row{animation:none!important;visibility:hidden}.last{visibility:visible}}
`;

/**
 * Draws a recording of a terminal as a self-contained animated SVG. With reduced motion, it shows the last frame.
 *
 * @param frames at least one, in the order of their times
 */
export function animateTerminal(frames: readonly Frame[]): string {
  const totalMs = (frames.at(-1)?.atMs ?? 0) + HOLD_MS;
  const rows = Math.max(...frames.map(({ lines }) => lines.length));
  const spans = Array.from({ length: rows }, (_, row) => spansOf(frames, row, totalMs)).flat();
  const [width, height] = [COLUMNS * CELL + 36, TOP + rows * LINE + 10];
  const dots = ["#f4705c", "#f2ab3c", "#3fbf95"].map((colour, at) => {
    return markup`<circle cx="${20 + 18 * at}" cy="18" r="5.5" fill="${colour}"/>`;
  });
  const percent = (ms: number) => ((100 * ms) / totalMs).toFixed(2);
  const keyframes = spans.map(({ fromMs, toMs }, at) => {
    const before = fromMs > 0 ? "0%{visibility:hidden}" : "";
    const after = toMs < totalMs ? `${percent(toMs)}%{visibility:hidden}` : "";
    return `@keyframes k${at}{${before}${percent(fromMs)}%{visibility:visible}${after}}#r${at}{animation:k${at} ${totalMs}ms step-end infinite}`;
  });
  const moving = spans.flatMap(({ fromMs, toMs }, at) => {
    return fromMs === 0 && toMs === totalMs ? [] : (keyframes[at] ?? []);
  });
  const style = markup`${STYLE}${moving.join("\n")}`.text.replaceAll("&quot;", '"');
  const body = spans.map(({ row, runs, toMs }, at) => {
    const texts = runs.map((run) => drawRun(run, TOP + row * LINE + 14));
    return markup`<g id="r${at}" class="row${toMs === totalMs ? " last" : ""}">${texts}</g>`;
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>A run of tsmr in a terminal</title><style>STYLE</style><rect width="${width}" height="${height}" rx="9" fill="#10161d"/>${dots}${body}</svg>
`.text.replace("STYLE", () => style);
}

interface Span {
  readonly row: number;
  readonly runs: readonly Run[];
  readonly fromMs: number;
  toMs: number;
}

/** The contents of a row of the screen during a period. */
function spansOf(frames: readonly Frame[], row: number, totalMs: number): Span[] {
  const spans: Span[] = [];
  let last: string | undefined;
  frames.forEach(({ atMs, lines }) => {
    const runs = lines[row] ?? [];
    const text = JSON.stringify(runs);
    if (text === last) return;
    last = text;
    const open = spans.at(-1);
    if (open !== undefined && open.toMs === totalMs) open.toMs = atMs;
    if (runs.length > 0) spans.push({ row, runs, fromMs: atMs, toMs: totalMs });
  });
  return spans;
}

function drawRun({ column, text, style }: Run, y: number): Markup {
  const classes = style
    .split(" ")
    .map((code) => `s${code}`)
    .join(" ");
  const length = [...text].length * CELL;
  const attribute = style === "" ? undefined : markup` class="${classes}"`;
  return markup`<text${attribute} x="${18 + column * CELL}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${text}</text>`;
}
