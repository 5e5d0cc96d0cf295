/** An agent of the example's fleet, as it registers. */
export interface FleetAgent {
  readonly id: string;
  readonly type: string;
  readonly capabilities: readonly string[];
  readonly slots: number;
}

/**
 * Twelve agents that together can do everything a review asks for. What is asked for often (TypeScript, secrets,
 * documents) is offered by several, so that one lost agent slows the review and never stops it.
 */
export const reviewFleet: readonly FleetAgent[] = [
  { id: 'scout-1', type: 'scout', capabilities: ['scan', 'secrets', 'config'], slots: 2 },
  { id: 'scout-2', type: 'scout', capabilities: ['scan', 'secrets', 'docs'], slots: 2 },
  { id: 'analyst-web-1', type: 'analyst', capabilities: ['code:typescript', 'code:web'], slots: 4 },
  { id: 'analyst-web-2', type: 'analyst', capabilities: ['code:typescript', 'code:web', 'config'], slots: 4 },
  { id: 'analyst-web-3', type: 'analyst', capabilities: ['code:typescript', 'code:shell'], slots: 4 },
  { id: 'analyst-python', type: 'analyst', capabilities: ['code:python', 'code:shell'], slots: 3 },
  { id: 'analyst-native-1', type: 'analyst', capabilities: ['code:go', 'code:c-like', 'code:python'], slots: 3 },
  { id: 'analyst-native-2', type: 'analyst', capabilities: ['code:java', 'code:c-like', 'code:go'], slots: 3 },
  { id: 'librarian', type: 'librarian', capabilities: ['docs', 'config', 'code:java'], slots: 3 },
  { id: 'historian-1', type: 'historian', capabilities: ['git-history', 'secrets'], slots: 2 },
  { id: 'historian-2', type: 'historian', capabilities: ['git-history', 'cross-file', 'report'], slots: 2 },
  { id: 'editor', type: 'editor', capabilities: ['cross-file', 'report'], slots: 2 },
];
