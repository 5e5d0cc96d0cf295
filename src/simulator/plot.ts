import { scaleBand, scaleLinear, scaleLog } from 'd3-scale';
import { priorities } from '../contracts/distributor/task.ts';
import { type Compared, runName } from './compare.ts';

const width = 860;
const margin = { left: 64, right: 24 };
const waitsPanel = { top: 104, bottom: 314 };
const timePanel = { top: 374, bottom: 554 };
const height = 600;
const legendColumns = 3;
const rowHeight = 20;
/** Lines of more points than this look like noise. */
const pointsMax = 120;
const runsMax = 8;

/** One colour a run, light and dark: told apart by people with any colour vision, readable on white and on near black. */
const colours: readonly (readonly [light: string, dark: string])[] = [
  ['#0067a5', '#5db3ec'],
  ['#c44601', '#ff9a5c'],
  ['#00785a', '#3fce9f'],
  ['#a33f7f', '#ee92c9'],
  ['#8a6500', '#e3bd45'],
  ['#5b4bb7', '#b3a6ff'],
  ['#4d5964', '#b3bfca'],
  ['#a8202f', '#ff8f95'],
];

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

const styles = `
  svg { background: #ffffff; color: #1d2730; font: 13px system-ui, sans-serif; }
  text { fill: currentColor; } .quiet { fill: #5a6672; } .title { font-weight: 600; font-size: 14px; }
  .grid { stroke: #dfe4e8; } .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
  ${colours.map(([light], run) => `.run-${run} { color: ${light}; }`).join(' ')}
  @media (prefers-color-scheme: dark) {
    svg { background: #14191e; color: #e8edf2; } .quiet { fill: #a3b0bc; } .grid { stroke: #303942; }
    ${colours.map(([, dark], run) => `.run-${run} { color: ${dark}; }`).join(' ')}
  }`;

const at = (value: number): string => value.toFixed(1);

function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${at(x)}" y="${at(y)}" ${more}>${escaped(text)}</text>`;
}

/** A value with its line across the panel. */
function tick(y: number, text: string): string {
  const line = `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at(y)}" y2="${at(y)}"/>`;
  return line + label(margin.left - 8, y + 4, text, 'class="quiet" text-anchor="end"');
}

function showMs(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 60_000
    ? `${ms / 1_000} s`
    : ms < 3_600_000
      ? `${+(ms / 60_000).toPrecision(3)} min`
      : `${+(ms / 3_600_000).toPrecision(3)} h`;
}

function legend(names: readonly string[]): string {
  const columnWidth = (width - margin.left - margin.right) / legendColumns;
  return names
    .map((name, run) => {
      const [x, y] = [
        margin.left + (run % legendColumns) * columnWidth,
        54 + Math.floor(run / legendColumns) * rowHeight,
      ];
      const mark = `<rect class="run-${run}" x="${at(x)}" y="${y - 11}" width="12" height="12" rx="2" fill="currentColor"/>`;
      return mark + label(x + 18, y, name);
    })
    .join('');
}

const waitTicksMs = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];

/** From the median to the 99th percentile of each level and run, with a mark at the 95th; on a logarithmic scale, because waits spread over decades. */
function waits(runs: readonly Compared[]): string {
  const all = runs.flatMap(({ report }) =>
    priorities.flatMap((level) => [report.wait_ms[level].p50, report.wait_ms[level].p99]),
  );
  const shown = all.filter((ms) => ms > 0);
  const low = Math.max(1, Math.min(...shown, 1_000) / 1.5);
  const y = scaleLog([low, Math.max(...shown, low * 10) * 1.5], [waitsPanel.bottom, waitsPanel.top]).clamp(true);
  const x = scaleBand<string>(priorities, [margin.left, width - margin.right])
    .paddingInner(0.3)
    .paddingOuter(0.15);
  const inner = scaleBand<number>(runs.keys(), [0, x.bandwidth()]).padding(0.2);
  const [bottom = low, top = low] = y.domain();
  const ticks = waitTicksMs.filter((ms) => ms >= bottom && ms <= top).map((ms) => tick(y(ms), showMs(ms)));
  const marks = priorities.flatMap((level) =>
    runs.map(({ report }, run) => {
      const { p50, p95, p99, max } = report.wait_ms[level];
      if (max === 0) return '';
      const middle = (x(level) ?? 0) + (inner(run) ?? 0) + inner.bandwidth() / 2;
      const wide = Math.min(26, inner.bandwidth());
      const bar = `<rect x="${at(middle - wide / 2)}" y="${at(y(p99))}" width="${at(wide)}" height="${at(Math.max(2, y(p50) - y(p99)))}" rx="2" fill="currentColor" opacity="0.35"/>`;
      const mark = `<line x1="${at(middle - wide / 2)}" x2="${at(middle + wide / 2)}" y1="${at(y(p95))}" y2="${at(y(p95))}" stroke="currentColor" stroke-width="3"/>`;
      return `<g class="run-${run}">${bar}${mark}</g>`;
    }),
  );
  const levels = priorities.map((level) =>
    label((x(level) ?? 0) + x.bandwidth() / 2, waitsPanel.bottom + 20, level, 'text-anchor="middle"'),
  );
  const title = label(
    margin.left,
    waitsPanel.top - 12,
    'Wait until the start, by level: median to p99, mark at p95',
    'class="title"',
  );
  return [title, ...ticks, ...marks, ...levels].join('');
}

/** Means of neighbouring moments, so that at most `pointsMax` are left. */
function thinned(moments: Compared['moments']): readonly { readonly at: number; readonly utilisation: number }[] {
  const size = Math.ceil(moments.length / pointsMax);
  return Array.from({ length: Math.ceil(moments.length / size) }, (_, index) => {
    const some = moments.slice(index * size, (index + 1) * size);
    const utilisation = some.reduce((sum, each) => sum + each.utilisation, 0) / some.length;
    return { at: some.at(-1)?.at ?? 0, utilisation };
  });
}

function utilisation(runs: readonly Compared[]): string {
  const end = Math.max(1, ...runs.map(({ moments }) => moments.at(-1)?.at ?? 0));
  const x = scaleLinear([0, end], [margin.left, width - margin.right]);
  const y = scaleLinear([0, 1], [timePanel.bottom, timePanel.top]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => tick(y(share), `${share * 100} %`));
  const [unit, name] = end > 7_200_000 ? [3_600_000, 'h'] : end > 300_000 ? [60_000, 'min'] : [1_000, 's'];
  const times = scaleLinear([0, end / unit], x.range())
    .ticks(8)
    .map((time) =>
      label(x(time * unit), timePanel.bottom + 20, `${time} ${name}`, 'class="quiet" text-anchor="middle"'),
    );
  const lines = runs.map(({ moments }, run) => {
    const points = thinned(moments).map((moment) => `${at(x(moment.at))},${at(y(Math.min(1, moment.utilisation)))}`);
    return `<g class="run-${run}"><polyline class="line" stroke="currentColor" points="${points.join(' ')}"/></g>`;
  });
  const title = label(
    margin.left,
    timePanel.top - 12,
    'Utilisation over time: share of the slots that work',
    'class="title"',
  );
  return [title, ...ticks, ...times, ...lines].join('');
}

/**
 * A comparison as one SVG document: waits by level and utilisation over time, a colour a run (eight at most), in the reader's light or dark colours. `verdict` is its
 * heading and its description.
 */
export function plotOf(compared: readonly Compared[], verdict: string): string {
  const runs = compared.slice(0, runsMax);
  const reports = compared.map(({ report }) => report);
  const names = runs.map(({ report }) => runName(report, reports));
  const down = (Math.ceil(names.length / legendColumns) - 1) * rowHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + down}" width="${width}" height="${height + down}" role="img">`,
    `<title>cadre simulate: ${escaped(names.join(' against '))}</title><desc>${escaped(verdict)}</desc><style>${styles}</style>`,
    label(margin.left, 26, verdict),
    legend(names),
    `<g transform="translate(0 ${down})">${waits(runs)}${utilisation(runs)}</g>`,
    '</svg>\n',
  ].join('\n');
}
