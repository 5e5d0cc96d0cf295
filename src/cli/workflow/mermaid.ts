import type { PlanView } from '../../contracts/workflow/inspection.ts';

/** A text as a Mermaid label: it would end at a quote, and `#` begins the name of a character. */
export const mermaidLabel = (text: string): string => text.replace(/#/g, '#35;').replace(/"/g, '#quot;');

const fills: Readonly<Record<string, string>> = {
  Completed: 'fill:#d5f0e0,stroke:#00785a,color:#10231b',
  Started: 'fill:#d9ebfa,stroke:#0067a5,color:#0f2231',
  Failed: 'fill:#fadcdc,stroke:#a8202f,color:#32090d',
  Skipped: 'fill:#e9ecef,stroke:#6b7680,color:#2b3137,stroke-dasharray:4 3',
  Cancelled: 'fill:#e9ecef,stroke:#8a949d,color:#2b3137,stroke-dasharray:1 3',
  Waiting: 'fill:#ffffff,stroke:#6b7680,color:#1d2730',
};

/** A workflow as a Mermaid flowchart: a colour a status, the critical path with thick lines. */
export function toMermaid({ nodes, critical_path }: PlanView): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const place = new Map(critical_path.map((each, index) => [each, index]));
  const boxes = nodes.map(
    ({ name, status }) => `  ${ids.get(name) ?? ''}["${mermaidLabel(name)}"]:::${status in fills ? status : 'Waiting'}`,
  );
  const edges = nodes.flatMap(({ name, depends_on }) =>
    depends_on.map((from) => {
      const arrow = (place.get(from) ?? Number.NaN) + 1 === place.get(name) ? '==>' : '-->';
      return `  ${ids.get(from) ?? ''} ${arrow} ${ids.get(name) ?? ''}`;
    }),
  );
  const used = new Set(nodes.map(({ status }) => (status in fills ? status : 'Waiting')));
  const classes = [...used].map((status) => `  classDef ${status} ${fills[status] ?? ''}`);
  const thick = critical_path.map((name) => `  style ${ids.get(name) ?? ''} stroke-width:4px`);
  return ['flowchart LR', ...boxes, ...edges, ...classes, ...thick].join('\n');
}
