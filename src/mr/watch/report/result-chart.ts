import { visible } from "../../base/text.ts";
import { Markup, markup } from "../format/markup.ts";
import { counted, formatNumber, niceStep } from "../format/quantities.js";
import { shorten } from "../format/text-width.ts";
import {
  type Box,
  type Drawing,
  drawColumn,
  drawXAxis,
  drawYAxis,
  formatShort,
  linearScale,
  linearTicks,
  logScale,
  logTicks,
  wholeTicks,
} from "./drawing.ts";
import { total } from "./job-facts.ts";
import type { OutputSurvey } from "./output-survey.ts";
import { drawingStyle, LIGHT } from "./report-style.ts";
import { medianOf } from "./value-statistics.ts";

const ROW = 23;
const PANEL_WIDTH = 560;
const LABEL_WIDTH = 172;
const VALUE_WIDTH = 92;
/** Ratios of values from which logarithmic axes are used. */
const WIDE_RANGE = 50;
const MAX_BINS = 24;

/** The keys with the largest values, as bars. */
export function drawTopKeys({ top, label }: OutputSurvey): Drawing {
  const height = 44 + ROW * Math.max(1, top.length);
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const largest = Math.max(...top.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const bars = top.map(({ key, value }, at) => {
    const shown = shownKey(key);
    const y = 44 + ROW * at;
    const middle = y + ROW / 2;
    const width = (Math.abs(value) / largest) * room;
    const number = formatNumber(value);
    const shownNumber = number.length > 12 ? formatShort(value) : number;
    return markup`<g><title>${shorten(shown, 300)}: ${number}</title><text class="end" x="${LABEL_WIDTH - 8}" y="${middle + 4}">${shorten(shown, 21)}</text><rect class="${value < 0 ? "bad" : "map"}" x="${LABEL_WIDTH}" y="${y + 3}" width="${Math.max(width, 1)}" height="${ROW - 6}" rx="2"/><text class="soft" x="${LABEL_WIDTH + width + 6}" y="${middle + 4}">${shownNumber}</text></g>`;
  });
  const what = label === "value" ? "Largest values" : `Largest by ${shorten(visible(label), 40)}`;
  const content = markup`<text class="heading" x="0" y="18">${what}</text>${bars}`;
  const values = top.map(
    ({ key, value }) => `${shorten(shownKey(key), 40)} ${formatNumber(value)}`,
  );
  return { width: PANEL_WIDTH, height, content, name: `${what}: ${values.join(", ")}` };
}

function shownKey(key: string): string {
  return key === "" ? "(empty key)" : visible(key.slice(0, 400));
}

/** The distribution of the values: by rank if they differ much, else as a histogram. */
export function drawSpread(survey: OutputSurvey, height: number): Drawing {
  const { spread, label } = survey;
  const box = { left: 52, right: PANEL_WIDTH - 16, top: 44, bottom: height - 62 };
  const isWide =
    spread.min >= 0 && spread.max / Math.max(medianOf(spread.sample), 1e-300) >= WIDE_RANGE;
  const [heading, plot] = isWide
    ? ["Value by rank, on logarithmic axes", drawRanks(survey, box)]
    : ["How many keys have which value", drawHistogram(survey, box)];
  const facts = describeSpread(survey);
  const caption = isWide ? "rank of the key" : label;
  const content = markup`<text class="heading" x="0" y="18">${heading}</text>${plot}<text class="soft middle" x="${(box.left + box.right) / 2}" y="${box.bottom + 34}">${shorten(visible(caption), 60)}</text><text class="soft" x="0" y="${height - 6}">${facts}</text>`;
  const range = `${counted(spread.count, "key")}, from ${formatNumber(spread.min)} to ${formatNumber(spread.max)}`;
  const name = `${heading}: ${range}, ${facts.replaceAll(" · ", ", ")}`;
  return { width: PANEL_WIDTH, height, content, name };
}

function drawRanks(survey: OutputSurvey, box: Box): Markup {
  const points = rankPoints(survey);
  const last = points.at(-1);
  if (last === undefined) return markup``;
  const ranks = Math.max(last.rank, 2);
  const { value: max } = points[0] ?? last;
  const min = Math.min(last.value, max / 10);
  const x = logScale(1, ranks, box.left, box.right);
  const y = logScale(min, max * 1.15, box.bottom, box.top);
  const path = points
    .map(({ rank, value }) => `${x(rank).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("L");
  const named = points.filter(({ rank }) => rank <= survey.top.length);
  const dots = named.map(({ rank, value }) => {
    return markup`<circle class="map" cx="${x(rank)}" cy="${y(value)}" r="3"/>`;
  });
  return markup`${drawYAxis(box, logTicks(min, max * 1.15, 8), y)}${drawXAxis(box, logTicks(1, ranks, 8), x)}<path class="curve" d="M${path}"/>${dots}`;
}

/** The largest values one by one, then the first and last rank of each bucket. */
function rankPoints({ spread: { buckets }, top }: OutputSurvey) {
  const points = top.flatMap(({ value }, at) => (value > 0 ? { rank: at + 1, value } : []));
  let rank = 0;
  for (const { value, count } of buckets) {
    // Both ends of a bucket, so that it is drawn as a step.
    if (rank + 1 > top.length) points.push({ rank: rank + 1, value });
    rank += count;
    if (rank > top.length) points.push({ rank, value });
  }
  return points;
}

function drawHistogram({ spread }: OutputSurvey, box: Box): Markup {
  const { sample, count, min, max } = spread;
  if (count === 0) return markup``;
  const isWhole = sample.every(Number.isInteger);
  const step = Math.max(niceStep(max - min, MAX_BINS), isWhole ? 1 : 0);
  const first = Math.floor(min / step);
  const bins = new Array<number>(Math.max(1, Math.floor(max / step) - first + 1)).fill(0);
  for (const value of sample) {
    const at = Math.min(bins.length - 1, Math.floor(value / step) - first);
    bins[at] = (bins[at] ?? 0) + count / sample.length;
  }
  const most = Math.max(...bins);
  const x = linearScale(first * step, (first + bins.length) * step, box.left, box.right);
  const y = linearScale(0, most * 1.05, box.bottom, box.top);
  const bars = bins.map((keys, at) => {
    const from = (first + at) * step;
    const range =
      isWhole && step === 1
        ? formatNumber(from)
        : `${formatNumber(from)} to ${formatNumber(from + step)}`;
    const title = `${range}: ${counted(Math.round(keys), "key")}`;
    return drawColumn("map", [from, from + step], x, y(keys), box, title);
  });
  // A bar of a single whole number is labelled in its middle.
  const shift = isWhole && step === 1 ? 0.5 : 0;
  const ticks = linearTicks(
    first * step,
    (first + bins.length - (shift > 0 ? 1 : 0)) * step,
    8,
  ).filter(({ value }) => shift === 0 || Number.isInteger(value));
  return markup`${drawYAxis(box, wholeTicks(most * 1.05, 5), y)}${bars}${drawXAxis({ ...box, top: box.bottom }, ticks, (value) => x(value + shift))}`;
}

/** The median, the mean and other figures in one line. */
function describeSpread({ spread, top, isLength }: OutputSurvey): string {
  const { sample, total: sum, count } = spread;
  const median = formatNumber(medianOf(sample));
  const mean = formatNumber(Number((sum / Math.max(1, count)).toPrecision(4)));
  const facts = [`median ${median}`, `mean ${mean}`];
  if (!isLength) facts.push(`sum ${formatNumber(sum)}`);
  const ten = total(top.slice(0, 10).map(({ value }) => value));
  if (spread.min >= 0 && ten > sum * 0.05 && count > 20) {
    const percent = formatNumber(Number(((100 * ten) / sum).toPrecision(2)));
    facts.push(`the ten largest are ${percent}% of it`);
  }
  return facts.join(" · ");
}

/** The chart of a result as a complete SVG, 1200 wide, on white; `title` is the name of the app. */
export function renderResultChart(survey: OutputSurvey, title: string): Drawing {
  const keys = drawTopKeys(survey);
  const height = Math.max(keys.height, 380);
  const spread = drawSpread(survey, height);
  const width = 2 * PANEL_WIDTH + 80;
  const all = height + 96;
  const what = `${counted(survey.lines, "key")} in ${counted(survey.files, "file")}`;
  const body =
    survey.spread.count === 0
      ? markup`<text x="24" y="100">There is nothing to show: the output is empty.</text>`
      : markup`<g transform="translate(24 78)">${keys.content}</g><g transform="translate(${PANEL_WIDTH + 56} 78)">${spread.content}</g>`;
  const style = new Markup(drawingStyle((name) => LIGHT[name]));
  const content = markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${all}" viewBox="0 0 ${width} ${all}"><title>${visible(title)}</title><style>${style}</style><rect class="page" width="${width}" height="${all}"/><text class="title" x="24" y="38">${shorten(visible(title), 100)}</text><text class="soft" x="24" y="60">${what}</text>${body}</svg>`;
  return { width, height: all, content, name: title };
}
