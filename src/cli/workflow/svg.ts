import { CadreError } from '../../contracts/errors.ts';
import type { PlanView } from '../../contracts/workflow/inspection.ts';
import { showDuration, showTime } from '../output.ts';
import { layoutBoxes } from './layout.ts';
import { escapedXml } from './xml.ts';

/** Nodes that are drawn. More: the layout takes minutes, and nobody reads the picture. */
const drawnNodesMax = 600;
/** Characters of a name that are shown. */
const nameCharactersMax = 32;

const box = { height: 46, characterWidth: 7.6, padding: 24, widthMin: 110 };
const margin = 24;
const head = 64;

type Planned = PlanView['nodes'][number];

/** Fill, line and text of each status, light and dark: told apart by lightness too, and the word stands in the box. */
const colours: Readonly<Record<string, readonly (readonly [fill: string, line: string])[]>> = {
  waiting: [
    ['#ffffff', '#6b7680'],
    ['#1d242b', '#8d9aa6'],
  ],
  started: [
    ['#d9ebfa', '#0067a5'],
    ['#123a55', '#5db3ec'],
  ],
  completed: [
    ['#d5f0e0', '#00785a'],
    ['#10402f', '#3fce9f'],
  ],
  failed: [
    ['#fadcdc', '#a8202f'],
    ['#531a20', '#ff8f95'],
  ],
  skipped: [
    ['#e9ecef', '#8a949d'],
    ['#2a3138', '#6f7b86'],
  ],
};

const rules = (mode: number): string =>
  Object.entries(colours)
    .map(([name, modes]) => `.${name} rect { fill: ${modes[mode]?.[0] ?? ''}; stroke: ${modes[mode]?.[1] ?? ''}; }`)
    .join(' ');

const styles = `
  svg { background: #ffffff; color: #1d2730; font: 13px system-ui, sans-serif; }
  text { fill: currentColor; } .quiet { fill: #5a6672; font-size: 11px; } .title { font-weight: 600; font-size: 15px; }
  rect { stroke-width: 1.4; } .skipped rect { stroke-dasharray: 5 3; } .critical rect { stroke-width: 4; }
  .edge { fill: none; stroke: #8a949d; stroke-width: 1.3; } .arrow { fill: #8a949d; }
  .way { fill: none; stroke: #1d2730; stroke-width: 3; } .way-arrow { fill: #1d2730; }
  ${rules(0)}
  @media (prefers-color-scheme: dark) {
    svg { background: #14191e; color: #e8edf2; } .quiet { fill: #a3b0bc; }
    .edge { stroke: #6f7b86; } .arrow { fill: #6f7b86; } .way { stroke: #e8edf2; } .way-arrow { fill: #e8edf2; }
    ${rules(1)}
  }`;

const at = (value: number): string => value.toFixed(1);

function shown(name: string): string {
  return name.length <= nameCharactersMax ? name : `${name.slice(0, nameCharactersMax - 1)}…`;
}

/** What stands under a name: how it is, and how long it took or should take. */
function noteOf({ status, starts_at, ends_at, estimated_ms, slack_ms }: Planned): string {
  if (status === 'Completed' || status === 'Failed') {
    const took =
      starts_at === undefined || ends_at === undefined ? undefined : Date.parse(ends_at) - Date.parse(starts_at);
    return `${status} in ${showDuration(took)}`;
  }
  if (status === 'Skipped' || status === 'Cancelled') return status;
  const spare = slack_ms === undefined || slack_ms === 0 ? '' : `, slack ${showDuration(slack_ms)}`;
  return `${status}, about ${showDuration(estimated_ms)}${spare}`;
}

function widthOf(node: Planned): number {
  const characters = Math.max(shown(node.name).length, noteOf(node).length * 0.85);
  return Math.max(box.widthMin, characters * box.characterWidth + box.padding);
}

function drawNode(node: Planned, x: number, y: number): string {
  const width = widthOf(node);
  const kind = node.status === 'Cancelled' ? 'skipped' : node.status.toLowerCase();
  const classes = `${kind in colours ? kind : 'waiting'}${node.critical ? ' critical' : ''}`;
  return `<g class="${classes}"><title>${escapedXml(`${node.name}: ${noteOf(node)}`)}</title>
<rect x="${at(x - width / 2)}" y="${at(y - box.height / 2)}" width="${at(width)}" height="${box.height}" rx="8"/>
<text x="${at(x)}" y="${at(y - 4)}" text-anchor="middle">${escapedXml(shown(node.name))}</text>
<text class="quiet" x="${at(x)}" y="${at(y + 13)}" text-anchor="middle">${escapedXml(noteOf(node))}</text></g>`;
}

function drawEdge(points: readonly { readonly x: number; readonly y: number }[], onPath: boolean): string {
  const [first, ...rest] = points;
  // Level at each point, so that lines leave and enter boxes straight.
  const line = rest
    .map(({ x, y }, index) => {
      const before = points[index] ?? { x, y };
      const middle = at((before.x + x) / 2);
      return `C${middle} ${at(before.y)} ${middle} ${at(y)} ${at(x)} ${at(y)}`;
    })
    .join(' ');
  const [name, mark] = onPath ? ['way', 'way-arrow'] : ['edge', 'arrow'];
  return `<path class="${name}" marker-end="url(#${mark})" d="M${at(first?.x ?? 0)} ${at(first?.y ?? 0)} ${line}"/>`;
}

function marker(name: string, size: number): string {
  return `<marker id="${name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="${size}" markerHeight="${size}" markerUnits="userSpaceOnUse" orient="auto"><path class="${name}" d="M0 0 10 5 0 10z"/></marker>`;
}

/** When a run ends or ended; for a definition, how long it takes. */
function whenOf({ workflow_id, status, predicted_finish, nodes }: PlanView): string {
  if (workflow_id !== undefined) {
    const isOpen = status === 'Not Started' || status === 'In Progress';
    return `${isOpen ? 'predicted finish' : 'finished'} ${showTime(predicted_finish)} UTC`;
  }
  const begin = Math.min(...nodes.flatMap(({ starts_at }) => (starts_at === undefined ? [] : Date.parse(starts_at))));
  return `takes about ${showDuration(Date.parse(predicted_finish) - begin)} when no task waits for an agent`;
}

/** A workflow as an SVG picture for light and dark pages: a colour and a word a status, the critical path with thick lines. Refused with `too-large`. */
export function toSvg(plan: PlanView): string {
  const { nodes, name, status, workflow_id, critical_path } = plan;
  if (nodes.length > drawnNodesMax)
    throw new CadreError('too-large', `${nodes.length} nodes are more than the ${drawnNodesMax} that can be drawn`);
  const { width, height, boxes, edges } = layoutBoxes(
    nodes.map((node) => ({ name: node.name, width: widthOf(node), height: box.height, after: node.depends_on })),
    margin,
  );
  const place = new Map(critical_path.map((each, index) => [each, index]));
  const isOnPath = ({ from, to }: { readonly from: string; readonly to: string }) =>
    (place.get(from) ?? Number.NaN) + 1 === place.get(to);
  // The critical path lies above the other lines.
  const ordered = [...edges.filter((edge) => !isOnPath(edge)), ...edges.filter(isOnPath)];
  const lines = ordered.map((edge) => drawEdge(edge.points, isOnPath(edge)));
  const drawn = nodes.map((node) => {
    const { x, y } = boxes.get(node.name) ?? { x: 0, y: 0 };
    return drawNode(node, x, y);
  });
  const title = `${workflow_id ?? name} – ${status}`;
  const wide = Math.max(width, 420);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${at(wide)} ${at(height + head)}" width="${at(wide)}" height="${at(height + head)}" role="img">
<title>${escapedXml(title)}</title><style>${styles}
</style><defs>${marker('arrow', 8)}${marker('way-arrow', 13)}</defs>
<text class="title" x="${margin}" y="30">${escapedXml(title)}</text>
<text class="quiet" x="${margin}" y="50">${escapedXml(whenOf(plan))}; thick: the critical path</text>
<g transform="translate(0 ${head})">
${[...lines, ...drawn].join('\n')}
</g></svg>`;
}
