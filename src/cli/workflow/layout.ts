import * as library from '@dagrejs/dagre';

/** A point of the picture. */
interface Point {
  readonly x: number;
  readonly y: number;
}
interface Graph {
  setGraph(options: Readonly<Record<string, string | number>>): void;
  setDefaultEdgeLabel(label: () => object): void;
  setNode(name: string, size: object): void;
  setEdge(from: string, to: string): void;
  graph(): { readonly width?: number; readonly height?: number };
  node(name: string): Point & { readonly width: number };
  edges(): readonly { readonly v: string; readonly w: string }[];
  edge(edge: object): { readonly points: readonly Point[] };
}
/** The part of dagre that is used; its own types name a module that it does not bring. */
const dagre = library as unknown as { readonly Graph: new () => Graph; readonly layout: (graph: Graph) => void };

/** What is laid out: boxes with their sizes and what each comes after. */
export interface Box {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly after: readonly string[];
}

/** Where everything goes, from left to right: boxes by their middle, edges from the right side of a box to the left side of the next. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Point>;
  readonly edges: readonly { readonly from: string; readonly to: string; readonly points: readonly Point[] }[];
}

/** Lays out a graph, layer by layer, with `margin` around it. */
export function layoutBoxes(boxes: readonly Box[], margin: number): Layout {
  const graph = new dagre.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 22, ranksep: 56, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name, width, height } of boxes) graph.setNode(name, { width, height });
  for (const { name, after } of boxes) for (const from of after) graph.setEdge(from, name);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    boxes: new Map(boxes.map(({ name }) => [name, graph.node(name)])),
    edges: graph.edges().map((edge) => {
      const [from, to] = [graph.node(edge.v), graph.node(edge.w)];
      const begin = { x: from.x + from.width / 2, y: from.y };
      const end = { x: to.x - to.width / 2, y: to.y };
      // A single corner lies between two layers that follow each other, where a curve needs none.
      const corners = graph.edge(edge).points.slice(1, -1);
      return { from: edge.v, to: edge.w, points: [begin, ...(corners.length === 1 ? [] : corners), end] };
    }),
  };
}
